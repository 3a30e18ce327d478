#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What an agent that is killed leaves: the interface with its addresses, for the next agent.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# has_if NAME IF, has_address NAME IF: for wait_for.
has_if()
{
	guest "$1" "ip link show $2"
}
has_address()
{
	guest "$1" "ip -o addr show $2" | grep -q 10.77.1.1/
}
has_none()
{
	! has_if "$@"
}
# kill_agent NAME: it is dead when this returns.
kill_agent()
{
	agent_kill KILL "$1"
	wait_for 30 agent_gone "$1" || bail "the agent of $1 does not die"
}
# owner NAME IF
owner()
{
	guest "$1" "cat /sys/class/net/$2/ifalias"
}

uplink_setup
back_start
ldp g1 1
talks g1
score=$(guest g1 "cat /proc/$(cat agent.g1)/oom_score_adj")
case $score in
-900) ok 'the agent asks not to be killed for want of memory' ;;
*)
	check "an agent that may not lower its oom_score_adj ($score) says so" \
		guest g1 'grep -q "oom_score_adj cannot be set" /run/front.log'
	;;
esac
like "$(owner g1 dmvl0)" 'dmvl-front 0 dmvl0 *' 'the alias of the interface says whose it is'

index=$(guest g1 cat /sys/class/net/dmvl0/ifindex)
order=$(xenstore-read "$(fe g1)/ring-order")
kill_agent g1
check 'the interface of a killed agent stays with its addresses' has_address g1 dmvl0
agent_start g1
check 'the next agent connects' wait_for 60 connected g1
is "$(guest g1 cat /sys/class/net/dmvl0/ifindex)" "$index" 'the next agent uses the same interface'
check 'with the next agent the addresses still work' talks g1
is "$(xenstore-read "$(fe g1)/ring-order")" "$order" 'the next agent has rings of the same size'

guest g1 'ip link set dmvl0 down; ip link set dmvl0 name eth7; ip link set eth7 up' >&2
kill_agent g1
agent_start g1
check 'the agent after one whose interface was renamed connects' wait_for 60 connected g1
is "$(guest g1 cat /sys/class/net/eth7/ifindex)" "$index" 'a renamed interface is used again'
check 'no second interface was made' has_none g1 dmvl0

kill_agent g1
agent_start g1 --ifname other0
check 'an agent with another --ifname connects' wait_for 60 connected g1
check 'an agent with another --ifname makes an interface of that name' has_if g1 other0
check 'the interface of the earlier name is removed' has_none g1 eth7
agent_kill TERM g1
check 'the interface goes when the agent ends in order' wait_for 30 has_none g1 other0

# Detached while there is no agent, then with one.
agent_start g1
wait_for 60 connected g1
guest_net g1 1
kill_agent g1
dmvlctl detach g1 >&2
agent_start g1
check 'an interface is removed if the device was detached while no agent ran' \
	wait_for 30 guest g1 'grep -q "detached since: it is removed" /run/front.log'
has_bare()
{
	has_if "$@" && ! has_address "$@"
}
check 'the new interface has none of the old addresses' wait_for 30 has_bare g1 dmvl0
dmvlctl attach g1 >&2
check 'the waiting agent connects when the device is attached again' wait_for 60 connected g1
guest_net g1 1
kill_agent g1
dmvlctl detach g1 >&2
dmvlctl attach g1 >&2
agent_start g1
check 'an agent of a device that was attached again meanwhile connects' wait_for 60 connected g1
is "$(has_address g1 dmvl0 && echo there)" '' 'a device that was attached again has no addresses of the earlier one'
dmvlctl detach g1 >&2
is_detached()
{
	[ "$(states g1)" = ' ' ]
}
wait_for 30 is_detached
kill_agent g1
check 'the interface goes with an agent that is killed after the device was detached' \
	wait_for 30 has_none g1 dmvl0

# An interface that somebody else made.
guest g1 'ip tuntap add dev dmvl0 mode tap' >&2
dmvlctl attach g1 >&2
agent_start g1
check 'an agent uses an interface that somebody made for it' wait_for 60 connected g1
agent_kill TERM g1
wait_for 30 agent_gone g1
check 'an interface that somebody else made stays' has_if g1 dmvl0
guest g1 'ip tuntap del dev dmvl0 mode tap' >&2
check 'the kernel of g1 has not complained' console_clean g1
back_stop
done_testing
