#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a gigabyte costs the CPU: of a guest without an agent whose vif is in a bridge with HTB on the port;
# of the same guest with via=vif; of a guest with an agent. In turn, TCP, each paced to AGENTLESS_RATE.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/xensim/vif.sh
. "$SUITE_TOP/tests/xensim/vif.sh"

rate=$AGENTLESS_RATE

# cpu: hundredths of a second that all processes of this machine have had, those that have ended too.
cpu()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '{ n += $12 + $13 + ($2 == 1 ? $14 + $15 : 0) } END { print n }'
}

# sink_bytes FILE: how many it has got.
sink_bytes()
{
	awk '$1 != "total" { n += $4 } END { printf "%d\n", n }' "$1"
}

got()
{
	[ "$(sink_bytes sink.out)" -ge "$1" ]
}

# measure CASE FROM TO ADDRESS: seconds of CPU for a gigabyte, into CASE.out.
measure()
{
	if [ "$3" = world ]; then
		start sink world dmvl-flow sink 5001
	else
		start sink guest -t 280 "$3" 'exec dmvl-flow sink 5001'
	fi
	_sink=$started
	if [ "$2" = world ]; then
		world dmvl-flow tcp "$4" 5001 -w 250 >&2 &
		_sender=$!
	else
		_sender=$(guest_bg "$2" "exec dmvl-flow tcp $4 5001 -w 250")
	fi
	wait_for 60 got $((rate / 16)) # slow start is over
	_b0=$(sink_bytes sink.out) _c0=$(cpu)
	wait_for 60 got $((_b0 + rate / 2))
	_b1=$(sink_bytes sink.out) _c1=$(cpu)
	kill "$_sender" "$_sink" 2>/dev/null
	wait "$_sink"
	echo "$((_b1 - _b0)) $((_c1 - _c0))" | awk '{ printf "%.3f\n", $2 / 100 / ($1 / 1e9) }' >>"$1.out"
	diag "$1: $(tail -n 1 "$1.out") s of CPU for a gigabyte"
}

both_ways()
{
	measure "$1.out_of_the_guest" "$2" world 10.77.0.1
	measure "$1.into_the_guest" world "$2" "$3"
}

median()
{
	sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

uplink_setup
# Limits in both directions, for one of two classes, the other one idle.
htb()
{
	for _dev in up0 "$(vif g1)"; do
		tc qdisc add dev "$_dev" root handle 1: htb default 10
		tc class add dev "$_dev" parent 1: classid 1:1 htb rate "$rate" ceil "$rate"
		tc class add dev "$_dev" parent 1:1 classid 1:10 htb rate $((rate / 2)) ceil "$rate"
		tc class add dev "$_dev" parent 1:1 classid 1:20 htb rate $((rate / 2)) ceil "$rate"
	done
}

no_htb()
{
	tc qdisc del dev up0 root
	tc qdisc del dev "$(vif g1)" root
}

vif_plug g1 1
dmvlctl attach g1 via=vif >&2
dmvlctl attach g2 >&2
for _ in $(seq "$AGENTLESS_ROUNDS"); do
	htb
	wait_for 30 reaches g1 10.77.0.1
	both_ways bridge g1 10.77.1.1
	no_htb
	back_start --log-level info --tx-capacity "$rate" --rx-capacity "$rate"
	wait_for 30 agentless g1
	[ -n "$agent" ] || agent_start g2
	wait_for 30 connected g2
	guest_net g2 2 >&2
	talks g1
	both_ways agentless g1 10.77.1.1
	talks g2
	both_ways agent g2 10.77.1.2
	back_stop
done
for way in out_of_the_guest into_the_guest; do
	for subject in bridge agentless agent; do
		metric "$(echo "$way" | tr _ ' ')" "$subject" cpu_per_GB "$(median "$subject.$way.out")" s
	done
done
ok "what a gigabyte costs was measured $AGENTLESS_ROUNDS times"
done_testing
