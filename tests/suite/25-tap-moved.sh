#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# An agent's interface is renamed, as udev does, or moved to another network namespace, as containers
# do: it goes on, and the agent still sets its MAC address, MTU and queue length.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

agent_options='--flows 0' # the length of the interface's queue follows the rate then
uplink_setup
back_start
for g in g1 g2; do
	guest $g 'rm -f /run/front.log' # of earlier tests
done
ldps 'g1 1' 'g2 2'
talks g1
talks g2

# inner COMMAND..: in the namespace of g2 that its interface is moved to.
inner()
{
	guest g2 "ip netns exec inner $*"
}
inner_talks()
{
	wait_for 30 inner ping -c 1 -W 2 10.77.0.1
}
guest g1 'ip link set dmvl0 down; ip link set dmvl0 name ens7; ip link set ens7 up' >&2
guest g2 'ip netns add inner; ip link set dmvl0 netns inner; ip -n inner link set dmvl0 up;
	ip -n inner addr add 10.77.1.2/16 dev dmvl0' >&2
check 'a guest pings the world after its interface was renamed' talks g1
check 'a guest pings the world from the namespace that its interface was moved to' inner_talks

# A file's value, for wait_for.
g1_has()
{
	[ "$(guest g1 "cat /sys/class/net/ens7/$1")" = "$2" ]
}
g2_has()
{
	[ "$(inner cat "/sys/class/net/dmvl0/$1")" = "$2" ]
}
check 'the queue of a renamed interface has 512 frames where the uplink is fast' g1_has tx_queue_len 512
xenstore-write "$uplink/tx-capacity" "$SUITE_RATE"
check 'the queue of a renamed interface follows the rate' wait_for 30 g1_has tx_queue_len 64
check 'the queue of a moved interface follows the rate' wait_for 30 g2_has tx_queue_len 64

# What the operator sets is in force from the next connection on.
for g in g1 g2; do
	xenstore-write "$(be $g)/mtu" 1400
	xenstore-write "$(be $g)/mac" "00:16:3e:aa:bb:0${g#g}"
done
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
back_start
check 'a renamed interface connects to a new dmvl-back' wait_for 60 connected g1
check 'a moved interface connects to a new dmvl-back' wait_for 60 connected g2
check 'a renamed interface gets its new MAC address' g1_has address 00:16:3e:aa:bb:01
check 'a renamed interface gets its new MTU' g1_has mtu 1400
check 'a moved interface gets its new MAC address' g2_has address 00:16:3e:aa:bb:02
check 'a moved interface gets its new MTU' g2_has mtu 1400
check 'a guest pings the world with the new MAC address of a renamed interface' talks g1
check 'a guest pings the world with the new MAC address of a moved interface' inner_talks
check 'the agent logs the present name of a renamed interface' \
	guest g1 'grep -q "notice: ens7 connected" /run/front.log'
check 'the agent of a moved interface could set all it wanted' \
	guest g2 '! grep "cannot set" /run/front.log'
agent_kill TERM g2
guest g2 'ip netns del inner'
back_stop
done_testing
