#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The receive rate that is announced is what the guest gets when it is then sent all it can.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'an emulated guest is too slow to get what a link carries'

# shellcheck source=tests/suite/lib-outlook.sh
. "$(dirname "$SUITE_LIB")/lib-outlook.sh"

outlook_setup

keeps rx 1000 'idle neighbours'

world_load 10.77.1.2 $((RATE / 4))
keeps rx 743 'a neighbour that receives little'

dmvlctl set g1 weight=100 >&2
dmvlctl set g2 weight=300 >&2
world_load 10.77.1.2 $((RATE * 2))
keeps rx 250 'unequal weights'
plain

dmvlctl set g1 rx-min=$((RATE * 6 / 10)) >&2
world_load 10.77.1.2 $((RATE * 2))
world_load 10.77.1.3 $((RATE * 2))
keeps rx 600 'a receive minimum above its share'
plain

dmvlctl set g2 rx-min=$((RATE * 6 / 10)) >&2
world_load 10.77.1.2 $((RATE * 2))
keeps rx 400 "a neighbour's receive minimum"
dmvlctl set g2 rx-min=$((RATE * 6 / 10)) >&2
keeps rx 1000 'the receive minimum of a neighbour that is idle'
plain

world_load 10.77.1.2 $((RATE * 2))
keeps rx 500 'a neighbour that receives all it can'

dmvlctl set g1 rx-max=$((RATE * 3 / 10)) >&2
world_load 10.77.1.2 $((RATE / 4))
keeps rx 300 'a receive maximum'
plain
back_stop
done_testing
