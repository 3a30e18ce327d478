#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl admit: says what attach would do with a device, changes nothing, and is right about the rate.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

RATE=10000000

# asks STATUS [WORD..]: its output is in $out, its errors too.
asks()
{
	_status=$1
	shift
	out=$(dmvlctl admit "$@" 2>&1)
	_got=$?
	[ "$_got" = "$_status" ] || diag "dmvlctl admit $*: status $_got: $out"
	[ "$_got" = "$_status" ]
}

# field DIR NAME: of the JSON in $out.
field()
{
	echo "$out" | tr -d ' \n' | sed "s/.*\"$1\":{//; s/}.*//" | tr ',' '\n' | sed -n "s/^\"$2\"://p"
}

# near A B PERMILLE
near()
{
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b > 0 && d <= b * p / 1000) }'
}

# median ADDRESS: bits per second from there, of the sink's last nine seconds. 1400 bytes are 1446 on the wire.
median()
{
	awk -v from="$1" '$1 != "total" && $2 == from { print $4 * 1446 / 1400 * 8 }' sink.out | tail -n 10 | head -n 9 |
		sort -n | sed -n 5p
}

# gets ADDRESS BPS: within 3 %. For wait_for, since a busy machine may keep it from that.
gets()
{
	_bps=$(median "$1")
	near "${_bps:-0}" "$2" 30
}

all_keys()
{
	xenstore-ls -f /local/domain/0/data/dmvl /local/domain/0/backend/dmvl |
		grep -v -e /admitted -e '/groups = ' -e /log-offset -e /credit -e /tx-rate -e /rx-rate -e /estimate
}

uplink_setup
back_start --tx-capacity $RATE
ldp g1 1 weight=200
talks g1
dmvlctl set g1 tx-min=$((RATE * 4 / 10)) || bail 'set a minimum'

all_keys >before.keys
check 'a minimum that fits is admitted' asks 0 tx-min=40%
like "$out" '*default: admitted*tx*minima 8.00mbit of at most 9.*mbit (95 % of 9.50mbit), left for others *if all send: *' 'the answer says what is left and what it would get'
check 'the same in JSON' asks 0 tx-min=40% weight=100 --json
is "$(field tx minima)" $((RATE * 8 / 10)) 'the sum of minima counts the device'
left=$(field tx left)
rate=$(field tx rate)
is "$(field tx rate-by)" '"minimum"' 'its minimum would decide'
check 'what is left is admitted too' asks 0 tx-min=$((RATE * 4 / 10 + left))
check 'one bit more is not' asks 1 tx-min=$((RATE * 4 / 10 + left + 1))
refusal=$(echo "$out" | tr -s '\n ' ' ')
like "$refusal" "*default: not admitted: tx-min $((RATE * 4 / 10 + left + 1)): the minima would sum to *more than 95 % of the capacity of *" 'the refusal says why, and by which rule'
like "$refusal" '*tx minima *of at most 9.*mbit (95 % of 9.50mbit)*' 'what is left is told with the rule for a refusal too'
check 'a refusal in JSON' asks 1 tx-min=99% --json
like "$out" '*"admitted":false*"reason":"tx-min 9900000: the minima would sum to *' 'it has the reason'

dmvlctl group shop tx-min=1mbit >&2
check 'a minimum within the group is admitted' asks 0 group=shop tx-min=300kbit --json
is "$(field tx group-left)" 700000 'the answer says what is left in the group'
check 'a minimum beyond the group is refused' asks 1 group=shop tx-min=1100kbit
like "$(echo "$out" | tr -s '\n ' ' ')" '*the minima in group shop would sum to 1100000, 100000 more*' 'the refusal names the group'
dmvlctl group shop --remove >&2

check 'an unknown uplink is a failure' asks 1 --uplink other tx-min=1mbit
like "$out" '*there is no uplink other*' 'it is named'
check 'the key uplink names the uplink' asks 0 uplink=default weight=5
check 'a key that is none is wrong use' asks 2 tx-mni=1mbit
check 'a percentage of a weight is wrong use' asks 2 weight=40%
like "$out" '*weight "40%": a percentage is for minima and maxima only*' 'it says what a percentage is for'
check 'more than 100 % is wrong use' asks 2 tx-min=101%
check 'a minimum above the maximum is wrong use' asks 2 tx-min=5mbit tx-max=4mbit
check 'the same as percentages is refused' asks 1 tx-min=50% tx-max=40%
check 'a key given twice is wrong use' asks 2 tx-min=1mbit tx-min=2%
check 'no key is wrong use' asks 2
check 'a percentage of a capacity that is not configured is refused' asks 1 rx-min=40%
like "$(echo "$out" | tr -s '\n ' ' ')" '*rx-min 40% is a part of rx-capacity, which is not configured*' 'the refusal says so'

# Many ask at the same time.
for i in 1 2 3 4 5 6 7 8; do
	dmvlctl admit tx-min=${i}00kbit --json >"many.$i" 2>&1 &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || diag "$pid failed"
done
many=
for i in 1 2 3 4 5 6 7 8; do
	out=$(cat "many.$i")
	many="$many $(($(field tx minima) - RATE * 4 / 10))"
done
is "$many" ' 100000 200000 300000 400000 500000 600000 700000 800000' 'each of many that ask at once gets its own answer'

all_keys >after.keys
check 'nothing has changed' diff before.keys after.keys

# It was right: attach does the same, and the device gets that rate.
ldp g2 2 weight=100 tx-min=$((RATE * 4 / 10))
talks g2
is "$(xenstore-read "$(be g2)/error")" '' 'attach admits what admit admits'
start sink world dmvl-flow sink 5001
for g in g1 g2; do
	guest_bg $g "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -l 1400 -b $((RATE * 2))" >&2
done
check 'a device gets within 3 % of what admit has said' wait_for 60 gets 10.77.1.2 "$rate"
diag "announced $rate, got $(median 10.77.1.2)"
dmvlctl detach g2 >&2
dmvlctl attach g2 tx-min=$((RATE * 4 / 10 + left + 1)) >&2
wait_for 20 key_like "$(be g2)/error" 'tx-min*'
like "$refusal" "*$(xenstore-read "$(be g2)/error")*" 'attach refuses what admit refuses, with the same sentence'

back_stop
check 'without dmvl-back nothing is admitted' asks 1 tx-min=1mbit
like "$out" '*default: not admitted: no dmvl-back runs for this uplink*' 'the answer says so'
xenstore-write "$uplink/admit" '0000000000000000 tx-min=1'
back_start --tx-capacity $RATE
check 'a question that was left over is removed' wait_for 20 no_node "$uplink/admit"
check 'then others are answered' asks 0 weight=1
back_stop
done_testing
