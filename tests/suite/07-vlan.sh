#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# VLAN tags: none, trunk, a list with and without untagged frames; both ways, live.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2 vlan=trunk'
talks g1
talks g2

# Options of a frame that passes: untagged, unless a list is in force that has no untagged.
passes=

# crosses FROM IF TO IF VLAN: how many of three tagged frames arrive, or of untagged ones if VLAN is -.
# A frame that passes follows them, so that there is something to wait for.
crosses()
{
	_tag="-V $5"
	[ "$5" != - ] || _tag=
	new_mark
	_dest=
	[ "$1" != world ] || _dest="-d $(mac "$3" "$4")"
	start recv at "$3" "exec dmvl-frames recv -i $4 -m $mark -e 99 -w 60 -v"
	at "$1" "dmvl-frames send -i $2 -m $mark $_tag -c 3 $_dest; dmvl-frames send -i $2 -m $mark -l 99 $passes $_dest" >&2
	wait "$started" || echo 'the last frame did not come'
	awk -v v="$5" 'NF > 4 && $4 "" == v "" && $5 != 99 { n++ } END { print n + 0 }' recv.out
}
leave()
{
	crosses g1 dmvl0 world world0 "$@"
}
come()
{
	crosses world world0 g1 dmvl0 "$@"
}
# leave_is WANTED VLAN: for wait_for, until a new value is in force.
leave_is()
{
	[ "$(leave "$2")" = "$1" ]
}

# others_cross FROM IF TO IF: how many frames arrive of one each of tags that are not 802.1Q's, all with id 10.
others_cross()
{
	new_mark
	_dest=
	[ "$1" != world ] || _dest="-d $(mac "$3" "$4")"
	_body=000a88b5646d766c$(printf %08x "$mark")00000000
	start recv at "$3" "exec dmvl-frames recv -i $4 -m $mark -e 99 -w 60"
	at "$1" "for type in 88a8 9100 9200 9300 88e7 893f 8926; do
			dmvl-frames send -i $2 -t \$type --hex $_body $_dest
		done
		dmvl-frames send -i $2 -m $mark -l 99 $passes $_dest" >&2
	wait "$started" || echo 'the last frame did not come'
	sed -n 's/frames=\([0-9]*\).*/\1/p' recv.out
}
others_leave()
{
	others_cross g1 dmvl0 world world0
}
others_come()
{
	others_cross world world0 g1 dmvl0
}

is "$(leave 7)" 0 'with vlan=none no tagged frame leaves g1'
is "$(come 7)" 0 'with vlan=none no tagged frame reaches g1'
is "$(dropped g1 vlan) $(dropped g1 rx-vlan)" '3 3' 'with vlan=none dropped tagged frames are counted both ways'
is "$(others_leave) $(others_come)" '0 0' 'with vlan=none no frame with a tag of another kind leaves or reaches g1'
is "$(dropped g1 vlan) $(dropped g1 rx-vlan)" '10 10' 'with vlan=none frames with tags of other kinds are counted both ways'

xenstore-write "$(be g1)/vlan" trunk
check 'with vlan=trunk tagged frames leave g1' wait_for 30 leave_is 3 7
is "$(come 7)" 3 'with vlan=trunk tagged frames reach g1'
is "$(others_leave) $(others_come)" '7 7' 'with vlan=trunk frames with tags of other kinds leave and reach g1'
is "$(crosses g1 dmvl0 g2 dmvl0 4094)" 3 'with vlan=trunk tagged frames cross between guests'

passes='-V 10'
xenstore-write "$(be g1)/vlan" 10,20-22
check 'with vlan=10,20-22 no frame of VLAN 7 leaves g1' wait_for 30 leave_is 0 7
for id in 10 20 22; do
	is "$(leave $id)" 3 "with vlan=10,20-22 frames of VLAN $id leave g1"
	is "$(come $id)" 3 "with vlan=10,20-22 frames of VLAN $id reach g1"
done
is "$(others_leave) $(others_come)" '0 0' 'with vlan=10,20-22 no tag of another kind passes, though its id is 10'
before_tx=$(dropped g1 vlan) before_rx=$(dropped g1 rx-vlan)
for id in 11 19 23; do
	is "$(leave $id)" 0 "with vlan=10,20-22 no frame of VLAN $id leaves g1"
	is "$(come $id)" 0 "with vlan=10,20-22 no frame of VLAN $id reaches g1"
done
# At least: the kernels' own frames are untagged, and dropped too.
between "$(($(dropped g1 vlan) - before_tx))" 9 999 'with vlan=10,20-22 dropped frames from g1 are counted'
between "$(($(dropped g1 rx-vlan) - before_rx))" 9 999 'with vlan=10,20-22 dropped frames to g1 are counted'
before_tx=$(dropped g1 vlan) before_rx=$(dropped g1 rx-vlan)
is "$(leave -)" 0 'with vlan=10,20-22 no untagged frame leaves g1'
is "$(come -)" 0 'with vlan=10,20-22 no untagged frame reaches g1'
is "$(leave 0)" 0 'with vlan=10,20-22 no frame with a priority tag leaves g1'
is "$(come 0)" 0 'with vlan=10,20-22 no frame with a priority tag reaches g1'
is "$(crosses g1 dmvl0 g2 dmvl0 -)" 0 'with vlan=10,20-22 no untagged frame crosses from g1 to g2'
is "$(crosses g2 dmvl0 g1 dmvl0 -)" 0 'with vlan=10,20-22 no untagged frame crosses from g2 to g1'
between "$(($(dropped g1 vlan) - before_tx))" 9 999 'with vlan=10,20-22 dropped untagged frames from g1 are counted'
between "$(($(dropped g1 rx-vlan) - before_rx))" 9 999 'with vlan=10,20-22 dropped untagged frames to g1 are counted'

# A VLAN interface in the guest: TCP through it.
if world ip link add link world0 name world0.10 type vlan id 10; then
	world ip addr add 10.78.0.1/16 dev world0.10
	world ip link set world0.10 up
	guest g1 'ip link add link dmvl0 name dmvl0.10 type vlan id 10
		ip addr add 10.78.1.1/16 dev dmvl0.10
		ip link set dmvl0.10 up' >&2
	check 'g1 pings the world through a VLAN interface' wait_for 30 reaches g1 10.78.0.1
	pipe_start g1 world 10.78.0.1 5001 300000
	check 'a TCP file reaches the world whole through a VLAN interface' pipe_wait g1 world 5001
else
	skip 'this kernel has no 8021q' 'g1 pings the world through a VLAN interface'
	skip 'this kernel has no 8021q' 'a TCP file reaches the world whole through a VLAN interface'
fi

xenstore-write "$(be g1)/vlan" untagged,10
check 'with vlan=untagged,10 untagged frames leave g1' wait_for 30 leave_is 3 -
is "$(come -)" 3 'with vlan=untagged,10 untagged frames reach g1'
is "$(leave 0)" 3 'with vlan=untagged,10 frames with a priority tag leave g1'
is "$(leave 10)" 3 'with vlan=untagged,10 frames of VLAN 10 leave g1'
is "$(leave 20)" 0 'with vlan=untagged,10 no frame of VLAN 20 leaves g1'
passes=
xenstore-write "$(be g1)/vlan" none
check 'tagged frames stop leaving g1 when vlan is set back to none' wait_for 30 leave_is 0 10
check 'untagged frames leave g1 when vlan is set back to none' talks g1
back_stop
done_testing
