#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The rate that is announced is what the guest gets when it then sends, or is sent, all it can.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'an emulated guest is too slow to send what a link carries'

# shellcheck source=tests/suite/lib-outlook.sh
. "$(dirname "$SUITE_LIB")/lib-outlook.sh"

outlook_setup

keeps tx 1000 'idle neighbours'

load g2 10.77.0.1 $((RATE / 4))
keeps tx 743 'a light neighbour'

load g2 10.77.0.1 $((RATE * 2))
keeps tx 500 'a heavy neighbour'

dmvlctl set g1 weight=100 >&2
dmvlctl set g2 weight=300 >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE / 5))
keeps tx 198 'unequal weights, and a light neighbour'
plain

dmvlctl set g1 tx-max=$((RATE / 5)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 200 'a maximum below its share'
plain

dmvlctl set g2 tx-max=$((RATE / 4)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 750 "a neighbour's maximum"
plain

dmvlctl set g1 tx-min=$((RATE * 6 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE * 2))
keeps tx 600 'a minimum above its share'
plain

dmvlctl set g2 tx-min=$((RATE * 6 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 400 "a neighbour's minimum"
dmvlctl set g2 tx-min=$((RATE * 6 / 10)) >&2
keeps tx 1000 "the minimum of a neighbour that is idle"
plain

dmvlctl set g1 group=a >&2
dmvlctl set g2 group=a weight=768 >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE * 2))
keeps tx 125 'a group beside another guest'
dmvlctl group a tx-max=$((RATE * 4 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 100 "a group's maximum"
dmvlctl group a --remove >&2
plain

load g2 10.77.1.3 $((RATE * 2))
keeps tx 1000 'neighbours that send to each other'

# Nothing is announced without a connection.
check 'rates are announced while the device is connected' xenstore-exists "$(be g1)/tx-rate"
agent_kill 15 g1
check 'the transmit rate is no longer announced when the agent has ended' wait_for 30 no_node "$(be g1)/tx-rate"
check 'the receive rate is no longer announced when the agent has ended' wait_for 30 no_node "$(be g1)/rx-rate"
check 'rates of another device are announced' xenstore-exists "$(be g3)/tx-rate"
back_stop
is $? 0 'dmvl-back ends with status 0'
check 'rates are not announced when dmvl-back has ended' no_node "$(be g3)/tx-rate"
done_testing
