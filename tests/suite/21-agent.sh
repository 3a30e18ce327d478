#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The guest's agent: killed, restarted, ended; its TCP connections live on where the address does.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1 weight=300' 'g2 2'
talks g1
mac=$(mac g1 dmvl0)

# A thread chooses its policy while it runs: frames must come. It is the first of the agent's.
realtime()
{
	reaches g1 10.77.1.2
	guest g1 "awk '{ print \$41 }' /proc/$agent/task/*/stat" | tr '\n' ' ' | grep -qxE '2( 0)+ '
}
if guest g1 'grep -q "no real-time priority" /run/front.log'; then
	skip 'not permitted here' 'the frames of an idle agent are real-time, its settings are not'
else
	check 'the frames of an idle agent are real-time, its settings are not' wait_for 30 realtime
fi

pipe_start world g2 10.77.1.2 5001 1000000 '-b 4000000'
agent_kill 9 g1
check 'the backend notices kill -9 of the agent' wait_for 30 sh -c "[ \"\$(xenstore-read $(be g1)/state)\" != 4 ]"
is "$(xenstore-read "$(be g1)/weight")" 300 'kill -9 of the agent leaves the settings of g1'
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'kill -9 of the agent is no error of the device'
agent_start g1
check 'a new agent connects after kill -9' wait_for 60 connected g1
guest_net g1 1
is "$(mac g1 dmvl0)" "$mac" 'a new agent gives its interface the same MAC'
check 'g1 pings the world after kill -9 of its agent' talks g1
check 'kill -9 of the agent of g1 does not disturb a file to g2' pipe_wait world g2 5001

# The agent is killed ten times, and each time started again at once.
for i in 1 2 3 4 5 6 7 8 9 10; do
	agent_kill 9 g1
	agent_start g1
done
check 'an agent killed and started ten times connects' wait_for 100 connected g1
guest_net g1 1
check 'g1 pings the world after its agent was killed ten times' talks g1

agent_kill TERM g1
check 'SIGTERM ends the agent' wait_for 20 agent_gone g1 "$agent"
check "SIGTERM leaves the agent's side in state 6" wait_for 20 agent_closed g1 '* 6'
check "the backend offers a new connection after the agent's end" wait_for 20 agent_closed g1
check 'SIGTERM of the agent removes its interface' guest g1 '! test -e /sys/class/net/dmvl0'
agent_start g1
check 'an agent started after SIGTERM connects' wait_for 60 connected g1
guest_net g1 1
check 'g1 pings the world after SIGTERM and a new agent' talks g1

# Without dmvl-back the agent ends too, and closes its side even if it is stopped while it waits for an
# answer. An emulated guest may be too slow to be stopped in time: then the agent just ends.
kill -9 "$back"
wait "$back"
guest g1 "$note_late; kill $agent; sleep 0.2; kill -STOP $agent && sleep 1.5; kill -CONT $agent" >&2
check 'SIGTERM ends the agent without dmvl-back' wait_for 20 agent_gone g1 "$agent"
check 'SIGTERM makes the agent close its side without dmvl-back' agent_closed g1 '* 6'
agent_start g1
check 'an agent without dmvl-back makes its interface' wait_for 20 guest g1 test -e /sys/class/net/dmvl0
back_start
check 'an agent connects when dmvl-back starts after it' wait_for 60 connected g1
guest_net g1 1
check 'g1 pings the world when dmvl-back starts after the agent' talks g1
back_stop
done_testing
