#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A guest destroyed while it sends: no zombie, no node, and the others go on.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
check 'guest d1 is created' guest_create d1
ldps 'g1 1' 'd1 9'
talks g1
talks d1
dir=$(be d1)
backs=${dir%/*}
start sink world dmvl-flow sink 5003
guest_bg d1 "exec dmvl-flow udp 10.77.0.1 5003 -w 900 -b $((SUITE_RATE * 2))" >&2
check 'd1 sends UDP to the world' wait_for 30 grep -q '10.77.1.9 udp [1-9]' sink.out
pipe_start g1 world 10.77.0.1 5001 1000000 "-b $((SUITE_RATE / 4))"
check 'g1 has a TCP file under way' wait_for 30 pipe_past world 5001 10000

check 'd1 is destroyed while it sends' guest_destroy d1
check 'a guest destroyed while it sends leaves no zombie' wait_for 20 no_zombies
check 'a guest destroyed while it sends leaves no backend nodes' wait_for 20 no_node "$backs"
check 'the file of g1 arrives whole over the end of d1' pipe_wait g1 world 5001
check 'dmvl-back survives the end of a guest that sends' kill -0 "$back"

# A guest that is destroyed right after its device was attached.
check 'guest d2 is created' guest_create d2
check 'dmvlctl attaches d2, which is then destroyed' dmvlctl attach d2
dir=$(be d2)
guest_destroy d2
check 'a guest destroyed right after attach leaves no backend nodes' wait_for 20 no_node "${dir%/*}"
check 'a guest destroyed right after attach leaves no zombie' wait_for 20 no_zombies

# A guest destroyed while dmvl-back is down: its next start removes what is left of the guest.
check 'guest d3 is created' guest_create d3
ldp d3 8
dir=$(be d3) front=$(fe d3)
kill -9 "$back"
wait "$back"
guest_destroy d3
# The guest's own half of the nodes too: then only the hypervisor knows that the domain is gone.
xenstore-write "$front/state" 4
back_start
check 'dmvl-back removes at its start the backend nodes of a guest that is gone' wait_for 20 no_node "${dir%/*}"
check 'dmvl-back removes at its start the frontend nodes of a guest that is gone' wait_for 20 no_node "$front"
xenstore-rm "${front%/device/*}"
check 'a guest destroyed without dmvl-back leaves no zombie' wait_for 20 no_zombies
check 'g1 connects to a dmvl-back restarted after d3 is gone' wait_for 60 connected g1
check 'g1 pings the world after d3 is gone' talks g1
kill "$started"
back_stop
done_testing
