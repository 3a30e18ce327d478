#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl log: what passed in each second, in few lines, and the names of guests that are gone.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# tells PATTERN [WORDS..]: for wait_for.
tells()
{
	_pattern=$1
	shift
	dmvlctl log "$@" 2>>log.err | grep -q "^[0-9][0-9]:[0-9][0-9]:[0-9][0-9][0-9.]* $_pattern$"
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
check 'guest r3 is created' guest_create r3
ldps 'g1 1 weight=100' 'g2 2 weight=100' 'r3 3 weight=200'
talks g1
talks g2
talks r3
dmvlctl log --follow >followed 2>followed.err &
follower=$!

# r3 is idle, g1 and g2 want everything.
sink_start
sends g1 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
check 'a second says how much r3 lent, and to whom' wait_for 60 tells 'r3/0 lent [0-9,]* bytes in all: [0-9,]* bytes to g[12]/0, [0-9,]* bytes to g[12]/0'
check 'a second says that g1 was limited by its share' wait_for 60 tells 'g1/0 had [0-9.]*[km]bit, limited by its share beside others'
check 'the seconds of one device name it in every line' sh -c "dmvlctl log g1 | grep -v 'dmvl-back was started' | grep -qv g1/0; [ \$? = 1 ]"
lines=$(dmvlctl log 2>>log.err | wc -l)
raw=$(dmvlctl log --raw 2>>log.err | wc -l)
check 'seconds are much shorter than all records' [ "$raw" -gt $((lines * 3)) ]
check 'seconds as JSON have who lent to whom' sh -c "dmvlctl log --json | grep -q '\"type\":\"lent\",\"domain\":\"r3\",.*\"to\":\[{\"domain\":\"g[12]\"'"
check 'seconds as JSON have limits' sh -c "dmvlctl log --json | grep -q '\"type\":\"limited\",\"domain\":\"g1\",.*\"by\":\"share\"'"
check 'records as JSON have limits' sh -c "dmvlctl log --raw --json | grep -q '\"type\":\"limit\",\"domain\":\"g1\",.*\"by\":\"share\"'"

dmvlctl set g1 tx-max=$((SUITE_RATE / 4)) >&2
check 'a second says that g1 was limited by its maximum' wait_for 60 tells 'g1/0 had [0-9.]*[km]bit, limited by its maximum'
dmvlctl set g1 tx-max=0 tx-min=$((SUITE_RATE * 6 / 10)) >&2
check 'a second says that g1 was limited by its minimum' wait_for 60 tells 'g1/0 had [0-9.]*[km]bit, limited by its minimum beside others'
check 'a follower gets the same' wait_for 30 grep -q 'g1/0 had .* limited by its minimum' followed

# What changed at a time: that, and nothing of before.
dmvlctl log --since 1h >all 2>since.err
check 'log says how far it goes back if that is not far enough' grep -q 'the log goes back to 20[0-9-]* [0-9:]*$' since.err
last=$(tail -n 1 all | cut -c1-8)
dmvlctl log --since "$last" >late 2>since.err
is "$(cat since.err)" '' 'log says nothing of its begin if it goes back far enough'
check 'log --since prints what came from then on' [ "$(head -n 1 late | cut -c1-8)" = "$last" ]
dmvlctl log --until "$last" >early 2>>log.err
check 'log --until prints the begin' grep -q 'dmvl-back was started' early
check 'log --until prints nothing of later' sh -c "! grep -q '^$last' early"
is "$(dmvlctl log --follow --until 1s 2>&1 >/dev/null; echo $?)" 'dmvlctl: error: --follow and --until exclude each other
2' 'log --follow takes no end'

dmvlctl set g1 weight=333 >&2
check 'log --changes has a weight once' wait_for 30 sh -c '[ "$(dmvlctl log --changes | grep -c "g1/0 has weight 333$")" = 1 ]'
check 'log --changes has devices that came' sh -c "dmvlctl log --changes --since 1h | grep -q 'g2/0 is there with weight 100'"
check 'log --changes has no loans and no limits' sh -c "! dmvlctl log --changes | grep -q -e lent -e limited -e receiving"
check 'log --changes as JSON has nothing else either' sh -c "dmvlctl log --changes --json | grep -o '\"type\":\"[a-z]*\"' | sort -u | grep -qvE 'attach|weight|restart'; [ \$? = 1 ]"
check 'dmvl-back logs what came into force' grep -q "$(guest_domid g1)/0: in force: weight 333, tx-min [0-9.]*[km]bit, tx-max 0, " "$_log"
dmvlctl detach g2 >&2
check 'a second says that g1 was limited by the link' wait_for 60 tells 'g1/0 had [0-9.]*[km]bit, limited by the link'
check 'a device that is gone is told' tells 'g2/0 is gone.*'
guest_destroy r3
check 'a guest that is gone keeps its name' wait_for 20 tells 'r3/0 lent .*'
is "$(dmvlctl log --raw --interval 1s >/dev/null 2>&1; echo $?)" 2 'log takes no interval'
is "$(dmvlctl list --raw >/dev/null 2>&1; echo $?)" 2 'other commands take no --raw'
kill "$follower"
wait "$follower"
is "$(wc -l <followed.err)" 0 'dmvlctl log --follow prints no error'
back_stop
done_testing
