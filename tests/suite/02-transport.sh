#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# TCP both ways with a file's hash compared, over IPv4 and IPv6; UDP.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldp g1 1
talks g1
wait_for 30 reaches g1 fd77::1

# carry FROM TO ADDRESS BYTES DESCRIPTION: DESCRIPTION names the file.
carry()
{
	pipe_start "$1" "$2" "$3" 5001 "$4"
	check "$5 keeps its hash" pipe_wait "$1" "$2" 5001
	is "$(pipe_got "$2" 5001)" "$4" "$5 keeps its size"
}
carry g1 world 10.77.0.1 3000001 'a TCP file from g1 to the world'
carry world g1 10.77.1.1 3000001 'a TCP file from the world to g1'
carry g1 world fd77::1 1000001 'a TCP file from g1 to the world over IPv6'
carry world g1 fd77::1:1 1000001 'a TCP file from the world to g1 over IPv6'
# Both at once.
pipe_start g1 world 10.77.0.1 5001 1000000
pipe_start world g1 10.77.1.1 5002 1000000
check 'a TCP file to the world arrives whole beside one to g1' pipe_wait g1 world 5001
check 'a TCP file to g1 arrives whole beside one to the world' pipe_wait world g1 5002

# The uplink without segmentation offload: segments are cut up before they leave.
if command -v ethtool >/dev/null; then
	ethtool -K up0 tso off gso off gro off >&2
	carry g1 world 10.77.0.1 1000000 'a TCP file without segmentation offload on the uplink'
else
	skip 'there is no ethtool here' 'a TCP file without segmentation offload on the uplink keeps its hash'
fi

# Below 216 bytes each segment leaves as a frame of its own.
for mss in 216 128 88; do
	world ip route replace 10.77.1.1/32 dev world0 advmss $mss
	carry g1 world 10.77.0.1 200000 "a TCP file to a world whose MSS is $mss"
	# Without this, TCP would send each segment again by itself, and the file would arrive in the end.
	is "$(dropped g1 offload)" 0 "no frame of a TCP file to a world whose MSS is $mss is refused"
done
world ip route del 10.77.1.1/32 dev world0

# udp_got: bytes that a sink has reported, interval by interval. udp_came BYTES: for wait_for.
udp_got()
{
	awk '$1 != "total" && $3 == "udp" { n += $4 } END { print n + 0 }' sink.out
}
udp_came()
{
	[ "$(udp_got)" -ge "$1" ]
}
# 100 datagrams, slow enough that none is dropped for another.
start sink world dmvl-flow sink 5003
guest g1 dmvl-flow udp 10.77.0.1 5003 -b 1000000 -n 140000 >&2
wait_for 30 udp_came 140000
kill "$started"
wait "$started"
is "$(udp_got)" 140000 'the world gets every byte that g1 sends over UDP'

start sink guest g1 dmvl-flow sink 5003
world dmvl-flow udp 10.77.1.1 5003 -b 1000000 -n 140000 >&2
wait_for 30 udp_came 140000
kill "$started"
wait "$started"
is "$(udp_got)" 140000 'g1 gets every byte that the world sends over UDP'
back_stop
done_testing
