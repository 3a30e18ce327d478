#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A second dmvl-back whose uplink is a macvtap over an interface of its own.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

ip netns add world
ip link add lower0 type veth peer name world0 netns world
world ip link set world0 up
world ip addr add 10.77.0.1/16 dev world0
world ip addr add fd77::1/64 dev world0 nodad
sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2

# refused INTERFACE PATTERN: dmvl-back does not start on macvtap:lower0 as it is now, which INTERFACE tells.
refused()
{
	dmvl-back -n mv --uplink macvtap:lower0 2>err
	is $? 2 "a macvtap over $1 ends dmvl-back with status 2"
	is "$(wc -l <err)" 1 "a macvtap over $1 makes dmvl-back print one line"
	like "$(cat err)" "$2" "a macvtap over $1 makes dmvl-back say why it ends"
}
ip link set lower0 up
ip addr add 10.79.0.1/16 dev lower0
refused 'an interface with an address' '*lower0*address*'
ip addr flush dev lower0
ip link add br9 type bridge
ip link set lower0 master br9
refused 'an interface in a bridge' '*lower0*'
ip link set lower0 nomaster
ip link del br9
ip link set lower0 down

if ! ip link add link lower0 name probe0 type macvtap mode passthru; then
	skip 'this kernel has no macvtap' 'dmvl-back carries traffic over a macvtap'
	done_testing
	exit
fi
ip link del probe0
# A second instance, on a TAP: each device belongs to one of the two.
ip link add xenbr0 type bridge
ip link set xenbr0 up
back_start
tap_back=$back
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
is "$(xenstore-read /local/domain/0/data/dmvl/mv/kind)" macvtap 'a macvtap uplink announces its kind'
ldps 'g1 1 uplink=mv' 'g2 2 uplink=mv'
check 'g1 pings the world over a macvtap' talks g1
check 'the world pings g1 over a macvtap' reaches world 10.77.1.1
check 'the world pings g2 over a macvtap and IPv6' wait_for 30 reaches world fd77::1:2
pipe_start g1 world 10.77.0.1 5001 1000000
check 'a TCP file from g1 reaches the world whole over a macvtap' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file from the world reaches g1 whole over a macvtap' pipe_wait world g1 5001
check 'g1 pings g2 on a macvtap uplink' reaches g1 10.77.1.2
like "$(dmvlctl uplinks)" '*mv*macvtap*' 'dmvlctl uplinks shows the macvtap uplink'

# After kill -9 the next start finds the old macvtap in its way, and takes it.
kill -9 "$back"
wait "$back"
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
check 'g1 connects again when dmvl-back was killed and started on its old macvtap' wait_for 60 connected g1
check 'g1 pings the world when dmvl-back was killed and started on its old macvtap' talks g1
back_stop
is $? 0 'dmvl-back on a macvtap ends with status 0 on SIGTERM'
is "$(ip -o link show type macvtap 2>/dev/null)" '' 'dmvl-back leaves no macvtap behind'
back=$tap_back
back_stop

ip addr add 10.79.0.1/16 dev lower0
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0 --take-over
check 'dmvl-back --take-over takes an interface that has an address' kill -0 "$back"
back_stop
done_testing
