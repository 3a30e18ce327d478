#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Weights 1:2:4, each guest offering more than the uplink carries: TCP, of one flow or many.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# A sender must be able to fill its part also where a round trip takes long, as in an emulator on a slow machine.
SUITE_WINDOW='-B 65536'

senders_124 tcp
settle 3
wire_shares 'TCP senders of weights 1:2:4 share by weight' 8 g1=1 g2=2 g3=4

xenstore-write "$(be g3)/weight" 100
settle 3
wire_shares 'TCP senders share 1:2:1 when a weight changes live' 8 g1=1 g2=2 g3=1

# More connections do not buy more.
for i in 1 2 3; do
	sends g1 tcp
done
settle 3
wire_shares 'a TCP sender of four flows gets no more than its weight' 8 g1=1 g2=2 g3=1
back_stop
done_testing
