#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# MAC addresses behind guests with spoof-check=0: learnt, lost to the uplink, taken back only if
# allowed-mac lists them, never taken from another guest; over a TAP and over a macvtap.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

v=02:00:5e:00:01:0a

# says WHERE IF SOURCE: one broadcast from that address.
says()
{
	at "$1" "dmvl-frames send -i $2 -s $3" >&2
}

# gets TO IF ADDRESS FROM IF: how many of three frames to the address arrive at a place. A frame to the
# place's own address follows them.
gets()
{
	new_mark
	start recv at "$1" "exec dmvl-frames recv -i $2 -m $mark -e 99 -w 60"
	at "$4" "dmvl-frames send -i $5 -m $mark -d $3 -c 3; dmvl-frames send -i $5 -m $mark -l 99 -d $(mac "$1" "$2")" >&2
	wait "$started" || echo 'the last frame did not come'
	sed 's/frames=\([0-9]*\).*/\1/' recv.out
}
gets_is()
{
	_n=$1
	shift
	[ "$(gets "$@")" = "$_n" ]
}

# follow WIRE: the address moves between the guests g1 and g2, both with spoof-check=0, and the world; g3 looks.
follow()
{
	_wire=$1
	says g1 dmvl0 $v
	check "$2: frames to an address behind g1 reach it from g3" wait_for 20 gets_is 3 g1 dmvl0 $v g3 dmvl0
	is "$(gets g1 dmvl0 $v world "$_wire")" 3 "$2: frames to an address behind g1 reach it from the world"
	says world "$_wire" $v
	check "$2: frames to an address that moved to the world reach it" wait_for 20 gets_is 3 world "$_wire" $v g3 dmvl0
	is "$(gets g1 dmvl0 $v g3 dmvl0)" 0 "$2: frames to an address that moved to the world do not reach g1"
	says g2 dmvl0 $v
	check "$2: the error of g2 names the address and allowed-mac" \
		wait_for 20 key_like "$(be g2)/error" "*$v*allowed-mac*"
	like "$(dmvlctl check)" "*$v*allowed-mac*" "$2: dmvlctl check shows it"
	check "$2: g2 does not get the address of the world" gets_is 3 world "$_wire" $v g3 dmvl0
	between "$(dropped g2 mac-held)" 1 9 "$2: the frames of g2 from that address are counted as mac-held"
	dmvlctl set g2 allowed-mac=$v >&2
	check "$2: the error clears when allowed-mac changes" wait_for 20 key_is "$(be g2)/error" ''
	says g2 dmvl0 $v
	check "$2: g2 takes an address that allowed-mac lists" wait_for 20 gets_is 3 g2 dmvl0 $v g3 dmvl0

	# The address of a guest, connected or not.
	says g1 dmvl0 "$(mac g3 dmvl0)"
	check "$2: the error of g1 names the address of g3" wait_for 20 key_like "$(be g1)/error" "*$(mac g3 dmvl0)*guest*"
	check "$2: g3 gets its frames though g1 used its address" gets_is 3 g3 dmvl0 "$(mac g3 dmvl0)" world "$_wire"

	# To and fro.
	for _i in 1 2 3 4 5 6; do
		says world "$_wire" $v
		wait_for 20 gets_is 3 world "$_wire" $v g3 dmvl0
		says g2 dmvl0 $v
		wait_for 20 gets_is 3 g2 dmvl0 $v g3 dmvl0
	done
	check "$2: an address that flaps shows in the error of g2" wait_for 20 key_like "$(be g2)/error" "*$v keeps moving*"
	check "$2: the log tells of moves" grep -q "MAC address $v moved from" "$_log"
}

uplink_setup
back_start
ldps 'g1 1 spoof-check=0' 'g2 2 spoof-check=0' 'g3 3'
talks g1
talks g3
follow world0 'on a TAP'

# Two devices of one guest, one address, as a bond has it.
dmvlctl attach g4/0 spoof-check=0 >&2
dmvlctl attach g4/1 spoof-check=0 >&2
agent_start g4
agent_start g4 -i 1
wait_for 60 connected g4 0
wait_for 60 connected g4 1
own=$(mac g4 dmvl0)
guest g4 "ip link set dmvl0 down; ip link set dmvl1 up" >&2
says g4 dmvl1 "$own"
check 'the second device of a guest takes the address of the first' wait_for 20 gets_is 3 g4 dmvl1 "$own" g3 dmvl0
guest g4 "ip link set dmvl1 down; ip link set dmvl0 up" >&2
says g4 dmvl0 "$own"
check 'the first device of a guest takes its address back' wait_for 20 gets_is 3 g4 dmvl0 "$own" g3 dmvl0
back_stop
for g in g1 g2 g3; do
	agent_kill TERM $g
	wait_for 30 agent_gone $g
	dmvlctl detach $g >&2
done

ip link add lower0 type veth peer name world1 netns world
world ip link set world1 up
sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2
if ip link add link lower0 name probe0 type macvtap mode passthru; then
	ip link del probe0
	back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
	ldps 'g1 1 uplink=mv spoof-check=0' 'g2 2 uplink=mv spoof-check=0' 'g3 3 uplink=mv'
	follow world1 'on a macvtap'
	back_stop
else
	skip 'this kernel has no macvtap' 'MAC addresses over a macvtap'
fi
done_testing
