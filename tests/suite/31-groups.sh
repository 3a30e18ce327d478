#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Multicast groups: joined by the guests' own kernels, asked for by a querier in the world.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2' 'g3 3'
talks g1
talks g2
talks g3

group=239.1.2.3 group_mac=01:00:5e:01:02:03
# joins WHERE IF GROUP, leaves WHERE IF GROUP: a socket of the kernel's own joins for the address.
joins()
{
	at "$1" "ip addr add $3/$(bits "$3") dev $2 autojoin" >&2
}
leaves()
{
	at "$1" "ip addr del $3/$(bits "$3") dev $2" >&2
}
bits()
{
	case $1 in
	*:*) echo 128 ;;
	*) echo 32 ;;
	esac
}
# An IGMPv3 general query of 10.77.0.1: interval 125 s, answers within a second.
query()
{
	world dmvl-frames send -i world0 -t 0800 -d 01:00:5e:00:00:01 --hex \
		46c0002400000000010239c50a4d0001e000000194040000110aec7800000000027d0000 >&2
}

# gets WHERE IF MAC OPTIONS..: how many of three frames from g1 to the group arrive. A broadcast
# follows them, so that there is something to wait for.
gets()
{
	_where=$1 _if=$2 _mac=$3
	shift 3
	new_mark
	start gets at "$_where" "exec dmvl-frames recv -i $_if -m $mark -e 99 -w 60 -v"
	guest g1 "dmvl-frames send -i dmvl0 -m $mark -d $_mac -c 3 $*
		dmvl-frames send -i dmvl0 -m $mark -l 99" >&2
	wait "$started" || echo 'the broadcast did not come'
	grep -c "$_mac" gets.out
}
# gets_is WANTED WHERE IF MAC..: for wait_for.
gets_is()
{
	_want=$1
	shift
	[ "$(gets "$@")" = "$_want" ]
}

is "$(gets g2 dmvl0 $group_mac) $(gets g3 dmvl0 $group_mac)" '3 3' \
	'a group that nobody joined goes to all guests'
joins g2 dmvl0 $group
check 'dmvlctl show has the number of groups' \
	wait_for 30 sh -c "dmvlctl show g2 --all | grep -q '^ *groups *[1-9]'"
is "$(gets g3 dmvl0 $group_mac)" 3 'without a querier a joined group goes to a guest that did not join'
query
check 'with a querier a joined group does not go to a guest that did not join' \
	wait_for 30 gets_is 0 g3 dmvl0 $group_mac
is "$(gets g2 dmvl0 $group_mac)" 3 'with a querier a joined group goes to its member'
is "$(gets g2 dmvl0 $group_mac --udp 10.77.1.1,$group,5004)" 3 'UDP to a joined group goes to its member'
is "$(gets g3 dmvl0 $group_mac --udp 10.77.1.1,$group,5004)" 0 \
	'UDP to a joined group does not go to a guest that did not join'
is "$(gets world world0 $group_mac)" 3 'a joined group goes to the world too'
is "$(gets g3 dmvl0 01:00:5e:01:02:04)" 3 'with a querier a group that nobody joined goes to all guests'
is "$(gets g3 dmvl0 01:00:5e:00:00:fb)" 3 'with a querier 224.0.0.251 goes to all guests'

xenstore-write "$(be g3)/unknown-groups" 0
check 'unknown-groups=0 keeps groups that nobody joined from g3' \
	wait_for 30 gets_is 0 g3 dmvl0 01:00:5e:01:02:04
is "$(gets g2 dmvl0 01:00:5e:01:02:04)" 3 'unknown-groups=0 of g3 does not keep them from g2'
xenstore-write "$(be g3)/unknown-groups" 1

# Reports reach the world, which has the router, and not g3. The first shows that the second had time.
start world.recv world dmvl-frames recv -i world0 -t 0800 -d 01:00:5e:00:00:16 -c 1 -w 60
router=$started
start g3.recv guest g3 dmvl-frames recv -i dmvl0 -t 0800 -d 01:00:5e:00:00:16 -e 99 -w 60
joins g2 dmvl0 239.1.2.9
check 'a report of g2 reaches the world' wait "$router"
guest g1 dmvl-frames send -i dmvl0 -t 0800 -d 01:00:5e:00:00:16 -l 99 >/dev/null 2>&1
world dmvl-frames send -i world0 -t 0800 -d 01:00:5e:00:00:16 -l 99 >&2
wait "$started"
like "$(cat g3.recv.out)" 'frames=0 *' 'a report of g2 does not reach g3'

# flood-rate and members.
xenstore-write "$(be g1)/flood-rate" 10
limited()
{
	frames_between g1 dmvl0 g2 dmvl0 "-m 1 -c 200 -d 01:00:5e:01:02:04" '-m 1 -c 200 -w 2'
	grep -q 'frames=1*[0-9][0-9]* ' recv.g2.out && ! grep -q 'frames=200 ' recv.g2.out
}
check 'flood-rate limits a group that nobody joined' wait_for 30 limited
like "$(frames_between g1 dmvl0 g2 dmvl0 "-m 2 -c 200 -r 500 -d $group_mac" '-m 2 -c 200 -w 20')" \
	'frames=200 *' 'flood-rate does not limit a group with a member'
joins world world0 239.1.2.7
heard()
{
	frames_between g1 dmvl0 world world0 "-m 3 -c 200 -r 500 -d 01:00:5e:01:02:07" '-m 3 -c 200 -w 3'
	grep -q 'frames=200 ' recv.world.out
}
check 'flood-rate does not limit a group with a member in the world' wait_for 30 heard
xenstore-write "$(be g1)/flood-rate" 1000

leaves g2 dmvl0 $group
check 'a group that its last member left goes to all guests' wait_for 30 gets_is 3 g3 dmvl0 $group_mac

# After a restart of the backend, guests are asked for their groups.
joins g2 dmvl0 $group
query
check 'a group that is joined again goes to its member alone' wait_for 30 gets_is 0 g3 dmvl0 $group_mac
back_stop
back_start
for name in g1 g2 g3; do
	talks "$name"
done
query
check 'a member is known again after a restart of dmvl-back' wait_for 30 gets_is 0 g3 dmvl0 $group_mac
is "$(gets g2 dmvl0 $group_mac)" 3 'a member gets its group again after a restart of dmvl-back'

# What the uplink brings too much of.
xenstore-write "$uplink/flood-rate" 10
outside()
{
	frames_between world world0 g1 dmvl0 '-m 4 -c 200' '-m 4 -c 200 -w 2'
	! grep -q 'frames=200 ' recv.g1.out
}
check "the uplink's flood-rate limits broadcasts of the world" wait_for 30 outside
check 'what the uplink brought too much of is said' wait_for 10 grep -q 'beyond its limits for floods' "$_log"
is "$(xenstore-read "$uplink/error")" '' 'a flood from the uplink is no error'
xenstore-write "$uplink/flood-rate" 1000001
check "the uplink's error names a flood-rate out of range" \
	wait_for 10 sh -c "xenstore-read $uplink/error | grep -q flood-rate"
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
