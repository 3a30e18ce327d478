#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The flow queues of an agent are full while the rate, the MTU, the connection, dmvl-back or the agent itself changes:
# the guest talks afterwards, and what is to end ends.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

agent_options='--flows 1024'

# waits: the bytes that the agent of g1 has read from its interface and not sent, as it says now.
reports()
{
	guest g1 'grep -c "report: link" /run/front.log'
}

reported()
{
	[ "$(reports)" -gt "$1" ]
}

waits()
{
	_reports=$(reports)
	agent_kill USR1 g1
	wait_for 30 reported "$_reports" || return 1
	guest g1 'grep "report: link" /run/front.log' | tail -n 1 | sed 's/.*waiting to be sent: \([0-9]*\) bytes.*/\1/'
}

# full, empty: for wait_for. The least limit of the queues is 256 KiB; CoDel and the limit may just have dropped some.
full()
{
	[ "$(waits)" -gt 200000 ]
}

empty()
{
	[ "$(waits)" = 0 ]
}

# fill WHEN: the uplink all but stands still, and g1 sends: two flows of which one takes part in ECN, and TCP. The
# agent has been told so when its queues are full and stay so.
fill()
{
	xenstore-write "$uplink/tx-capacity" 8000
	wait_for 30 key_is "$(be g1)/tx-rate" 8000
	flows=
	for flow in 'udp 10.77.0.1 5001 -w 900 -l 1000 -b 4000000' 'udp 10.77.0.1 5002 -w 900 -l 200 -b 4000000' \
		'tcp 10.77.0.1 5001 -w 900'; do
		flows="$flows $(guest_bg g1 "exec dmvl-flow $flow")"
	done
	check "the queues of g1 are full $1" wait_for 60 full
}

# silent: nothing more is sent.
silent()
{
	guest g1 "kill $flows"
}

open()
{
	xenstore-write "$uplink/tx-capacity" 10000000000
}

# well WHEN: what waited has left, and the guest talks.
well()
{
	silent
	open
	check "the queues of g1 are empty $1" wait_for 60 empty
	check "g1 talks $1" talks g1
	is "$(xenstore-read "$(be g1)/error")" '' "g1 has no error $1"
}

uplink_setup
back_start
ldp g1 1
talks g1
sink_start

fill 'on a slow link'
well 'when 8 kbit/s have become 10 Gbit/s'

fill 'before its MTU is changed'
guest g1 'ip link set dmvl0 mtu 1280'
well 'when its MTU is less than the frames that waited'
guest g1 'ip link set dmvl0 mtu 1500'

fill 'before dmvl-back is killed'
kill -9 "$back"
wait "$back"
open
back_start
check 'g1 connects when dmvl-back was killed with its queues full' wait_for 60 connected g1
well 'when dmvl-back was killed'

fill 'before its agent is stopped for a while'
agent_kill STOP g1
sleep 2 # as long as it stands still
agent_kill CONT g1
check 'the agent answers when it stood still with full queues' wait_for 60 full
well 'when its agent stood still'

fill 'before its agent ends'
agent_kill TERM g1
check 'an agent with full queues ends on SIGTERM' wait_for 30 agent_gone g1
silent
open
agent_start g1
check 'a new agent connects when the last one ended with full queues' wait_for 60 connected g1
guest_net g1 1
well 'with another agent'

fill 'before its agent is killed'
agent_kill KILL g1
wait_for 30 agent_gone g1
silent
open
agent_start g1
check 'a new agent connects when the last one was killed with full queues' wait_for 60 connected g1
guest_net g1 1
well 'with an agent after a killed one'

fds=$(back_fds)
fill 'before it is detached'
check 'g1 is detached with full queues' dmvlctl detach g1
silent
back_keeps "$fds" 0 'when g1 was detached with full queues'
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
