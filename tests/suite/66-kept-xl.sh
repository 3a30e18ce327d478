#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# What was set for a guest outlives its domain when xl ends it and builds it again.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xl is the subject; 65-kept.sh plays it'

uuid=6fa459ea-ee8a-3ca4-894e-db77e160355e

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
kept_guest k1 "uuid=\"$uuid\"" 'on_crash="restart"' 'on_reboot="restart"' 'on_poweroff="restart"'
is "$(xenstore-read "$(be k1)/guest-uuid")" "$uuid" 'xenstore says whose the device is'

for way in crash poweroff; do
	old=$(guest_domid k1)
	check "$way: k1 is built again as another domain" guest_again k1 $way
	check "$way: the device comes back" wait_for 60 xenstore-exists "$(be k1)/state"
	check "$way: the device has all that was set" kept_whole k1
	agent_start k1
	check "$way: k1 connects" wait_for 60 connected k1
	guest_net k1 9
	check "$way: k1 pings the world" talks k1
	check "$way: no node of the old domain stays" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
	check "$way: no zombie stays" wait_for 20 no_zombies
done

# Destroyed and created while dmvl-back is away.
kill -9 "$back"
wait "$back"
check 'k1 is destroyed and created while dmvl-back is away' guest_again k1
back_start --tx-capacity "$SUITE_RATE"
check 'the device comes back when dmvl-back is started' wait_for 60 xenstore-exists "$(be k1)/state"
check 'the device has all that was set before dmvl-back was away' kept_whole k1
agent_start k1
check 'k1 connects to the dmvl-back that was away' wait_for 60 connected k1
check 'the kernel of k1 does not complain' console_clean k1
back_stop
done_testing
