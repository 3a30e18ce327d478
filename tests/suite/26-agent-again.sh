#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# An agent that is started the moment after another was killed: what that one held is not free yet.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldp g1 1
check 'g1 pings the world' talks g1
for n in 1 2 3; do
	# The old one is stopped, so that it is certain that the new one meets it.
	agent=$(guest_bg g1 "kill -STOP $(cat agent.g1); (until grep -q busy /run/again.$n.log; do :; done; kill -9 $(cat agent.g1)) & exec dmvl-front --log-level debug 2>/run/again.$n.log")
	echo "$agent" >agent.g1
	check "agent $n takes the interface of one that is killed a moment later" wait_for 30 guest g1 "grep -q 'dmvl0 created' /run/again.$n.log"
done
check 'g1 is connected after all' wait_for 60 connected g1
check 'g1 pings the world after all' talks g1

# Somebody keeps it: after a second the agent says so.
guest g1 "dmvl-front 2>/run/held.log"
is $? 2 'an agent whose interface another one keeps ends with status 2'
like "$(guest g1 cat /run/held.log)" '*dmvl0 is in use by another process*' 'it says that another one keeps its interface'
back_stop
done_testing
