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

# For wait_for: the log tells of a connection after the key state does.
many_logged()
{
	[ "$(grep -c '/0: connected' back.1.log)" -ge $many ]
}

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
	check "$many guests are attached" many_attach $guests
	check "$many attached guests connect" wait_for 100 all_connected $many
	wait_for 10 many_logged
	is "$(grep -c '/0: connected' back.1.log)" $many "each of $many guests connects once"
}

d1=$(guest_domid g1) d2=$(guest_domid g2)
dmvlctl attach g1 >&2
dmvlctl attach g2 >&2
check 'the agent of g1 connects and is killed a first time' cycle g1 "$d1"
check 'the agent of g2 connects and is killed a first time' cycle g2 "$d2"
check 'g1 is offered a connection after its agent was killed' wait_for 10 key_is "$(be g1)/state" 2
wait_for 10 key_is "$(be g2)/state" 2
holdings >before
cycles $times g1 "$d1" &
one=$!
cycles $times g2 "$d2" &
two=$!
check "the agent of g1 connects and is killed $times times more" wait $one
check "the agent of g2 connects and is killed $times times more" wait $two
check 'dmvl-back, xenstore and the hypervisor hold as much as before' wait_for 10 as_before
is "$(count_connected)" $many "$many other guests stay connected"
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
is "$(count_closed)" $many "dmvl-back closes each of $many devices at its end"
done_testing
