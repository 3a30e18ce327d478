#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl whatif: what it says of other keys is what guests get once they are really set.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

RATE=20000000

# records FILE: some seconds of what is sent now.
records()
{
	dmvlctl record --for 5s "$1" >&2
}

# asks FILE WORD..: the answer is in $out.
asks()
{
	out=$(dmvlctl whatif "$@" --json | tr -d ' \n')
}

# would NAME WHAT: the rate that $out says, of "recorded", "replayed" or "would".
would()
{
	echo "$out" | sed 's/{"domid"/\n&/g' | sed -n "s/.*\"name\":\"$1\".*\"$2\":{\"bytes\":[0-9]*,\"rate\":\([0-9]*\).*/\1/p"
}

# near A B PERMILLE
near()
{
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b > 0 && d <= b * p / 1000) }'
}

# error: by how many thousandths the replay as it was misses the recording.
error()
{
	echo "$out" | sed -n 's/.*"error-permille":\([0-9]*\).*/\1/p'
}

# came BEFORE AFTER WORD..: what was said of keys from the one recording is what the other one has; once it is set.
# A busy machine may keep guests from what is theirs: more recordings are made then.
came()
{
	_n=$((_n + 1))
	records "after$_n.rec" || return 1
	_said=$out
	for _g in g1 g2 g3; do
		out=$_said
		_would=$(would $_g would)
		asks "after$_n.rec" g1 weight=1
		_had=$(would $_g recorded)
		diag "$_g: would have had ${_would:-?}, has ${_had:-?}"
		out=$_said
		near "${_had:-0}" "${_would:-0}" 50 || return 1
	done
}

uplink_setup
back_start --tx-capacity $RATE
ldp g1 1 weight=200
ldp g2 2 weight=200
ldp g3 3 weight=200
talks g1
talks g2
talks g3
sink_start
sends g1 udp -b $((RATE * 3 / 2)) -l 1400
sends g2 udp -b $((RATE * 3 / 2)) -l 1400
sends g3 udp -b $((RATE / 10)) -l 1400
good()
{
	rm -f before.rec
	records before.rec && asks before.rec g1 weight=600 &&
		diag "replayed as it was: $(error) thousandths" && [ "$(error)" -le 30 ]
}
check 'a replay of what was is within 3 % of the recording' wait_for 60 good
diag "$(dmvlctl whatif before.rec g1 weight=600)"
# Three times the weight beside an equal one is half as much again.
replayed=$(would g1 replayed)
check 'a greedy guest would have had more with more weight' near "$(would g1 would)" $((${replayed:-0} * 3 / 2)) 50
check 'who sends little has what it had' near "$(would g3 would)" "$(would g3 recorded)" 30
unlike "$(dmvlctl whatif before.rec g1 weight=600)" '*says little*' 'a replay within 3 % of the recording is trusted'
sed "s/^C $RATE /C $((RATE / 4)) /" before.rec >slow.rec
like "$(dmvlctl whatif slow.rec g1 weight=600)" '*replayed as it was: within * % of the recording, so this says little: *' \
	'a replay that carries a quarter of what was recorded says little'
dmvlctl set g1 weight=600 >&2
check 'set, the weight gives what was said' wait_for 60 came

asks before.rec g1 tx-max=3mbit
check 'a maximum would have held' near "$(would g1 would)" 3000000 30
dmvlctl set g1 weight=200 tx-max=3mbit >&2
check 'set, the maximum gives what was said' wait_for 60 came

asks before.rec g1 tx-max=3mbit g2 tx-min=12mbit
check 'two devices in one question' near "$(would g1 would)" 3000000 30

is "$(dmvlctl whatif before.rec g1 tx-min=19500000 2>&1; echo $?)" \
	'dmvlctl: error: tx-min 19500000: the minima would sum to 19500000, 500000 more than 95 % of the capacity of 20000000
1' 'what attach refuses is refused in its words'
like "$(dmvlctl whatif before.rec g1 tx-min=2mbit tx-max=1mbit 2>&1; echo $?)" '*tx-min*tx-max*2' 'a minimum above the maximum too'
like "$(dmvlctl whatif before.rec g1 rx-max=1mbit 2>&1; echo $?)" '*rx-max: only what guests send is replayed*2' 'what guests receive is not replayed'
like "$(dmvlctl whatif before.rec nosuch weight=1 2>&1; echo $?)" '*"before.rec" has no device 0 of *nosuch*1' 'a device that is not in the recording'
like "$(dmvlctl whatif before.rec g1 weight=1 g2/7 weight=1 2>&1; echo $?)" '*"before.rec" has no device 7 of *g2*1' 'a further device that is not in the recording'
like "$(dmvlctl whatif before.rec g1 weight=1 --uplink nosuch 2>&1; echo $?)" '*"before.rec" has no uplink nosuch*1' 'an uplink that is not'
like "$(dmvlctl whatif before.rec g1 g2 weight=1 2>&1; echo $?)" '*g1: expected KEY=VALUE behind it*2' 'a device without keys'
like "$(dmvlctl whatif before.rec g1 weight=1 --until 2001-01-01 2>&1; echo $?)" '*nothing is recorded of that time*1' 'a time without intervals'
is "$(dmvlctl whatif before.rec g1 weigth=1 2>&1; echo $?)" \
	'dmvlctl: error: key "weigth": expected weight, tx-min, tx-max or group
2' 'a key that does not exist: those that do are named'
like "$(dmvlctl whatif before.rec g1 mac=x 2>&1; echo $?)" '*key "mac": expected weight, *2' 'a key that is not replayed, before its value'
like "$(dmvlctl whatif before.rec g1 weight=1 1 weight=2 2>&1; echo $?)" '*1: named twice: give all keys*2' 'a device that is named twice'
mkfifo pipe
like "$(dmvlctl whatif pipe g1 weight=1 2>&1; echo $?)" '*"pipe" is no regular file*1' 'a pipe'
{ cat before.rec && printf 'F 0 t x\nT 0 1'; } >damaged.rec
like "$(dmvlctl whatif damaged.rec g1 weight=1 2>&1)" '*warning: "damaged.rec": lines that are damaged and left out: 1*only what guests send*' \
	'damage is told, and the rest is replayed'
back_stop
asked=$(XENSTORED_PATH=/nowhere dmvlctl whatif before.rec g1 weight=600 2>&1)
is "$asked" "$(dmvlctl whatif before.rec g1 weight=600)" 'neither a daemon nor xenstored is asked'
like "$asked" '*\*g1/0 *' 'the answer names the device'
done_testing
