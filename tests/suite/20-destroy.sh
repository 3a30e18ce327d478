#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# A guest destroyed while it sends: no zombie, no node, and the others go on.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
check 'make a guest' guest_create d1
ldps 'g1 1' 'd1 9'
talks g1
talks d1
dir=$(be d1)
backs=${dir%/*}
start sink world dmvl-flow sink 5003
guest_bg d1 "exec dmvl-flow udp 10.77.0.1 5003 -w 250 -b $((SUITE_RATE * 2))" >&2
check 'it sends' wait_for 30 grep -q '10.77.1.9 udp [1-9]' sink.out
pipe_start g1 world 10.77.0.1 5001 1000000 "-b $((SUITE_RATE / 4))"
check 'so does another' wait_for 30 pipe_past world 5001 10000

check 'destroy it' guest_destroy d1
check 'no zombie stays' wait_for 20 no_zombies
check 'its nodes are removed' wait_for 20 no_node "$backs"
check 'the file of the other arrives' pipe_wait g1 world 5001
check 'dmvl-back lives' kill -0 "$back"

# A domain that only got its device, and one destroyed while it connects.
check 'make another' guest_create d2
check 'attach' dmvlctl attach d2
dir=$(be d2)
guest_destroy d2
check 'its nodes are removed too' wait_for 20 no_node "${dir%/*}"
check 'no zombie stays' wait_for 20 no_zombies

# While dmvl-back is away: its next start sweeps.
check 'make a third' guest_create d3
ldp d3 8
dir=$(be d3) front=$(fe d3)
kill -9 "$back"
wait "$back"
guest_destroy d3
# Its own half of the nodes too: only the hypervisor knows then that there is no such domain.
xenstore-write "$front/state" 4
back_start
check 'a destroy that it missed is swept at start' wait_for 20 no_node "${dir%/*}"
check 'with all that stood for the guest' wait_for 20 no_node "$front"
xenstore-rm "${front%/device/*}"
check 'no zombie stays' wait_for 20 no_zombies
check 'the others connect again' wait_for 60 connected g1
check 'and talk' talks g1
kill "$started"
back_stop
done_testing
