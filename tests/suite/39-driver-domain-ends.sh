#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Guests of a driver domain end, and the driver domain does: dmvl-back there learns of it from xenstore, and
# frees what the guests lent it.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
b_boot
check 'dmvl-back starts in a driver domain' b_start
for g in g1 g3; do
	dmvlctl attach -B drv $g >&2
	agent_start $g
done
check 'g1 connects to the driver domain' wait_for 60 b_connected g1
check 'g3 connects to the driver domain' wait_for 60 b_connected g3

guest_net g3 3 >&2
old=$(b_be g3)
check 'a guest of a driver domain is saved' guest_save g3
check 'a guest of a driver domain is restored' guest_restore g3
check 'the nodes of the domain that was saved are removed' wait_for 30 no_node "$old"
check 'the domain that was saved is no zombie' wait_for 30 no_zombies
dmvlctl attach -B drv g3 >&2
check 'g3 connects when Dom0 has attached it after the restore' wait_for 60 b_connected g3
check 'g3 pings the world through the driver domain after the restore' talks g3
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
check 'dmvlctl check finds nothing when the guests are gone' nothing_wrong

# The driver domain itself ends.
dmvlctl attach -B drv g2 >&2
agent_start g2
check 'g2 connects to the driver domain' wait_for 60 b_connected g2
guest_net g2 2 >&2
check 'g2 pings the world through the driver domain' talks g2
old=$B
guest_destroy drv
check 'the driver domain that was destroyed is no zombie' wait_for 30 no_zombies
b_boot
check 'dmvl-back starts in the next driver domain' b_start
check 'Dom0 detaches the device of the driver domain that is gone' dmvlctl detach -B "$old" g2
check 'Dom0 attaches the device to the next driver domain' dmvlctl attach -B drv g2
check 'g2 connects to the next driver domain' wait_for 60 b_connected g2
check 'g2 pings the world through the next driver domain' talks g2
b_stop
done_testing
