#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvl-back in a driver domain, which the hypervisor tells nothing and which may not write in guests'
# directories: it serves, and leaves the rest to Dom0. Its card is a vif in Dom0's bridge, behind which the
# world is.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
b_boot
check 'dmvl-back starts in a driver domain' b_start
check 'dmvl-back says that the hypervisor tells it nothing' b_logged 'may not ask the hypervisor'
check 'Dom0 attaches a device that the driver domain serves' dmvlctl attach -B drv g1 weight=100
agent_start g1
check 'g1 connects to the driver domain' wait_for 60 b_connected g1
guest_net g1 1 >&2
check 'g1 pings the world through the driver domain' talks g1
pipe_start g1 world 10.77.0.1 5001 300000
check 'a TCP file from g1 reaches the world whole through the driver domain' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 300000
check 'a TCP file from the world reaches g1 whole through the driver domain' pipe_wait world g1 5001
xenstore-write "$(b_be g1)/weight" banana
check 'a malformed key is named by the driver domain' wait_for 30 key_like "$(b_be g1)/error" '*banana*'
xenstore-write "$(b_be g1)/weight" 200
check 'dmvlctl check finds nothing in the driver domain' nothing_wrong
like "$(dmvlctl list -B drv)" '*g1*connected*200*' 'dmvlctl list in Dom0 shows the device that the driver domain serves'
like "$(guest drv dmvlctl list)" '*connected*200*' 'dmvlctl list in the driver domain shows the device'
check 'dmvlctl set in the driver domain is taken' guest drv "dmvlctl set $(guest_domid g1) weight=300"
is "$(xenstore-read "$(b_be g1)/weight")" 300 'dmvlctl set in the driver domain writes the weight'

# Detached and attached at once, again and again: the daemon may not have looked in between.
again()
{
	detached g1 >&2 && dmvlctl attach -B drv g1 >&2 && wait_for 60 b_connected g1
}
bad=0 cycles=10
[ "$BENCH_DRIVER" != xen ] || cycles=2
for _ in $(seq $cycles); do
	again || { bad=$((bad + 1)); break; }
done
is $bad 0 "g1 is detached from the driver domain and attached again $cycles times"

check 'Dom0 detaches a device of the driver domain' detached g1
check 'the backend directory is gone after the detach' no_node "$(b_be g1)"
check 'the frontend directory is gone after the detach' no_node "$(fe g1)"

# A detach without dmvlctl: what is left to Dom0 costs nothing.
dmvlctl attach -B drv g1 >&2
check 'g1 connects after it was attached again' wait_for 60 b_connected g1
told=$(b_count 'only Dom0 can remove') # dmvlctl may have come later
looked=$(b_count " $(guest_domid g1)/0: back")
xenstore-write "$(b_be g1)/online" 0
b_told()
{
	[ "$(b_count 'only Dom0 can remove')" -gt "$told" ]
}
check 'the driver domain says that Dom0 has to remove the nodes' wait_for 30 b_told
dmvlctl attach -B drv g3 >&2
agent_start g3
check 'g3 connects while the nodes of g1 are left' wait_for 60 b_connected g3
is "$(b_count 'only Dom0 can remove')" $((told + 1)) 'the driver domain says so once'
between "$(($(b_count " $(guest_domid g1)/0: back") - looked))" 1 20 'the driver domain does not look at what it left without end'
check 'Dom0 detaches what was left' detached g1
check 'the backend directory that was left is gone' no_node "$(b_be g1)"
dmvlctl attach -B drv g1 >&2
check 'g1 connects when what was left has been detached' wait_for 60 b_connected g1
guest_net g1 1 >&2
check 'g1 pings the world through the driver domain again' talks g1

b_stop
done_testing
