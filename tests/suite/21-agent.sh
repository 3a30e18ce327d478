#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# The guest's agent: killed, restarted, ended; its TCP connections live on where the address does.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1 weight=300' 'g2 2'
talks g1
mac=$(mac g1 dmvl0)

pipe_start world g2 10.77.1.2 5001 1000000 '-b 4000000'
agent_kill 9 g1
check 'kill -9: the backend notices' wait_for 30 sh -c "[ \"\$(xenstore-read $(be g1)/state)\" != 4 ]"
is "$(xenstore-read "$(be g1)/weight")" 300 'the settings stay'
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'this is no error'
agent_start g1
check 'a new agent connects' wait_for 60 connected g1
guest_net g1 1
is "$(mac g1 dmvl0)" "$mac" 'with the same MAC'
check 'and talks' talks g1
check 'the other guest did not notice' pipe_wait world g2 5001

# Ten times over, each at once.
for i in 1 2 3 4 5 6 7 8 9 10; do
	agent_kill 9 g1
	agent_start g1
done
check 'ten times killed and started: it connects' wait_for 100 connected g1
guest_net g1 1
check 'and talks' talks g1

gone()
{
	! guest "$1" "kill -0 $2"
}
agent_kill TERM g1
check 'SIGTERM ends it' wait_for 20 gone g1 "$agent"
check 'its state is 6' wait_for 20 key_is "$(fe g1)/state" 6
check 'and the backend offers anew' wait_for 20 states_are '2 6' g1
check 'the interface is gone' guest g1 '! test -e /sys/class/net/dmvl0'
agent_start g1
check 'it starts again' wait_for 60 connected g1
guest_net g1 1
check 'and talks' talks g1

# With nobody to answer it, it ends too, and closes its side even if it stands still while it waits
# for an answer. An emulated guest may be too slow to be stopped in time: then it just ends.
kill -9 "$back"
wait "$back"
guest g1 "kill $agent; sleep 0.2; kill -STOP $agent && sleep 1.5; kill -CONT $agent" >&2
check 'without dmvl-back SIGTERM ends it' wait_for 20 gone g1 "$agent"
is "$(xenstore-read "$(fe g1)/state")" 6 'and it has closed its side'
agent_start g1
check 'it starts without dmvl-back' wait_for 20 guest g1 test -e /sys/class/net/dmvl0
back_start
check 'and connects when there is one' wait_for 60 connected g1
guest_net g1 1
check 'and talks' talks g1
back_stop
done_testing
