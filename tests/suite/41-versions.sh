#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A backend and an agent of different releases: they take a version of the protocol that both speak, or say why not.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

says()
{
	guest g1 'cat /run/front.log' | grep -qF "$1"
}

uplink_setup
back_start
check 'dmvlctl attaches g1 before its agent starts' dmvlctl attach g1
check 'the device waits for the agent' wait_for 30 states_are '2 1' g1
is "$(xenstore-read "$(be g1)/protocol-versions")" 1 'the backend says which versions it speaks'

# A backend of a later release, which speaks the earlier version too.
xenstore-write "$(be g1)/protocol-versions" 3,2,1
agent_start g1
check 'the agent connects to a backend that speaks a later version too' wait_for 60 connected g1
is "$(xenstore-read "$(fe g1)/protocol-version")" 1 'the agent takes the version that both speak'
guest_net g1 1
check 'g1 pings the world' talks g1

# A backend of an earlier release, which knows nothing of flagged frames.
agent_kill TERM g1
check 'the agent ends before it comes with flow queues' wait_for 30 agent_gone g1
wait_for 30 states_are '2 6' g1
agent_start g1 --flows 1024
check 'the agent connects with flow queues' wait_for 60 connected g1
check 'the agent takes what the backend offers' key_is "$(fe g1)/feature-sparse" 1
agent_kill TERM g1
check 'the agent ends before an earlier backend comes' wait_for 30 agent_gone g1
wait_for 30 states_are '2 6' g1
xenstore-rm "$(be g1)/feature-sparse"
agent_start g1 --flows 1024
check 'the agent connects to a backend that knows no flags' wait_for 60 connected g1
is "$(xenstore-read "$(fe g1)/feature-sparse")" 0 'the agent flags no frame for that backend'
guest_net g1 1
check 'g1 pings the world without flags' talks g1

# One that does not speak the version any more.
agent_kill TERM g1
check 'the agent ends' wait_for 30 agent_gone g1
wait_for 30 states_are '2 6' g1
xenstore-write "$(be g1)/protocol-versions" 3,2
agent_start g1
check 'the agent says that the backend speaks only later versions' wait_for 30 says 'the backend does not speak protocol version 1'
check 'the agent does not connect to it' states_are '2 1' g1

# An agent of a later release, which chose what this backend does not speak.
agent_kill KILL g1
check 'the agent is gone' wait_for 30 agent_gone g1
guest g1 "xenstore-write device/dmvl/0/protocol-version 2 device/dmvl/0/state 3"
check 'the backend says that the agent wants a later version' wait_for 30 key_like "$(be g1)/error" \
	'the guest wants protocol 2, this backend speaks 1*'
like "$(dmvlctl show g1)" '*the guest wants protocol 2, this backend speaks 1*' 'dmvlctl show has the sentence'
back_stop
done_testing
