#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Weights 1:2:4, each guest offering more than the uplink carries: UDP.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

senders_124 udp -b $((SUITE_RATE * 3 / 2)) -l 1400
shares 'UDP senders of weights 1:2:4 share by weight' 6 10.77.1.1=1 10.77.1.2=2 10.77.1.3=4

# Live, by nothing but xenstore.
xenstore-write "$(be g1)/weight" 800
shares 'UDP senders share 8:2:4 when a weight changes live' 6 10.77.1.1=8 10.77.1.2=2 10.77.1.3=4
xenstore-write "$(be g1)/weight" banana
check 'a weight that is no number shows in error' wait_for 30 key_like "$(be g1)/error" '*weight*banana*65535*'
shares 'a weight that is no number leaves the shares at 8:2:4' 6 10.77.1.1=8 10.77.1.2=2 10.77.1.3=4
xenstore-write "$(be g1)/weight" 100
check 'the error of a weight clears when the weight is mended' wait_for 30 key_is "$(be g1)/error" ''
shares 'UDP senders share 1:2:4 when the weight is set back' 6 10.77.1.1=1 10.77.1.2=2 10.77.1.3=4
back_stop
done_testing
