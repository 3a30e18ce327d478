#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An uplink whose capacity is measured, with the host's share on: how far are three guests off 1:2:4, and the
# estimate off the link, at 100 Mbit/s and 1 Gbit/s? Alone, and while a fourth guest sends to two neighbours in the
# bridge, one behind 16 kbit/s and one behind 5 Gbit/s. Run by tests/bench/run.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

: "${MEASURED_RATES:=100000000 1000000000}"
rounds=5
window=8 # seconds
SUITE_TICK=0.5
fast=10.77.210.1

metric()
{
	printf '{"bench":"%s","case":"%s","subject":"dmvl","metric":"%s","value":%s,"unit":"1"}\n' \
		"$BENCH" "$1" "$2" "$3" >>"$BENCH_JSON"
}

# fast_setup: a second neighbour, behind 5 Gbit/s.
fast_setup()
{
	ip netns add fast
	ip link add fast0 type veth peer name fast1 netns fast
	ip link set fast0 master xenbr0 up
	ip -n fast link set fast1 up
	ip -n fast addr add $fast/16 dev fast1
	tc qdisc add dev fast0 root tbf rate 5gbit burst 1m limit 4m
}

# estimate: relative error now. The key is a second old at times, the log is not.
estimate_off()
{
	kill -USR1 "$back"
	sed -n 's/.*uplink.* estimate=\([0-9]*\).*/\1/p' "$_log" | tail -n 1 |
		awk -v r="$1" '{ d = $1 / r - 1; printf "%.4f\n", d < 0 ? -d : d }'
}

near()
{
	estimate_off "$1" | awk '{ exit !($1 < 0.05) }'
}

# measure CASE RATE
measure()
{
	check "$1: the estimate is within 5 %" wait_for 30 near "$2"
	: >offs
	for _round in $(seq $rounds); do
		_window $((window * 2)) 10.77.1.1=1 10.77.1.2=2 10.77.1.3=4
		echo "$(tail -n 1 shares.out | cut -d' ' -f2) $(estimate_off "$2")" >>offs
	done
	diag "$1: $(tr '\n' ';' <offs)"
	_share=$(sort -g offs | awk -v n=$rounds 'NR == int((n + 1) / 2) { print $1 }')
	_estimate=$(awk '$2 > w { w = $2 } END { print w + 0 }' offs)
	metric "$1" share_error_median "$_share"
	metric "$1" estimate_error_worst "$_estimate"
	between "$_share" 0 0.01 "$1: the worst share, median of $rounds windows, is within 1 %"
	between "$_estimate" 0 0.05 "$1: the estimate stays within 5 %"
}

# at_rate RATE
at_rate()
{
	_burst=$(($1 / 5000)) # 1.6 ms
	tc qdisc replace dev up0 root tbf rate "$1" burst $_burst limit $((_burst * 20))
	back_run --uplink "$uplink_is"
	ldps 'g1 1 weight=100' 'g2 2 weight=200' 'g3 3 weight=400' 'g4 4 weight=100'
	for _g in g1 g2 g3 g4; do
		talks $_g
		guest $_g 'echo reno >/proc/sys/net/ipv4/tcp_congestion_control'
	done
	wait_for 30 reaches g4 $slow
	wait_for 30 reaches g4 $fast
	sink_start
	# Three connections each: while one of them has lost a segment the others keep the ring filled.
	for _g in g1 g2 g3 g1 g2 g3 g1 g2 g3; do
		sends $_g tcp
	done
	wait_for 60 ticks_pass sink.out 0 3 4
	measure "$1 bit/s" "$1"
	guest_bg g4 "exec dmvl-flow udp $slow 5003 -w 600 -b $(($1 / 20)) -l 1400" >&2
	guest_bg g4 "exec dmvl-flow udp $fast 5003 -w 600 -b $(($1 / 20)) -l 1400" >&2
	measure "$1 bit/s beside a slow and a fast neighbour" "$1"
	for _g in g1 g2 g3 g4; do
		guest $_g 'killall dmvl-flow' >&2
		agent_kill TERM $_g
		dmvlctl detach $_g >&2
	done
	back_stop
	kill "$sink"
	wait "$sink"
}

uplink_setup
sysctl -q -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null
neighbour_setup
tc qdisc add dev slow0 root tbf rate 16kbit burst 1600 limit 4000000
fast_setup
uplink_is=tap:dmvl-up,bridge=xenbr0
for rate in $MEASURED_RATES; do
	at_rate "$rate"
done
done_testing
