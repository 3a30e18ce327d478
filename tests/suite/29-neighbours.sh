#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Other ports of the uplink's bridge: one that stands still, as the vif of a paused guest, stops nobody.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# dropped NAME: for wait_for. Frames of a guest found no room at a neighbour's port.
dropped()
{
	kill -USR1 "$back"
	grep -q "$(guest_domid "$1")/0: tx frames.* neighbour-full=[1-9]" "$_log"
}

uplink_setup
neighbour_setup
back_start --tx-capacity "$SUITE_RATE"
ldps 'g1 1' 'g2 2'
talks g1
talks g2
check 'a guest pings a neighbour in the bridge' wait_for 30 guest g2 "ping -c 1 -W 2 $slow"
check 'a neighbour in the bridge pings a guest' wait_for 30 ip netns exec slow ping -c 1 -W 2 10.77.1.2
tc qdisc add dev slow0 root tbf rate 8kbit burst 1600 limit 4000000

sink_start
flow1=$(guest_bg g1 "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -b $((SUITE_RATE * 3 / 2)) -l 1400")
check 'a guest sends to the world' wait_for 60 ticks_pass sink.out 0 1 2
flow2=$(guest_bg g2 "exec dmvl-flow udp $slow 5003 -w 900 -b $((SUITE_RATE / 4)) -l 1400")
check 'frames without room at a slow port are counted as neighbour-full' wait_for 60 dropped g2
check 'a guest goes on sending while another floods a slow port' \
	wait_for 60 ticks_pass sink.out "$(tick sink.out)" 1 6
check 'the guest that floods a slow port still pings the world' wait_for 60 guest g2 'ping -c 1 -W 5 10.77.0.1'
guest g1 "kill $flow1"
guest g2 "kill $flow2"
back_stop

# A TAP that somebody created with one queue serves too, and dmvl-back says what that means.
ip tuntap add dmvl-up mode tap
back_start --tx-capacity "$SUITE_RATE"
check 'a TAP with one queue is named with what to do' grep -q 'TAP dmvl-up has one queue.*multi_queue' "$_log"
check 'a guest connects over a TAP with one queue' wait_for 60 connected g1
check 'a guest pings the world over a TAP with one queue' talks g1
back_stop
ip link del dmvl-up
ip link del slow0
ip netns del slow
done_testing
