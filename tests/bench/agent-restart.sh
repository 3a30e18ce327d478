#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The agent of a guest is started again by systemd, as an upgrade of dmvl-guest has it, AGENT_RESTARTS times under
# a steady stream out of the guest and one into it: how long nothing arrives, and which part of that is whose. Run by
# tests/bench/run.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

[ -x /usr/lib/systemd/systemd ] || skip_all 'there is no systemd here'
boot=$SUITE_TOP/tests/xensim/systemd
unit=dmvl-front@0
rate=500

in_g1()
{
	guest g1 "exec nsenter -t \$(cat /run/sd/pid) -m -p -C env -u LD_PRELOAD -u LD_LIBRARY_PATH $*"
}

booted()
{
	[ "$(in_g1 systemctl is-active multi-user.target 2>/dev/null)" = active ]
}

# count rx|tx: frames of the interface.
count()
{
	guest g1 "cat /sys/class/net/dmvl0/statistics/$1_packets"
}

past()
{
	[ "$(count "$1")" -gt "$2" ]
}

# flows: frames go both ways now.
flows()
{
	talks g1 >&2 && wait_for 30 past tx $(($(count tx) + 20)) && wait_for 30 past rx $(($(count rx) + 20))
}

streams_start()
{
	start "out.$1" world dmvl-gap recv 5010
	out=$started
	start "in.$1" guest -t 600 g1 'echo $$ >/run/in.pid; exec dmvl-gap recv 5011'
	in-guest g1 dmvl-gap send 10.77.0.1 5010 -r $rate -w 600 2>/dev/null &
	sender_out=$!
	world dmvl-gap send 10.77.1.1 5011 -r $rate -w 600 2>/dev/null &
	sender_in=$!
}

streams_end()
{
	kill "$sender_out" "$sender_in"
	wait "$sender_out" "$sender_in"
	kill "$out"
	wait "$out"
	guest g1 'kill $(cat /run/in.pid)'
	wait "$started"
}

# gap_of FILE: the longest gap between two arrivals, in microseconds.
gap_of()
{
	tr ' ' '\n' <"$1" | sed -n 's/^gap-max=//p'
}

# steps: what systemd says of the last restart: the old agent ends, the new one is executed, its interface is there.
steps()
{
	in_g1 systemctl show -p ActiveExitTimestampMonotonic,InactiveEnterTimestampMonotonic,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic $unit |
		awk -F = '{ t[$1] = $2 } END {
			exit_us = t["ActiveExitTimestampMonotonic"]; start = t["ExecMainStartTimestampMonotonic"]
			ended = t["InactiveEnterTimestampMonotonic"]; ready = t["ActiveEnterTimestampMonotonic"]
			print "ends", ended - exit_us
			print "is-executed", start - ended
			print "is-ready", ready - start }'
}

uplink_setup
back_start
guest g1 'mkdir /run/sd'
guest_bg g1 "exec $boot /run/sd" >/dev/null
check 'systemd boots in g1' wait_for 30 booted
dmvlctl attach g1 >&2
in_g1 systemctl start $unit
check 'g1 connects' wait_for 60 connected g1
guest_net g1 1 >&2
check 'g1 pings the world' talks g1
for n in $(seq "$AGENT_RESTARTS"); do
	streams_start "$n"
	check "restart $n: frames go both ways before" flows
	in_g1 systemctl restart $unit
	check "restart $n: g1 connects again" wait_for 60 connected g1
	check "restart $n: frames go both ways after" flows
	streams_end
	{
		echo "gap-out $(gap_of "out.$n.out")"
		echo "gap-in $(gap_of "in.$n.out")"
		steps
	} | tee -a figures | sed 's/^/# /'
done
for name in gap-out gap-in ends is-executed is-ready; do
	sed -n "s/^$name //p" figures | sort -n | awk -v name="$name" '{ v[NR] = $1 / 1000 } END {
		print name "-p50", v[int((NR + 1) / 2)]
		print name "-max", v[NR] }' | while read -r metric value; do
		metric "$AGENT_RESTARTS restarts" 'one guest' "$metric" "$value" ms
	done
done
done_testing
