#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Receivers that take no offloads: what needs them is cut up and its checksums filled in on the way.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start

# g1 takes nothing: its agent asks for no more than it is offered, and checksums are not offered.
check 'dmvlctl attaches g1 before its agent starts' dmvlctl attach g1
wait_for 30 states_are '2 1' g1
xenstore-write "$(be g1)/feature-csum" 0
agent_start g1
check 'g1 connects when checksums are not offered' wait_for 60 connected g1
# takes GUEST: checksums, segments.
takes()
{
	echo "$(xenstore-read "$(fe "$1")/feature-csum") $(xenstore-read "$(fe "$1")/feature-tso4")"
}
is "$(takes g1)" '0 0' 'g1 takes no offloads when checksums are not offered'
guest_net g1 1
# g2 takes checksums: whole segments do not fit its rings.
check 'dmvlctl attaches g2 before its agent starts' dmvlctl attach g2
agent_start g2 --ring-order 13
check 'g2 connects with rings too small for whole segments' wait_for 60 connected g2
is "$(takes g2)" '1 0' 'g2 with small rings takes checksums and no segments'
guest_net g2 2
ldp g3 3
is "$(takes g3)" '1 1' 'g3 with default rings takes all offloads'
talks g1
talks g2
talks g3
check 'g3 pings g1, which takes no offloads' wait_for 30 reaches g3 10.77.1.1
check 'g3 pings g2, which takes checksums only' wait_for 30 reaches g3 10.77.1.2

# How much goes each way: less from an emulated guest, which is slow.
bytes=1000001
[ "$BENCH_DRIVER" != xen ] || bytes=300001

# carry FROM TO ADDRESS DESCRIPTION: DESCRIPTION names the file.
carry()
{
	pipe_start "$1" "$2" "$3" 5001 $bytes
	check "$4 keeps its hash" pipe_wait "$1" "$2" 5001
}
for g in g1 g2 g3; do
	start seen.$g guest -t 280 $g 'exec dmvl-frames recv -i dmvl0 -d '"$(mac $g dmvl0)"' -w 280 -v'
	echo "$started" >>watchers
done
carry world g1 10.77.1.1 'a TCP file from the world to g1'
carry world g2 10.77.1.2 'a TCP file from the world to g2'
carry world g3 10.77.1.3 'a TCP file from the world to g3'
carry g3 g1 10.77.1.1 'a TCP file from g3 to g1'
carry g3 g2 10.77.1.2 'a TCP file from g3 to g2'
carry g1 g3 10.77.1.3 'a TCP file from g1 to g3'
carry g2 world 10.77.0.1 'a TCP file from g2 to the world'
# shellcheck disable=SC2046
kill $(cat watchers)

# count GUEST CONDITION: how many of the frames that it saw meet CONDITION; $5 is the size.
count()
{
	awk "$2"' { n++ } END { print n + 0 }' "seen.$1.out"
}
between "$(count g1 '$5 > 1000')" $((bytes * 2 / 1540)) 9999 'g1 sees both of its files in full frames'
is "$(count g1 '/partial/')" 0 'g1 sees all checksums filled in'
is "$(count g1 '$5 > 1514')" 0 'g1 sees no frame longer than its mtu'
is "$(count g2 '$5 > 1514')" 0 'g2 sees no frame longer than its mtu'
between "$(count g2 '/partial/')" 1 9999 'g2 sees frames whose checksums it must fill in itself'
between "$(count g3 '$5 > 1514')" 1 9999 'g3 sees whole segments, so there was something to cut up'
for g in g1 g2 g3; do
	guest $g cat /proc/net/snmp >snmp
	is "$(awk '$1 == "Tcp:" { bad = $NF } END { print bad }' snmp)" 0 "the kernel of $g counts no bad TCP checksum"
	for reason in malformed oversize offload rx-oversize; do
		is "$(dropped $g $reason)" 0 "no frame of $g is dropped as $reason"
	done
done
back_stop
done_testing
