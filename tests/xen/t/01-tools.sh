#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# The traffic tools and the uplink, with no guest in between.
# shellcheck source=tests/xen/lib.sh
. /bench/lib.sh

uplink_setup
ip link add t0 type veth peer name t1
ip link set t1 master xenbr0 up
ip link set t0 up
ip addr add 10.77.2.1/16 dev t0
ip addr add fd77::2:1/64 dev t0 nodad
wait_for 20 ping -c 1 -W 1 10.77.0.1
mac=$(world cat /sys/class/net/world0/address)

# frames DESCRIPTION WANTED SEND-OPTIONS RECV-OPTIONS: from t0 to the world.
frames()
{
	# shellcheck disable=SC2086
	start recv world dmvl-frames recv -i world0 -w 3 $4
	# shellcheck disable=SC2086
	dmvl-frames send -i t0 $3 >&2
	wait "$started"
	like "$(cat recv.out)" "$2" "$1"
}
frames 'marked broadcasts are sent and counted' 'frames=20 bytes=1280 unique=20' '-c 20 -m 5' '-c 20 -m 5'
frames 'unicast frames are sent and counted' 'frames=5 *' "-c 5 -d $mac" "-d $mac -t 88b5 -c 5"
frames 'frames with another mark are not counted' 'frames=0 *' '-m 6' '-m 7'
frames 'a frame with a made-up source MAC is sent and counted' 'frames=1 *' '-s 02:00:00:00:00:99' '-s 02:00:00:00:00:99 -c 1'
frames 'frames with a VLAN tag are sent and counted' 'frames=3 bytes=192 *' '-V 7 -c 3 -m 1' '-V 7 -m 1 -c 3'
frames 'a frame of full size is sent and counted' 'frames=1 bytes=1514 *' '-l 1514 -m 2' '-m 2 -c 1'
frames 'a UDP packet with its mark is sent and counted' 'frames=1 *' '--udp 10.9.9.9,10.77.0.1,9 -m 3' '-t 800 -m 3 -c 1'
start recv world dmvl-frames recv -i world0 -w 3 -t 806 -s 02:00:00:00:00:01 -c 1 -v
dmvl-frames send -i t0 -s 02:00:00:00:00:01 \
	--arp 02:00:00:00:00:01,10.77.2.1,02:00:00:00:00:02,10.77.0.1 >&2
wait "$started"
like "$(cat recv.out)" '02:00:00:00:00:01 ff:ff:ff:ff:ff:ff 0806 - 64*frames=1 *' 'an ARP frame is sent, counted and shown'
is "$(dmvl-frames send -i t0 -l 1600 | cut -d' ' -f1-2)" 'sent=0 refused=1' 'a frame too long for the link is refused'

# Flows: TCP and UDP, both families, shaped to 8 Mbit/s. How fast they are on a busy machine is
# nobody's promise; that no byte is lost or made up, and that the shaper holds, is.
uplink_rate 8mbit
start sink world dmvl-flow sink 5001
sink=$started
began=$(cut -d' ' -f1 /proc/uptime)
tcp=$(dmvl-flow tcp 10.77.0.1 5001 -w 4)
counted()
{
	[ "$(awk -v a="$1" '$2 == a { n += $4 } END { printf "%.0f", n }' sink.out)" = "$2" ]
}
check 'the sink counts all that TCP sent' wait_for 60 counted 10.77.2.1 "${tcp#sent=}"
between "$(awk -v n="${tcp#sent=}" -v s="$began" '{ print n * 8 / 1e6 / ($1 - s) }' /proc/uptime)" \
	0.1 8.5 'TCP is no faster than a link of 8 Mbit/s'
udp=$(dmvl-flow udp fd77::1 5001 -w 4 -b 4000000)
sleep 1
kill "$sink"
wait "$sink"
cat sink.out >&2
between "$(awk '/^total fd77::2:1 udp/ { print $4 }' sink.out)" 1400 "${udp#sent=}" \
	'of UDP the sink counts something, and no more than was sent'
between "$(awk -v n="${udp#sent=}" 'BEGIN { print n * 8 / 4e6 }')" 0.1 4.1 'a UDP sender keeps to its 4 Mbit/s'

# A kernel's oops, with the flags that it had.
oops()
{
	printf '%s\n' 'traps: PANIC: double fault' 'Oops: double fault' "RSP: 0018:ffff EFLAGS: $1" 'Kernel Offset: disabled'
}
is "$({ echo before; oops 068ad6e2; echo behind; } | without_emulator_faults | xargs)" 'before behind' \
	'an oops with flags that no processor has is left out of a log'
is "$(oops 00010246 | without_emulator_faults)" "$(oops 00010246)" 'any other oops stays in a log'
done_testing
