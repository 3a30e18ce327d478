#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Credits: who lends to whom, in the log and in words; balances over kill -9; no room for a log.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

says()
{
	dmvlctl log ${3+"$3"} 2>>log.err | grep -q "^[0-9:.]* $1 .* $2$"
}

# The newest balance of a device, as its log has it.
balance()
{
	dmvlctl log --json "$1/0" 2>>log.err |
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
is "$(xenstore-read "$uplink/repayment") $(xenstore-read "$uplink/epoch-us")" '0.5 10000' 'published: repayment and epoch'
log=$(xenstore-read "$uplink/log-path")
like "$log" '*/default.tx.log' 'log-path'
is "$(stat -c %a "$log") $(stat -c %a "${log%.tx.log}.rx.log")" '600 600' 'both logs are for root alone'
is "$(xenstore-read "$uplink/error")" '' 'no error'
ldps 'g1 1 weight=256' 'g2 2 weight=256' 'g3 3 weight=512'
talks g1
talks g2
talks g3
check 'nothing is wrong' dmvlctl check
dmvlctl log --follow >followed 2>followed.err &
follower=$!

# g3 is idle, g1 and g2 want all: half of it is g3's.
sink_start
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'the lender lent to the first' wait_for 60 says 'g3/0 lent' 'to g1/0'
check 'and to the second' wait_for 30 says 'g3/0 lent' 'to g2/0'
check "a device's view has what it borrowed" wait_for 30 says 'g3/0 lent' 'to g1/0' g1/0
dmvlctl log g1/0 2>>log.err | grep 'lent' | grep -qv 'g1/0'
is $? 1 'and nothing of others'
check 'who follows sees it' wait_for 30 followed 'g3/0 lent .* to g1/0'
check 'as JSON, one object a line' sh -c "dmvlctl log --json g3/0 | grep -q '\"type\":\"loan\",\"domain\":\"g3\",.*\"peer-domain\":\"g1\"'"
check 'its balance is above zero' [ "$(balance g3)" -gt 0 ]
check 'the others owe' [ "$(balance g1)" -lt 0 ]
offset=$(xenstore-read "$uplink/log-offset")
check 'log-offset goes on' wait_for 30 sh -c "[ \$(xenstore-read $uplink/log-offset) -gt ${offset:-0} ]"

# Killed: what is owed stays, also while the domain reconnects; shares are as before.
settle 2
shares 'before: 1:1' 5 10.77.1.1=1 10.77.1.2=1
kill -9 "$back"
wait "$back"
dmvlctl check >wrong
is $? 1 'check: status 1 without a daemon'
like "$(cat wrong)" '*default*does not run*' 'which it says'
back_start --tx-capacity "$SUITE_RATE" --repayment 0.5
check 'balances are replayed' grep -q 'default.tx.log: balances replayed' "$_log"
check 'g1 connects' wait_for 60 connected g1
check 'g3 connects' wait_for 60 connected g3
check 'g3 has its balance again' wait_for 30 sh -c \
	"dmvlctl log 2>>log.err | sed '1,/dmvl-back was started/d' | grep 'g3/0 is there with weight 512 and is owed' | grep -qv 'owed 0'"
check 'who follows goes on' wait_for 30 followed_on
settle 2
shares 'after: 1:1, without a step' 5 10.77.1.1=1 10.77.1.2=1

# Another attachment of the same device has nothing.
agent_kill TERM g3
check 'detach' dmvlctl detach g3
ldp g3 3 weight=512
check 'one attached anew begins with nothing' wait_for 30 sh -c \
	"dmvlctl log 2>>log.err | grep 'g3/0 is there with weight 512' | tail -n 1 | grep -q 'is owed 0 bytes'"
kill "$follower"
wait "$follower"
is "$(wc -l <followed.err)" 0 'the follower had nothing to complain of'
back_stop
dmvlctl check >wrong
is $? 1 'check: devices without a daemon'
like "$(cat wrong)" '*default*has ended*' 'which it says'

# A full disk: frames go on, accounts too, and it is said.
mkdir full
if mount -t tmpfs -o size=16k full "$PWD/full" 2>mount.err; then
	back_start --tx-capacity "$SUITE_RATE" --run-dir "$PWD/full"
	is "$(grep -c 'no credit log.*No space left' "$_log")" 1 'a full disk is said once'
	like "$(xenstore-read "$uplink/error")" 'no credit log*No space left*' 'and in error'
	dmvlctl check >wrong
	is $? 1 'check: status 1'
	like "$(cat wrong)" '*uplink default*no credit log*No space left*' 'it says so, too'
	like "$(dmvlctl uplinks)" '*no credit log*' 'and uplinks'
	dmvlctl log 2>err
	is $? 1 'there is no log to be read'
	check 'traffic goes on' wait_for 60 ticks_pass sink.out "$(tick sink.out)" 2 3
	back_stop
	umount "$PWD/full"
else
	skip 'a full disk' "cannot mount: $(cat mount.err)"
fi
done_testing
