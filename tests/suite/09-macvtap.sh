#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# A second dmvl-back whose uplink is a macvtap over an interface of its own.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

ip netns add world
ip link add lower0 type veth peer name world0 netns world
world ip link set world0 up
world ip addr add 10.77.0.1/16 dev world0
world ip addr add fd77::1/64 dev world0 nodad
sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2

# refused DESCRIPTION PATTERN: of macvtap:lower0, as it is now.
refused()
{
	dmvl-back -n mv --uplink macvtap:lower0 2>err
	is $? 2 "$1: status 2"
	is "$(wc -l <err)" 1 "$1: one line"
	like "$(cat err)" "$2" "$1: says why"
}
ip link set lower0 up
ip addr add 10.79.0.1/16 dev lower0
refused 'with an address' '*lower0*address*'
ip addr flush dev lower0
ip link add br9 type bridge
ip link set lower0 master br9
refused 'in a bridge' '*lower0*'
ip link set lower0 nomaster
ip link del br9
ip link set lower0 down

if ! ip link add link lower0 name probe0 type macvtap mode passthru; then
	skip 'this kernel has no macvtap' 'the rest'
	done_testing
	exit
fi
ip link del probe0
# An instance on a TAP beside it: devices belong to one of the two.
ip link add xenbr0 type bridge
ip link set xenbr0 up
back_start
tap_back=$back
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
is "$(xenstore-read /local/domain/0/data/dmvl/mv/kind)" macvtap 'it starts and says its kind'
ldps 'g1 1 uplink=mv' 'g2 2 uplink=mv'
check 'ping to the world' talks g1
check 'ping from the world' reaches world 10.77.1.1
check 'IPv6' wait_for 30 reaches world fd77::1:2
pipe_start g1 world 10.77.0.1 5001 1000000
check 'TCP to the world' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'TCP from the world' pipe_wait world g1 5001
check 'guest to guest' reaches g1 10.77.1.2
like "$(dmvlctl uplinks)" '*mv*macvtap*' 'dmvlctl uplinks shows it'

# A restart after kill -9 finds its own macvtap in the way, and takes it.
kill -9 "$back"
wait "$back"
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
check 'after kill -9 it starts again' wait_for 60 connected g1
check 'and traffic flows' talks g1
back_stop
is $? 0 'SIGTERM ends it'
is "$(ip -o link show type macvtap 2>/dev/null)" '' 'no macvtap is left'
back=$tap_back
back_stop

ip addr add 10.79.0.1/16 dev lower0
back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0 --take-over
check '--take-over takes it with its address' kill -0 "$back"
back_stop
done_testing
