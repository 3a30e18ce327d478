#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The uplink, its bridge, or the link behind it is down for a while: frames that were accepted wait, and
# all of them leave afterwards, but for those that the kernel had in a queue of the card.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

says()
{
	wait_for 30 key_like "$uplink/error" "$1"
}

paced_to()
{
	xenstore-write "$uplink/tx-capacity" "$1"
	wait_for 30 sh -c "grep 'uplink default: capacity' $_log | tail -n 1 | grep -q ' $2,'"
}

sent()
{
	cat /sys/class/net/dmvl-up/statistics/rx_packets
}

sent_past()
{
	[ "$(sent)" -gt "$1" ]
}

# loses_none WHAT ERROR CUT MEND: 40 frames of g1 wait when the uplink is cut off, and the pace allows them
# while it is. A frame that leaves between the cut and the kernel's word of it is lost, so none is due then: the pace
# lets 3 or 4 frames leave at once, and the next one after half a minute at least.
loses_none()
{
	new_mark
	paced_to 8 8bit
	before=$(sent)
	start recv world dmvl-frames recv -i world0 -m $mark -u 40 -w 60
	guest g1 dmvl-frames send -i dmvl0 -d 02:00:00:00:00:99 -m $mark -l 1000 -c 40 >&2
	check "some frames leave before $1" wait_for 30 sent_past $((before + 2))
	$3
	check "the error tells that $1" says "$2"
	paced_to 10000000000 10gbit
	$4
	check "frames that waited while $1 all leave" wait "$started"
	check "the error clears when no longer $1" says ''
	check "g1 pings the world when no longer $1" talks g1
}

tap_down() { ip link set dmvl-up down; }
tap_up() { ip link set dmvl-up up; }
bridge_down() { ip link set xenbr0 down; }
bridge_up() { ip link set xenbr0 up; }
port_down() { bridge link set dev dmvl-up state 0; }
port_up() { bridge link set dev dmvl-up state 3; }
card_down() { ip link set up0 down; }
card_up() { ip link set up0 up; }
# The far end of a veth takes the carrier with it.
wire_out() { world ip link set world0 down; }
wire_in() { world ip link set world0 up; }
out_of_bridge() { ip link set dmvl-up nomaster; }
tap_gone() { ip link del dmvl-up; }
by_itself() { :; }

uplink_setup
back_start --share-uplink no
ldp g1 1
check 'g1 pings the world' talks g1

loses_none 'the TAP is down' 'the TAP dmvl-up is down' tap_down tap_up
loses_none 'the bridge is down' 'the bridge xenbr0 is down' bridge_down bridge_up
loses_none "the bridge's port is disabled" 'the bridge xenbr0 has its port dmvl-up disabled' port_down port_up
loses_none 'the card is down' 'up0,*has no link' card_down card_up
loses_none 'the card has no carrier' 'up0,*has no link' wire_out wire_in
loses_none 'the TAP is in no bridge' 'the TAP dmvl-up is not in the bridge*' out_of_bridge by_itself
loses_none 'the TAP was deleted' 'the TAP dmvl-up was deleted' tap_gone by_itself
is "$(dropped g1 uplink)" 0 'no frame of g1 was refused by the uplink'

# A guest keeps its carrier while the card has none: it reaches other guests, and Dom0.
wire_out
check 'the error tells that the card has no carrier once more' says 'up0,*has no link'
is "$(guest g1 cat /sys/class/net/dmvl0/carrier)" 1 'g1 has a carrier while the card has none'
like "$(dmvlctl check 2>&1)" '*up0*has no link*' 'dmvlctl check tells that the card has no link'
check 'frames do not wait for ever for a card' wait_for 30 grep -q 'do not wait any longer' "$_log"
wire_in
check 'g1 pings the world when the card has its carrier back' talks g1
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'

# With a share for the host's frames, some wait in the card's HTB. The kernel empties it when the card goes
# down. Then one frame a second comes to it, perhaps before dmvl-back knows.
queued()
{
	tc -s qdisc show dev up0 | awk '/^qdisc htb/ { htb = 1 } htb && $1 == "backlog" { print $3 + 0; exit }'
}

back_start --share-uplink yes
check 'g1 connects to a dmvl-back that shares the card' wait_for 60 connected g1
check 'g1 pings the world through a shared card' talks g1
check "the card has a share for the host's frames" wait_for 30 key_is "$uplink/host-share" on
new_mark
paced_to 8000 8kbit
before=$(sent)
start recv world dmvl-frames recv -i world0 -m $mark -e 999 -w 60 -v
guest g1 "dmvl-frames send -i dmvl0 -d 02:00:00:00:00:99 -m $mark -l 1000 -c 40
	dmvl-frames send -i dmvl0 -d 02:00:00:00:00:99 -m $mark -l 999" >&2
check 'what the pace allows at once has left for the shared card' wait_for 30 sent_past $((before + 5))
lost=$(($(queued) + 2))
card_down
check 'the error tells that the shared card is down' says 'up0,*has no link'
paced_to 10000000000 10gbit
card_up
check 'the last frame leaves when the shared card is up' wait "$started"
between "$(grep -c ' 1000$' recv.out)" $((40 - lost)) 40 "no more is lost than the kernel had in the shared card's queue"
back_stop
done_testing
