#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What the unit of the agent relies on: the interface, kept by the service manager over a restart, and
# an agent that ends when its device stays away.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# front: the agent of g1 under a service manager, which starts it again at SIGHUP.
front()
{
	agent=$(guest_bg g1 "exec dmvl-keeper /run/notify dmvl-front --log-level debug 2>>/run/front.log")
}

# logs COUNT PATTERN: g1 has logged at least COUNT such lines.
logs()
{
	[ "$(guest g1 "grep -c '$2' /run/front.log")" -ge "$1" ]
}

index()
{
	guest g1 cat /sys/class/net/dmvl0/ifindex
}

no_agent()
{
	! guest g1 "kill -0 $agent" 2>/dev/null
}

uplink_setup
back_start
guest g1 'rm -f /run/front.log'
dmvlctl attach g1 >&2
front
check 'g1 connects by an agent under a service manager' wait_for 60 connected g1
guest_net g1 1 >&2
check 'g1 pings the world' talks g1
pipe_start world g1 10.77.1.1 5001 1000000 "-b $SUITE_RATE"
check 'a TCP file to g1 is under way' wait_for 60 pipe_past g1 5001 50000
was=$(index)
guest g1 "kill -HUP $agent"
check 'the agent is started again' wait_for 30 logs 2 'dmvl0 created'
check 'g1 connects after the restart of its agent' wait_for 60 connected g1
is "$(index)" "$was" 'the interface of g1 stays over an orderly restart of its agent'
check 'a TCP file that is under way arrives whole' pipe_wait world g1 5001
check 'g1 has its address after the restart' talks g1

guest g1 "kill $agent"
check 'the agent ends' wait_for 30 no_agent
check 'the interface goes with the service manager' guest g1 '[ ! -e /sys/class/net/dmvl0 ]'

guest g1 'rm -f /run/front.log'
agent_start g1 --absent-limit 60s
check 'g1 connects by an agent with a limit' wait_for 60 connected g1
dmvlctl detach g1 >&2
check 'the agent sees that its device is away' wait_for 30 logs 1 'own 0 peer'
dmvlctl attach g1 >&2
check 'an agent whose device is soon back connects' wait_for 60 connected g1
guest g1 "kill $agent"
check 'the agent with a limit ends on SIGTERM' wait_for 30 no_agent

agent_start g1 --absent-limit 300ms
check 'an agent whose device is there is not ended by its limit' wait_for 60 connected g1
dmvlctl detach g1 >&2
check 'the agent whose device stays away ends' wait_for 30 no_agent
check 'the agent says why it ends' logs 1 'device 0 has been away for as long as'
check 'no interface is left of the agent whose device stayed away' guest g1 '[ ! -e /sys/class/net/dmvl0 ]'
agent_start g1 --absent-limit 300ms
check 'an agent whose device never comes ends' wait_for 30 no_agent
back_stop
done_testing
