#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The interface below a macvtap goes away and comes back; and two instances with long names.
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

cut_off()
{
	check "the error says that $1" says "$2"
	check "g1 has no carrier when $1" wait_for 30 carrier 0
}

well()
{
	check "the error clears $1" says ''
	check "g1 has a carrier $1" wait_for 30 carrier 1
	check "g1 pings the world $1" talks g1
}

lower_add()
{
	ip link add lower0 type veth peer name world0 netns world
	sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2
	world ip link set world0 up
	world ip addr add 10.77.0.1/16 dev world0
	ip link set lower0 up
}

ip netns add world
lower_add
if ! ip link add link lower0 name probe0 type macvtap mode passthru; then
	skip_all 'this kernel has no macvtap'
fi
ip link del probe0
back_run --uplink macvtap:lower0 --tx-capacity 10gbit
ldp g1 1
check 'g1 pings the world over a macvtap' talks g1

ip link set lower0 down
cut_off 'the interface below is down' 'the interface lower0 below the macvtap is down'
ip link set lower0 up
well 'when the interface below is up again'

ip link set lower0 down
ip link set lower0 name away0
ip link set away0 up
cut_off 'the interface below was renamed' 'there is no interface lower0*renamed*'
ip link set away0 down
ip link set away0 name lower0
ip link set lower0 up
well 'when the interface below has its name again'

ip link del lower0
cut_off 'the interface below was deleted' 'there is no interface lower0*deleted*'
lower_add
well 'when the interface below was made again'

ip netns add away
ip link set lower0 netns away
cut_off 'the interface below was moved' 'there is no interface lower0*moved*'
ip -n away link set lower0 netns 1
ip link set lower0 up
well 'when the interface below is back from another namespace'

ip link set dmvl-default down
cut_off 'the macvtap is down' 'the macvtap dmvl-default is down'
ip link set dmvl-default up
well 'when the macvtap is up again'

ip link del dmvl-default
cut_off 'the macvtap was deleted' 'the macvtap dmvl-default was deleted'
well 'when dmvl-back has made a new macvtap'
is "$(states g1)" '4 4' 'g1 stays connected while the macvtap is made again'
pipe_start g1 world 10.77.0.1 5001 1000000
check 'a TCP file from g1 reaches the world whole on the new macvtap' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file from the world reaches g1 whole on the new macvtap' pipe_wait world g1 5001
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
is "$(ip -o link show type macvtap 2>/dev/null)" '' 'dmvl-back leaves no macvtap behind'

# Ten letters of an instance's name fit into that of its macvtap.
ip link add lower1 type veth peer name world1
back_run -n production-a --uplink macvtap:lower0 --tx-capacity 1gbit
first=$back
check 'a second instance starts whose name begins like that of another' \
	back_run -n production-b --uplink macvtap:lower1 --tx-capacity 1gbit
is "$(ip -o link show type macvtap | wc -l)" 2 'each of two instances with long names has a macvtap'
back_stop
back=$first
back_stop
done_testing
