#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# xl keeps the dead domain of a guest under another name, and builds the guest again beside it; then a reboot.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xl is the subject; 65-kept.sh plays it'

uuid=6fa459ea-ee8a-3ca4-894e-db77e160355e

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
kept_guest k1 "uuid=\"$uuid\"" 'on_crash="rename-restart"' 'on_reboot="restart"'

old=$(guest_domid k1)
check 'rename-restart: k1 is built again as another domain' guest_again k1 crash
check 'rename-restart: the device comes back' wait_for 60 xenstore-exists "$(be k1)/state"
check 'rename-restart: the device has all that was set' kept_whole k1
check 'rename-restart: the dead domain has no device' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
check 'rename-restart: the dead domain is still there' xl list "$old"
agent_start k1
check 'rename-restart: k1 connects' wait_for 60 connected k1
xl destroy "$old" >&2

old=$(guest_domid k1)
check 'reboot: k1 is built again as another domain' guest_again k1 reboot
check 'reboot: the device comes back' wait_for 60 xenstore-exists "$(be k1)/state"
check 'reboot: the device has all that was set' kept_whole k1
agent_start k1
check 'reboot: k1 connects' wait_for 60 connected k1
check 'reboot: no node of the old domain stays' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
check 'no zombie stays' wait_for 20 no_zombies
back_stop
done_testing
