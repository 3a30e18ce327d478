#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Outages in guests, and what a guest says of itself: dmvlctl check finds each, as in 53-outages.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

outages_setup

victim=g3
dmvlctl attach g3 >&2
outage 'a guest without an agent' 'g3/0: no agent has come in the guest for'
check 'g3 connects when its agent was started' wait_for 60 connected g3
agent_kill KILL g3
outage 'an agent that was killed' 'g3/0: the guest.s agent died'
agent_kill TERM g3
wait_for 30 agent_gone g3
xensim limit "$(guest_domid g3)" 1
outage 'an agent that has ended' "g3/0: the guest's agent ended [0-9]* s ago" \
	'xensim limit "$(guest_domid g3)" 8192'
# still TEST MICROSECONDS: what dmvl-back knows of the agent of g3.
still()
{
	test "$(dmvlctl stat g3 --json | tr -d ' \n' | sed -n 's/.*"agent-still":\([0-9]*\).*/\1/p')" "$@"
}
# broadcasts: the world asks for an address that nobody has, until it gives up: three times in three seconds.
broadcasts()
{
	world ping -c 1 -W 5 10.77.9.9 >&2
	true
}
check 'g3 is connected' wait_for 60 connected g3
in-guest g3 ip link set dmvl0 down
agent_kill STOP g3
broadcasts
outage 'an agent that a signal stopped' "g3/0: the guest's agent stands still: frames .* for [0-9]* s"
check 'g3 connects after its agent was started again' wait_for 60 connected g3
in-guest g3 ip link set dmvl0 down
broadcasts
agent_kill STOP g3
broadcasts
check 'an agent that leaves its frames is counted' wait_for 30 still -ge 1500000
agent_kill CONT g3
check 'an agent that goes on takes its frames though its interface is down' wait_for 30 still -eq 0
check 'dmvlctl check finds nothing about an agent that goes on' finds_nothing
agent_kill TERM g3
wait_for 30 agent_gone g3
xensim limit "$(guest_domid g3)" 1
agent_start g3
outage 'a guest whose grants are used up' "g3/0: the guest's agent says: no rings: the grant limit"
check 'g3 connects with more grants' wait_for 60 connected g3
check 'the agent takes its error back when it connects' wait_for 30 key_is "$(fe g3)/error" ''

# What a guest writes there is text of a stranger.
in-guest g3 xenstore-write device/dmvl/0/error "$(printf 'a\033[31m\nb')"
check "dmvlctl check quotes a guest's text" wait_for 30 finds 'g3/0: the guest.s agent says: "a\\x1b\[31m\\x0ab"'
in-guest g3 xenstore-write device/dmvl/0/error "$(printf '%0100d' 0)"
check "dmvlctl check does not print a long text of a guest" wait_for 30 finds 'g3/0: .* \(longer than 64 bytes\)'
in-guest g3 xenstore-write device/dmvl/0/error ''
back_stop
done_testing
