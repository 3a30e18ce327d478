#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The uplink's interface goes away or leads nowhere: the operator reads why, guests lose their carrier,
# and all is well again by itself when the interface is back.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

says()
{
	wait_for 30 key_like "$uplink/error" "$1"
}

carrier()
{
	[ "$(guest g1 cat /sys/class/net/dmvl0/carrier 2>/dev/null)" = "$1" ]
}

mtu_is()
{
	[ "$(cat "/sys/class/net/$1/mtu")" = "$2" ]
}

# cut WHAT PATTERN: what follows from it while it lasts.
cut_off()
{
	check "the error says that $1" says "$2"
	check "dmvlctl check fails when $1" wait_for 30 sh -c '! dmvlctl check'
	check "g1 has no carrier when $1" wait_for 30 carrier 0
}

# well WHEN: all is as before.
well()
{
	check "the error clears $1" says ''
	check "g1 has a carrier $1" wait_for 30 carrier 1
	check "g1 pings the world $1" talks g1
	check "dmvlctl check finds nothing $1" wait_for 30 dmvlctl check
}

uplink_setup
back_start
ldp g1 1
check 'g1 pings the world' talks g1
check 'the key carrier is 1 while all is well' wait_for 30 key_is "$(be g1)/carrier" 1

# ---- The bridge

ip link del xenbr0
cut_off 'there is no bridge' 'there is no bridge xenbr0'
is "$(states g1)" '4 4' 'g1 stays connected without a bridge'
ip link add xenbr0 type bridge
sysctl -q -w net.ipv6.conf.xenbr0.disable_ipv6=1 >&2
ip link set up0 master xenbr0
ip link set xenbr0 up
well 'when the bridge is back'

ip link set xenbr0 down
cut_off 'the bridge is down' 'the bridge xenbr0 is down'
ip link set xenbr0 up
well 'when the bridge is up again'

ip link set dmvl-up nomaster
cut_off 'the TAP is in no bridge' 'the TAP dmvl-up is not in the bridge xenbr0'
well 'when dmvl-back has put the TAP back into its bridge'

ip link add other0 type bridge
ip link set dmvl-up master other0
cut_off 'the TAP is in another bridge' 'the TAP dmvl-up is in the bridge other0 and not in xenbr0'
ip link set dmvl-up nomaster
ip link del other0
well 'when the TAP was taken out of another bridge'

ip link set up0 mtu 9000
ip link set xenbr0 mtu 9000
check 'the TAP follows a bridge whose MTU is raised' wait_for 30 mtu_is dmvl-up 9000
ip link set xenbr0 mtu 1400
check 'the TAP follows a bridge whose MTU is lowered' wait_for 30 mtu_is dmvl-up 1400
ip link set up0 mtu 1500
ip link set xenbr0 mtu 1500
check 'the TAP follows a bridge that gets its old MTU' wait_for 30 mtu_is dmvl-up 1500

# ---- The TAP

ip link set dmvl-up down
cut_off 'the TAP is down' 'the TAP dmvl-up is down'
ip link set dmvl-up up
well 'when the TAP is up again'

ip link set dmvl-up down
ip link set dmvl-up name renamed0
ip link set renamed0 up
cut_off 'the TAP was renamed' 'the TAP dmvl-up was renamed to renamed0'
ip link set renamed0 down
ip link set renamed0 name dmvl-up
ip link set dmvl-up up
well 'when the TAP has its name again'

ip netns add away
ip link set dmvl-up netns away
cut_off 'the TAP was moved' 'the TAP dmvl-up was moved to another network namespace'
ip -n away link set dmvl-up netns 1
ip link set dmvl-up up
well 'when the TAP is back from another namespace'

ip link del dmvl-up
cut_off 'the TAP was deleted' 'the TAP dmvl-up was deleted'
well 'when dmvl-back has made a new TAP'
check 'dmvl-back still runs' kill -0 "$back"
is "$(states g1)" '4 4' 'g1 stays connected while the TAP is made again'
pipe_start g1 world 10.77.0.1 5001 1000000
check 'a TCP file from g1 reaches the world whole on the new TAP' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file from the world reaches g1 whole on the new TAP' pipe_wait world g1 5001

# A guest that connects meanwhile has no carrier either, and the way out is told to the network.
ip link set dmvl-up down
check 'the error is there before g1 comes back' says 'the TAP dmvl-up is down'
agent_kill KILL g1
agent_start g1
check 'g1 connects while the TAP is down' wait_for 60 connected g1
guest_net g1 1 >&2
check 'g1 has no carrier when it connects while the TAP is down' wait_for 30 carrier 0
start rarp world dmvl-frames recv -i world0 -t 8035 -w 20 -c 5
ip link set dmvl-up up
check 'g1 has a carrier when the TAP is up' wait_for 30 carrier 1
check 'the network is told of g1 again when the TAP is up' wait "$started"
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
done_testing
