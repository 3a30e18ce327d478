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
check 'attach' dmvlctl attach g1
wait_for 30 states_are '2 1' g1
xenstore-write "$(be g1)/feature-csum" 0
agent_start g1
check 'g1 connects' wait_for 60 connected g1
# takes GUEST: checksums, segments.
takes()
{
	echo "$(xenstore-read "$(fe "$1")/feature-csum") $(xenstore-read "$(fe "$1")/feature-tso4")"
}
is "$(takes g1)" '0 0' 'and takes no offloads'
guest_net g1 1
# g2 takes checksums: whole segments do not fit its rings.
check 'attach' dmvlctl attach g2
agent_start g2 --ring-order 13
check 'g2 connects' wait_for 60 connected g2
is "$(takes g2)" '1 0' 'and takes checksums'
guest_net g2 2
ldp g3 3
is "$(takes g3)" '1 1' 'g3 takes all'
talks g1
talks g2
talks g3
check 'g3 reaches g1' wait_for 30 reaches g3 10.77.1.1
check 'and g2' wait_for 30 reaches g3 10.77.1.2

# What goes each way; an emulated guest takes its time for it.
bytes=1000001
[ "$BENCH_DRIVER" != xen ] || bytes=300001

# carry FROM TO ADDRESS DESCRIPTION
carry()
{
	pipe_start "$1" "$2" "$3" 5001 $bytes
	check "$4: the hash is the same" pipe_wait "$1" "$2" 5001
}
for g in g1 g2 g3; do
	start seen.$g guest -t 280 $g 'exec dmvl-frames recv -i dmvl0 -d '"$(mac $g dmvl0)"' -w 280 -v'
	echo "$started" >>watchers
done
carry world g1 10.77.1.1 'the world to g1'
carry world g2 10.77.1.2 'the world to g2'
carry world g3 10.77.1.3 'the world to g3'
carry g3 g1 10.77.1.1 'g3 to g1'
carry g3 g2 10.77.1.2 'g3 to g2'
carry g1 g3 10.77.1.3 'g1 to g3'
carry g2 world 10.77.0.1 'g2 to the world'
# shellcheck disable=SC2046
kill $(cat watchers)

# count GUEST CONDITION: of the frames that it saw; $5 is the size.
count()
{
	awk "$2"' { n++ } END { print n + 0 }' "seen.$1.out"
}
between "$(count g1 '$5 > 1000')" $((bytes * 2 / 1540)) 9999 'g1 saw both files in full frames'
is "$(count g1 '/partial/')" 0 'with all checksums filled in'
is "$(count g1 '$5 > 1514')" 0 'and none longer than its mtu'
is "$(count g2 '$5 > 1514')" 0 'g2 saw none longer than its mtu'
between "$(count g2 '/partial/')" 1 9999 'but checksums to be filled in'
between "$(count g3 '$5 > 1514')" 1 9999 'g3 saw segments, so there was something to cut up'
for g in g1 g2 g3; do
	guest $g cat /proc/net/snmp >snmp
	is "$(awk '$1 == "Tcp:" { bad = $NF } END { print bad }' snmp)" 0 "$g: no bad checksum"
	for reason in malformed oversize offload rx-oversize; do
		is "$(dropped $g $reason)" 0 "$g: no frame was dropped for $reason"
	done
done
back_stop
done_testing
