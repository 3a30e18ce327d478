#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Thirty guests at one backend, and agents killed thirty times: nothing is left behind. With more of
# both, and how long it takes: make bench-attach. Fewer under valgrind, in which a program takes seconds
# to begin.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: thirty guests are too many for an emulated machine'
# shellcheck source=tests/hostile/many.sh
. "$SUITE_TOP/tests/hostile/many.sh"

many=30 times=15
[ "${VALGRIND:-}" != 1 ] || many=6 times=3
guests=
for i in $(seq $many); do
	guest_create "m$i"
	guests="$guests m$i"
done
uplink_setup
back_start --log-level info
# shellcheck disable=SC2086
{
	many_agents $guests
	check 'all are attached' many_attach $guests
	check 'all connect' wait_for 100 all_connected $many
	is "$(grep -c '/0: connected' back.1.log)" $many 'each once'
}

d1=$(guest_domid g1) d2=$(guest_domid g2)
dmvlctl attach g1 >&2
dmvlctl attach g2 >&2
check 'a first time' cycle g1 "$d1"
check 'a first time, the other' cycle g2 "$d2"
check 'both are offered again' wait_for 10 key_is "$(be g1)/state" 2
wait_for 10 key_is "$(be g2)/state" 2
holdings >before
cycles $times g1 "$d1" &
one=$!
cycles $times g2 "$d2" &
two=$!
check 'killed and attached anew, many times' wait $one
check 'and again' wait $two
check 'dmvl-back, xenstore and the hypervisor hold as much as before' wait_for 10 as_before
is "$(count_connected)" $many 'all the others are still connected'
back_stop
is $? 0 'dmvl-back ends well'
is "$(count_closed)" $many 'and says of each device that it is closed'
done_testing
