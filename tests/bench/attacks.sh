#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What frames that are allowed, and as much work as a guest can make of them, do to other guests. g3 does that,
# or sends politely, in turn. At 100 Mbit/s: how far are g1 and g2, which fill the link, off their shares of 1:2? At
# 1 Gbit/s: how much later do frames of g1 arrive, which sends little? g2 has joined the group 239.1.2.3.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

: "${ATTACKS:=smallest uso-group uso-local one-byte one-byte-local broadcast group}"
rounds=5
window=3 # seconds
tick=0.5

polite()
{
	agent_start g3
	wait_for 30 connected g3 || bail 'the polite guest connects'
	guest_net g3 3 >&2
	guest g3 "timeout $((window + 4)) dmvl-flow udp 10.77.0.1 5003 -w 600 -b 20000000 -l 1400 || :" >&2
	agent_kill TERM g3
	wait_for 20 states_are '2 6' g3
}

# act ATTACK|polite: for the window and what is around it.
act()
{
	if [ "$1" = polite ]; then
		polite
	else
		guest g3 "dmvl-hostile -m $1 -t $((window + 5)) -d $(xenstore-read "$(be g2)/mac")" >>hostiles.out
		fresh g3 weight=256 2>>fresh.err
	fi
}

# sends_now: what g3 has sent counts, so the window may begin.
g3_connected()
{
	wait_for 30 connected g3
}

# shares CASE: a line into CASE.out: how far the worse of both is off its share.
shares_of()
{
	act "$2" &
	_act=$!
	g3_connected
	_from=$(awk -v t="$(tick sink.out)" -v i=$tick 'BEGIN { print t + 2 * i }')
	wait_for 60 sh -c "awk '\$1 != \"total\" && \$1 > $_from + $window { found = 1 } END { exit !found }' sink.out"
	awk -v from="$_from" -v to="$_from" -v n=$window '
		$1 != "total" && $1 > from && $1 <= from + n { got[$2] += $4 }
		END {
			a = got["10.77.1.1"]; b = got["10.77.1.2"]
			off = a + b ? a / (a + b) * 3 - 1 : 1
			printf "%.5f\n", off < 0 ? -off : off
		}' sink.out >>"$1.out"
	wait $_act
}

# delay_of CASE: a line into CASE.out: the worst delay of g1 in microseconds.
delay_of()
{
	act "$2" &
	_act=$!
	g3_connected
	start "gap" world chrt -f 1 dmvl-gap recv 5010
	in-guest g1 chrt -f 1 dmvl-gap send 10.77.0.1 5010 -r 500 -w $window 2>/dev/null
	kill "$started"
	wait "$started"
	sed -n 's/.*delay-max=\([0-9]*\).*/\1/p' gap.out >>"$1.out"
	diag "$1: $(cat gap.out)"
	wait $_act
}

# median FILE
median()
{
	sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# differences ATTACK: attack minus polite, round by round.
differences()
{
	paste "delay-$1.out" "delay-polite-$1.out" | awk '{ print $1 - $2 }'
}

setup()
{
	back_start --log-level info --tx-capacity "$1" --rx-capacity "$1"
	for _guest in g1 g2; do
		wait_for 30 connected $_guest
	done
}

uplink_setup
back_start --log-level info --tx-capacity 100mbit --rx-capacity 100mbit
ldps 'g1 1 weight=100' 'g2 2 weight=200'
guest g2 'ip addr add 239.1.2.3/32 dev dmvl0 autojoin' >&2
dmvlctl attach g3 weight=256 >&2
start sink world dmvl-flow sink 5001 -I $tick
sink=$started
f1=$(guest_bg g1 'exec dmvl-flow udp 10.77.0.1 5001 -w 6000 -b 60000000 -l 1400')
f2=$(guest_bg g2 'exec dmvl-flow udp 10.77.0.1 5001 -w 6000 -b 90000000 -l 1400')
check 'both send' wait_for 30 ticks_pass sink.out 0 2 2
for attack in $ATTACKS; do
	for _ in $(seq $rounds); do
		shares_of "share-polite-$attack" polite
		shares_of "share-$attack" "$attack"
	done
	diag "$attack: shares off by $(median "share-$attack.out"), beside a polite guest $(median "share-polite-$attack.out")"
done
guest g1 "kill $f1"
guest g2 "kill $f2"
kill "$sink"
back_stop

setup 1gbit
for attack in $ATTACKS; do
	for _ in $(seq $rounds); do
		delay_of "delay-polite-$attack" polite
		delay_of "delay-$attack" "$attack"
	done
done
check 'dmvl-back lives' kill -0 "$back"
back_stop

for attack in $ATTACKS; do
	differences "$attack" >difference.out
	metric 'g1, g2 1:2' "$attack" share-error-median "$(median "share-$attack.out")" 1
	metric 'g1, g2 1:2' "polite-$attack" share-error-median "$(median "share-polite-$attack.out")" 1
	metric 'light g1' "$attack" added-delay-max-median "$(median difference.out)" us
	between "$(median "share-$attack.out")" 0 0.01 "$attack: the others have their shares within 1 %"
	between "$(median difference.out)" -1000000 2000 "$attack: the worst delay grows by 2 ms at most"
done
done_testing
