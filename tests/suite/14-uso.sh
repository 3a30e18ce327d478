#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# other: yes
# UDP segmentation offload: kernels from 6.2 on have it for a TAP, and only there it is offered.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# has_uso: whether this kernel does.
has_uso()
{
	uname -r | awk -F '[.-]' '{ exit !($1 > 6 || ($1 == 6 && $2 >= 2)) }'
}

uplink_setup
back_start
ldps 'g1 1' 'g3 3'
talks g1
talks g3
check 'g1 pings g3' wait_for 30 reaches g1 10.77.1.3

want=0 long='no frame'
if has_uso; then
	want=1 long='a frame of several segments'
fi
for g in g1 g3; do
	is "$(xenstore-read "$(be $g)/feature-uso")" $want "the kernel $(uname -r): feature-uso for $g is $want"
	is "$(xenstore-read "$(fe $g)/feature-uso")" $want "the kernel $(uname -r): $g takes feature-uso=$want"
done

# Twenty times ten datagrams that are one write.
bytes=200000

# sink_got: what the sink has of UDP.
sink_got()
{
	awk '$3 == "udp" { n += $4 } END { print n + 0 }' sink.out
}
sink_has_all()
{
	[ "$(sink_got)" = $bytes ]
}
# sees_long: whether a frame longer than the mtu was seen.
sees_long()
{
	awk '$5 > 1514 { n++ } END { print (n > 0) }' seen.out
}
# carry FROM TO IF ADDRESS
carry()
{
	start seen at "$2" "exec dmvl-frames recv -i $3 -d $(mac "$2" "$3") -t 0800 -w 280 -v"
	watcher=$started
	start sink at "$2" 'exec dmvl-flow sink 5001 -w 280'
	at "$1" "dmvl-flow udp $4 5001 -n $bytes -l 10000 -G 1000 -b 1000000" >&2
	check "all that $1 sends $2 in one write for ten datagrams arrives" wait_for 60 sink_has_all
	kill "$watcher" "$started"
	wait "$watcher" "$started"
	is "$(sees_long)" $want "the kernel $(uname -r): of $1, $2 sees $long longer than the mtu"
}
carry g1 world world0 10.77.0.1
carry world g1 dmvl0 10.77.1.1
carry g1 g3 dmvl0 10.77.1.3
for g in g1 g3; do
	for reason in malformed oversize offload rx-oversize; do
		is "$(dropped $g $reason)" 0 "no frame of $g is dropped as $reason"
	done
done
back_stop
done_testing
