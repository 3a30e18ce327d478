#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# SIGHUP, which a lost terminal sends too, has the agent set its interface up again; SIGUSR1 has it
# report. Neither ends it nor disturbs its frames.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
guest g1 'rm -f /run/front.log' # of earlier tests
ldps 'g1 1'
talks g1
mac=$(mac g1 dmvl0)

# logs PATTERN: the agent of g1 logs such a line within some seconds.
logs()
{
	wait_for 30 guest g1 "grep -q '$1' /run/front.log"
}
# has FILE VALUE
has()
{
	[ "$(guest g1 "cat /sys/class/net/dmvl0/$1")" = "$2" ]
}

pipe_start g1 world 10.77.0.1 5001 1000000 "-b $SUITE_RATE"
check 'g1 has a TCP file under way' wait_for 60 pipe_past world 5001 50000
agent_kill HUP g1
agent_kill USR1 g1
check 'SIGHUP is logged with what was set again' \
	logs 'reload: dmvl0: set again: MAC address, MTU and queue length;'
check 'SIGUSR1 reports the interface' \
	logs "report: interface dmvl0: MAC address $mac, MTU 1500, queue length 512"
check 'SIGUSR1 reports the counters' logs 'report: link up: tx [1-9][0-9]* frames'
check 'SIGUSR1 reports ring and credit' logs 'report: TX ring of 1048576 bytes, .* credit [1-9]'
check 'SIGUSR1 reports the state' logs 'report: device 0: state connected, backend '
check 'a file that is under way during both signals arrives whole' pipe_wait g1 world 5001
check 'the agent lives after both signals' guest g1 "kill -0 $agent"

guest g1 'ip link set dmvl0 address 02:00:00:00:00:01 mtu 1000 txqueuelen 100'
agent_kill HUP g1
check 'SIGHUP sets a MAC address again that somebody has changed' wait_for 30 has address "$mac"
check 'SIGHUP sets an MTU again that somebody has changed' wait_for 30 has mtu 1500
check 'SIGHUP sets a queue length again that somebody has changed' wait_for 30 has tx_queue_len 512
check 'a guest pings the world after SIGHUP' talks g1

back_stop
agent_kill USR1 g1
check 'SIGUSR1 without dmvl-back reports that the link is down' logs 'report: link down'
agent_kill HUP g1
check 'SIGHUP without dmvl-back sets the queue length alone' \
	logs 'reload: dmvl0: set again: queue length (not connected);'
check 'the agent lives after both signals without dmvl-back' guest g1 "kill -0 $agent"
back_start
check 'the agent connects after both signals' wait_for 60 connected g1
check 'a guest pings the world after its agent got both signals' talks g1
back_stop
done_testing
