#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvl-back in a driver domain, which the hypervisor tells nothing and which may not write in guests'
# directories: it serves, learns of guests' ends from xenstore, and leaves the rest to Dom0.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

B=$(guest_domid g2)
b_log=/run/front-back.log # collected like those of agents

b_be()
{
	echo "/local/domain/$B/backend/dmvl/$(guest_domid "$1")/0"
}

b_connected()
{
	key_is "$(b_be "$1")/state" 4 && key_is "$(fe "$1")/state" 4
}

b_logged()
{
	guest g2 "grep -q '$1' $b_log"
}

b_count()
{
	guest g2 "grep -c '$1' $b_log"
}

b_start()
{
	pid=$(guest_bg g2 "exec dmvl-back --uplink tap:dmvl-up,bridge=br0 --tx-capacity 1gbit --log-level debug 2>$b_log")
	wait_for 60 b_logged 'version .*: uplink'
}

b_stop()
{
	guest g2 "kill $pid"
	wait_for 30 sh -c "! guest g2 kill -0 $pid"
}

guest g2 'ip link add br0 type bridge; ip link set br0 up; ip addr add 10.77.0.1/16 dev br0' >&2
# What libxl makes for driver_domain=1.
xenstore-write "/local/domain/$B/backend" ''
xenstore-chmod "/local/domain/$B/backend" "n$B"

check 'dmvl-back starts in a driver domain' b_start
check 'dmvl-back says that the hypervisor tells it nothing' b_logged 'may not ask the hypervisor'
check 'Dom0 attaches a device that the driver domain serves' dmvlctl attach -B "$B" g1 weight=100
agent_start g1
check 'g1 connects to the driver domain' wait_for 60 b_connected g1
guest_net g1 1 >&2
check 'g1 pings the driver domain' wait_for 30 reaches g1 10.77.0.1
xenstore-write "$(b_be g1)/weight" banana
check 'a malformed key is named by the driver domain' wait_for 30 key_like "$(b_be g1)/error" '*banana*'
xenstore-write "$(b_be g1)/weight" 200
check 'dmvlctl check finds nothing in the driver domain' wait_for 30 dmvlctl check -B "$B"

# A detach by Dom0.
check 'Dom0 detaches a device of the driver domain' dmvlctl detach -B "$B" g1
check 'the backend directory is gone after the detach' no_node "$(b_be g1)"
check 'the frontend directory is gone after the detach' no_node "$(fe g1)"
told=$(b_count 'only Dom0 can remove') # dmvlctl may have come later

# A detach without dmvlctl: what is left to Dom0 costs nothing.
dmvlctl attach -B "$B" g1 >&2
check 'g1 connects after it was attached again' wait_for 60 b_connected g1
xenstore-write "$(b_be g1)/online" 0
b_told()
{
	[ "$(b_count 'only Dom0 can remove')" -gt "$told" ]
}
check 'the driver domain says that Dom0 has to remove the nodes' wait_for 30 b_told
dmvlctl attach -B "$B" g3 >&2
agent_start g3
check 'g3 connects while the nodes of g1 are left' wait_for 60 b_connected g3
is "$(b_count 'only Dom0 can remove')" $((told + 1)) 'the driver domain says so once'
between "$(b_count "$(guest_domid g1)/0: back")" 1 40 'the driver domain does not look at what it left without end'
check 'Dom0 detaches what was left' dmvlctl detach -B "$B" g1
check 'the backend directory that was left is gone' no_node "$(b_be g1)"
dmvlctl attach -B "$B" g1 >&2
check 'g1 connects when what was left has been detached' wait_for 60 b_connected g1
guest_net g1 1 >&2
check 'g1 pings the driver domain again' wait_for 30 reaches g1 10.77.0.1

# The end of a guest.
old=$(b_be g3)
guest_save g3
guest_restore g3
check 'the nodes of the domain that was saved are removed' wait_for 30 no_node "$old"
check 'the domain that was saved is no zombie' wait_for 30 no_zombies
dmvlctl attach -B "$B" g3 >&2
check 'g3 connects when Dom0 has attached it after the restore' wait_for 60 b_connected g3
old=$(b_be g1)
guest_destroy g1
check 'the nodes of a guest that was destroyed are removed' wait_for 30 no_node "$old"
check 'the guest that was destroyed is no zombie' wait_for 30 no_zombies

# It ends while the driver domain's daemon is away.
b_stop
old=$(b_be g3)
guest_destroy g3
check 'dmvl-back starts again in the driver domain' b_start
check 'the nodes of a guest that ended meanwhile are removed' wait_for 30 no_node "$old"
check 'dmvlctl check finds nothing when the guests are gone' wait_for 30 dmvlctl check -B "$B"
b_stop
done_testing
