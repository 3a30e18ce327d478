#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A bridge with spanning tree: guests wait for it to forward, and a service manager keeps the TAP over a
# restart of dmvl-back, so that they need not wait again.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

carrier()
{
	[ "$(guest g1 cat /sys/class/net/dmvl0/carrier 2>/dev/null)" = "$1" ]
}

says()
{
	wait_for 30 key_like "$uplink/error" "$1"
}

more_starts()
{
	[ "$(grep -c 'version .*: uplink' keeper.log)" -gt "$starts" ]
}

uplink_setup
ip link set xenbr0 type bridge stp_state 1 forward_delay 200
dmvl-keeper "$PWD/notify" dmvl-back --log-level debug --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 10gbit 2>keeper.log &
back=$!
check 'the error says that spanning tree does not forward yet' says '*does not forward frames of dmvl-up yet*'
dmvlctl attach g1 >&2
agent_start g1
check 'g1 connects while the bridge does not forward' wait_for 60 connected g1
guest_net g1 1 >&2
check 'g1 has no carrier while the bridge does not forward' wait_for 30 carrier 0
check 'the error clears when the bridge forwards' says ''
check 'g1 has a carrier when the bridge forwards' wait_for 30 carrier 1
check 'g1 pings the world when the bridge forwards' talks g1
index=$(cat /sys/class/net/dmvl-up/ifindex)
starts=$(grep -c 'version .*: uplink' keeper.log)
kill -HUP "$back"
check 'dmvl-back is started again' wait_for 30 more_starts
is "$(cat /sys/class/net/dmvl-up/ifindex) $(cat /sys/class/net/dmvl-up/brport/state)" "$index 3" \
	'the TAP stays and forwards over a restart where its descriptor is kept'
check 'g1 connects after the restart' wait_for 60 connected g1
check 'g1 pings the world after the restart' talks g1
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file reaches g1 whole on the kept TAP' pipe_wait world g1 5001
kill "$back"
wait "$back"
is $? 0 'dmvl-back on a kept TAP ends with status 0 on SIGTERM'
done_testing
