#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a gigabyte costs the CPU: of a guest without an agent whose vif is in a bridge with HTB on the port;
# of the same guest with via=vif; of a guest with an agent. In turn, TCP, each paced to AGENTLESS_RATE.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/xensim/vif.sh
. "$SUITE_TOP/tests/xensim/vif.sh"
# shellcheck source=tests/bench/lib-cost.sh
. "$SUITE_TOP/tests/bench/lib-cost.sh"

rate=$AGENTLESS_RATE

both_ways()
{
	measure "$1.out_of_the_guest" "$2" world 10.77.0.1 $((rate / 2))
	measure "$1.into_the_guest" world "$2" "$3" $((rate / 2))
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
		metric "$(echo "$way" | tr _ ' ')" "$subject" cpu_per_GB "$(median 1 "$subject.$way.out")" s
	done
done
ok "what a gigabyte costs was measured $AGENTLESS_ROUNDS times"
done_testing
