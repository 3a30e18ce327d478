#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Weights 1:2:4, and the third has nothing to send for a while: UDP.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

senders_124 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
shares 'UDP senders of weights 1:2:4 share by weight before the third is idle' 6 10.77.1.1=1 10.77.1.2=2 10.77.1.3=4

# The others have all of it, by weight.
agent_kill STOP g3
wait_for 30 sh -c 'tail -n 3 sink.out | grep -q "10.77.1.3 udp 0$"'
shares 'two UDP senders share 1:2 while the third is idle' 5 10.77.1.1=1 10.77.1.2=2
agent_kill CONT g3
shares 'UDP senders share 1:2:4 when the third sends again' 5 10.77.1.1=1 10.77.1.2=2 10.77.1.3=4
back_stop
done_testing
