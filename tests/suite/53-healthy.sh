#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A healthy host with sixteen guests, while others come, go and are changed: dmvlctl check finds nothing.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

: "${CHURN:=60}"

guests='g1 g2 g3 g4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16'

# step N: one change of the host.
step()
{
	case $(($1 % 6)) in
	0) guest_create "c$1" && dmvlctl attach "c$1" && agent_start "c$1" && last=c$1 ;;
	1) dmvlctl set g1 weight=$((100 + $1)) tx-max="$((10 + $1))mbit" ;;
	2) agent_kill TERM g2 && wait_for 30 agent_gone g2 && agent_start g2 ;;
	3) dmvlctl group acme weight=$((100 + $1)) && dmvlctl set g3 group=acme ;;
	4) guest_destroy "$last" ;;
	5) dmvlctl detach s16 --timeout 60s && dmvlctl attach s16 weight=$((100 + $1)) ;;
	esac >&2
}

churn()
{
	_n=0
	while [ $_n -lt "$CHURN" ]; do
		step $_n || echo "step $_n failed" >>churn.failed
		_n=$((_n + 1))
		echo $_n >churn.done
	done
}

all_connected()
{
	for _guest in $guests; do
		connected "$_guest" || return 1
	done
}

uplink_setup
back_start
for guest in $guests; do
	case $guest in
	s*) guest_create "$guest" >&2 || bail "guest $guest" ;;
	esac
	dmvlctl attach "$guest" >&2 || bail "attach $guest"
	agent_start "$guest"
done
check 'sixteen guests are connected' wait_for 120 all_connected
check 'dmvlctl check finds nothing among sixteen guests' dmvlctl check

churn &
churner=$!
looks=0 findings=0
: >found.all
while ! ended $churner; do
	dmvlctl check >found 2>&1 || findings=$((findings + 1))
	cat found >>found.all
	looks=$((looks + 1))
done
wait $churner
is "$(cat churn.done)" "$CHURN" 'the host was changed as often as it should be'
check 'each change of the host succeeded' test ! -e churn.failed
diag "$looks looks during $CHURN changes"
between $looks 3 100000 'dmvlctl check looked several times during the changes'
is "$(cat found.all)" '' 'dmvlctl check finds nothing while guests come, go and are changed'
is $findings 0 'each of these looks ends with status 0'
check 'sixteen guests are connected at the end' wait_for 120 all_connected
check 'dmvlctl check finds nothing at the end' dmvlctl check
back_stop
done_testing
