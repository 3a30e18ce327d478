#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest that sends datagrams faster than its link: the guest's kernel drops what the agent need not read, and nothing
# else, and no longer than the flood lasts.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

RATE=20000000

# flood_from PORT: for longer than the test takes; its process id in the guest is $flood.
flood_from()
{
	flood=$(guest_bg g1 "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -b $((RATE * 3)) -l 1400 -p $1")
}

# refused: frames that the guest's interface dropped.
refused()
{
	guest g1 'cat /sys/class/net/dmvl0/statistics/tx_dropped'
}

refuses()
{
	[ "$(refused)" -gt "$1" ]
}

# got: bytes that the sink has had from g1.
got()
{
	awk '$1 != "total" && $2 == "10.77.1.1" { sum += $4 } END { print sum + 0 }' sink.out
}

# settled: nothing has come for a second.
settled()
{
	_got=$(got)
	sleep 1 # as long as nothing comes
	[ "$(got)" = "$_got" ]
}

more()
{
	[ "$(got)" -gt "$1" ]
}

# arrives: one datagram of the flood's flow, sent once.
arrives()
{
	_got=$(got)
	guest g1 'dmvl-flow udp 10.77.0.1 5001 -n 1000 -l 1000 -p 6001' >&2
	wait_for 10 more "$_got"
}

uplink_setup
back_start --tx-capacity $RATE
ldp g1 1
talks g1
sink_start

flood_from 6001
check "the guest's interface drops a flood's frames" wait_for 30 refuses 1000
start light world dmvl-gap recv 5003
light=$started
guest g1 'dmvl-gap send 10.77.0.1 5003 -r 100 -w 5' >&2
sleep 1 # what is on its way
kill "$light"
wait "$light"
like "$(cat light.out)" 'datagrams=500 lost=0 *' 'another flow to the same host loses nothing meanwhile'
before=$(tick sink.out)
check 'the uplink is full meanwhile' wait_for 30 ticks_pass sink.out "$before" 1 8
guest g1 "kill $flood"
wait_for 30 settled
refused=$(refused)
check 'the next datagram of the flow arrives when the flood has ended' arrives
is "$(refused)" "$refused" "the guest's interface drops nothing then"

flood_from 6001
check "the interface drops a second flood's frames" wait_for 30 refuses $((refused + 1000))
agent_kill KILL g1
wait_for 30 agent_gone g1
guest g1 "kill $flood"
agent_start g1
check 'an agent connects after one that was killed in a flood' wait_for 60 connected g1
guest_net g1 1
wait_for 30 settled
check 'a datagram of the flow arrives with the new agent' arrives
back_stop
done_testing
