#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A guest with ten devices, attached one after the other, and their agents then started together: each has rings,
# although the kernel grants only 1024 pages.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

devices='0 1 2 3 4 5 6 7 8 9'

order()
{
	xenstore-read "$(fe g1 "$1")/ring-order"
}

all_connected()
{
	for _d in $devices; do
		connected g1 "$_d" || return 1
	done
}

agent_of()
{
	guest_bg g1 "exec dmvl-front -i $1 --log-level debug 2>>/run/front.$1.log" >>agents
}

uplink_setup
back_start
for i in $devices; do
	dmvlctl attach "g1/$i" >&2
	agent_of "$i"
	check "device $i of a guest connects" wait_for 60 connected g1 "$i"
done
is "$(order 0)" 20 'the first device has the largest rings'
between "$(order 1)" 17 19 'the second device has large rings'

pids=$(tr '\n' ' ' <agents)
guest g1 "kill $pids"
for pid in $pids; do
	wait_for 60 agent_gone g1 "$pid"
done
: >agents
for i in $devices; do
	agent_of "$i"
done
check 'ten devices that begin together connect' wait_for 100 all_connected
back_stop
done_testing
