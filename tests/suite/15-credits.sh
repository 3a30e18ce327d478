#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Credits: who lends to whom, in the log and in words; balances over kill -9; a disk too full for a log.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# says WHAT END [DEVICE]: the log, or what DEVICE sees of it, has a line that begins and ends so.
says()
{
	dmvlctl log --raw ${3+"$3"} 2>>log.err | grep -q "^[0-9:.]* $1 .* $2$"
}

# The newest balance of a device, as its log has it.
balance()
{
	dmvlctl log --raw --json "$1/0" 2>>log.err |
		sed -n 's/.*"direction":"tx".*"balance":\(-\{0,1\}[0-9]*\).*/\1/p' | tail -n 1
}

followed()
{
	grep -q "$1" followed
}

# The follower has seen the daemon's second start, and a loan behind it.
followed_on()
{
	awk '/dmvl-back was started$/ { starts++ } / lent / && starts > 1 { found = 1 } END { exit !found }' followed
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE" --repayment 0.5
is "$(xenstore-read "$uplink/repayment") $(xenstore-read "$uplink/epoch-us")" '0.5 10000' 'repayment and epoch are announced for the uplink'
log=$(xenstore-read "$uplink/log-path")
like "$log" '*/default.tx.log' 'log-path names the credit log of the uplink'
is "$(stat -c %a "$log") $(stat -c %a "${log%.tx.log}.rx.log")" '600 600' 'both credit logs are readable by root alone'
is "$(xenstore-read "$uplink/error")" '' 'an uplink with its credit log has no error'
ldps 'g1 1 weight=256' 'g2 2 weight=256' 'g3 3 weight=512'
talks g1
talks g2
talks g3
check 'dmvlctl check finds nothing wrong' dmvlctl check
dmvlctl log --raw --follow >followed 2>followed.err &
follower=$!

# g3 is idle, g1 and g2 want everything: half of it is g3's.
sink_start
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'the log says that g3 lends to g1' wait_for 60 says 'g3/0 lent' 'to g1/0'
check 'the log says that g3 lends to g2' wait_for 30 says 'g3/0 lent' 'to g2/0'
check "dmvlctl log --raw g1/0 has what g1 borrowed" wait_for 30 says 'g3/0 lent' 'to g1/0' g1/0
dmvlctl log --raw g1/0 2>>log.err | grep 'lent' | grep -qv 'g1/0'
is $? 1 'dmvlctl log --raw g1/0 has no loan of others'
check 'dmvlctl log --raw --follow shows the loan' wait_for 30 followed 'g3/0 lent .* to g1/0'
check 'dmvlctl log --raw --json prints a loan as one object a line' sh -c "dmvlctl log --raw --json g3/0 | grep -q '\"type\":\"loan\",\"domain\":\"g3\",.*\"peer-domain\":\"g1\"'"
check 'the balance of the lender is above zero' [ "$(balance g3)" -gt 0 ]
check 'the balance of a borrower is below zero' [ "$(balance g1)" -lt 0 ]
offset=$(xenstore-read "$uplink/log-offset")
check 'log-offset grows while loans are made' wait_for 30 sh -c "[ \$(xenstore-read $uplink/log-offset) -gt ${offset:-0} ]"

# g1 and g3 are one tenant, of g2's weight: g3 lends to nobody else.
check 'g1 joins a group' dmvlctl set g1/0 group=acme
check 'g3 joins a group' dmvlctl set g3/0 group=acme
number=$(wait_for 20 key_like "$(be g3)/group-number" '[1-9]*' && xenstore-read "$(be g3)/group-number")
check 'the log says that g3 is in a group' wait_for 20 says 'g3/0 is' "group $number" g3/0
check 'the log says which weight the group has' wait_for 20 says "group $number" 'weight 256'
check 'the log says that g3 lends to g1 inside the group' wait_for 30 says 'g3/0 lent' "to g1/0 inside group $number"
check 'dmvlctl log --raw --json names the group of a loan inside it' wait_for 10 sh -c \
	"dmvlctl log --raw --json g1/0 2>>log.err | grep '\"type\":\"borrow\"' | grep -q '\"group\":$number,'"

# After kill -9 balances stay, also while the domain connects again, and shares are as before.
settle 2
shares 'before kill -9 of dmvl-back g1 and g2 share 1:1' 5 10.77.1.1=1 10.77.1.2=1
kill -9 "$back"
wait "$back"
dmvlctl check >wrong
is $? 1 'dmvlctl check ends with status 1 after kill -9 of dmvl-back'
like "$(cat wrong)" '*default*does not run*' 'dmvlctl check says that dmvl-back does not run after kill -9'
back_start --tx-capacity "$SUITE_RATE" --repayment 0.5
check 'a restarted dmvl-back replays the balances' grep -q 'default.tx.log: balances replayed' "$_log"
check 'g1 connects after kill -9 of dmvl-back' wait_for 60 connected g1
check 'g3 connects after kill -9 of dmvl-back' wait_for 60 connected g3
check 'g3 has its balance again after kill -9 of dmvl-back' wait_for 30 sh -c \
	"dmvlctl log --raw 2>>log.err | sed '1,/dmvl-back was started/d' | grep 'g3/0 is there with weight 512 and is owed' | grep -qv 'owed 0'"
check 'the log has the group of g3 again after kill -9 of dmvl-back' wait_for 30 sh -c \
	"dmvlctl log --raw 2>>log.err | sed '1,/dmvl-back was started/d' | grep -q 'g3/0 is in group [1-9]'"
check 'dmvlctl log --raw --follow goes on over a restart of dmvl-back' wait_for 30 followed_on
settle 2
shares 'after kill -9 of dmvl-back g1 and g2 share 1:1 without a step' 5 10.77.1.1=1 10.77.1.2=1

# A device attached again begins without its balance.
agent_kill TERM g3
check 'SIGTERM ends the agent of g3' wait_for 20 agent_gone g3
check 'dmvlctl detaches g3, the lender' dmvlctl detach g3
ldp g3 3 weight=512
check 'a device attached again begins with a balance of zero' wait_for 30 sh -c \
	"dmvlctl log --raw 2>>log.err | grep 'g3/0 is there with weight 512' | tail -n 1 | grep -q 'is owed 0 bytes'"
kill "$follower"
wait "$follower"
is "$(wc -l <followed.err)" 0 'dmvlctl log --raw --follow prints no error'
back_stop
dmvlctl check >wrong
is $? 1 'dmvlctl check ends with status 1 when dmvl-back ended with devices attached'
like "$(cat wrong)" '*default*has ended*' 'dmvlctl check says that dmvl-back has ended'

# On a full disk frames and accounts go on, and the operator is told.
mkdir full
if mount -t tmpfs -o size=16k full "$PWD/full" 2>mount.err; then
	back_start --tx-capacity "$SUITE_RATE" --run-dir "$PWD/full"
	check 'a full disk shows in the error of the uplink' wait_for 30 key_like "$uplink/error" 'no credit log*No space left*'
	is "$(grep -c 'no credit log.*No space left' "$_log")" 1 'a full disk is logged once'
	dmvlctl check >wrong
	is $? 1 'dmvlctl check ends with status 1 on a full disk'
	like "$(cat wrong)" '*uplink default*no credit log*No space left*' 'dmvlctl check says that a full disk leaves no credit log'
	like "$(dmvlctl uplinks)" '*no credit log*' 'dmvlctl uplinks says that a full disk leaves no credit log'
	dmvlctl log --raw 2>err
	is $? 1 'dmvlctl log --raw ends with status 1 without a credit log'
	check 'traffic goes on without a credit log' wait_for 60 ticks_pass sink.out "$(tick sink.out)" 2 3
	back_stop
	umount "$PWD/full"
else
	skip "cannot mount a file system: $(cat mount.err)" 'traffic goes on without a credit log'
fi
done_testing
