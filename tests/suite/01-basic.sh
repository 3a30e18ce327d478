#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# other: yes
# One device from attach to detach: handshake, addresses, ping over IPv4 and IPv6.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
	is "$(cat /proc/sys/net/bridge/bridge-nf-call-*tables | sort -u)" 0 \
		"bridges do not hand their frames to iptables, arptables or ip6tables"
else
	skip 'no br_netfilter here' 'bridges do not hand their frames to iptables, arptables or ip6tables'
fi
check 'dmvl-back starts on a bridge' back_start
is "$(xenstore-read "$uplink/state")" running 'dmvl-back announces its uplink as running'
start rarp world dmvl-frames recv -i world0 -w 60 -t 8035 -c 5 -v

check 'dmvlctl attaches g1 with a weight' dmvlctl attach g1 weight=512
is "$(xenstore-read "$(be g1)/weight")" 512 'the weight given at attach is in xenstore'
is "$(xenstore-read "$(fe g1)/state")" 1 'attach makes the frontend directory in state 1'
check 'attaching a device twice is refused' sh -c '! dmvlctl attach g1/0'

agent_start g1
check 'both sides connect when the agent starts' wait_for 60 connected g1
mac=$(xenstore-read "$(be g1)/mac")
like "$mac" '00:16:3e:*' "the MAC chosen at attach has Xen's prefix"
is "$(mac g1 dmvl0)" "$mac" "the guest's interface has the device's MAC"
is "$(guest g1 cat /sys/class/net/dmvl0/mtu)" 1500 "the guest's interface has the default MTU"
guest_net g1 1
is "$(guest g1 cat /sys/class/net/dmvl0/carrier)" 1 "the guest's interface has carrier when connected"
check 'g1 pings the world' talks g1
check 'the world pings g1' reaches world 10.77.1.1
check 'g1 pings the world over IPv6' wait_for 30 reaches g1 fd77::1
check 'the world pings g1 over IPv6' reaches world fd77::1:1
check 'g1 pings the world with packets of every size' guest g1 'for s in 0 1 17 18 46 100 1472; do ping -c 1 -W 5 -s $s 10.77.0.1 || exit 1; done'
check 'g1 pings the world with fragmented packets' guest g1 ping -c 1 -W 5 -s 4000 10.77.0.1

# Both sides forget their neighbours: this time the world asks first, by ARP and ND.
world ip neigh flush dev world0
guest g1 ip neigh flush dev dmvl0
check 'the world reaches g1 by ARP after both forgot their neighbours' reaches world 10.77.1.1
is "$(world ip neigh show 10.77.1.1 | awk '{ for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }')" "$mac" \
	"ARP tells the world g1's MAC"
check 'the world reaches g1 by neighbour discovery' reaches world fd77::1:1

wait "$started"
is "$(grep -c "^$mac " rarp.out)" 5 'the uplink is told of a new MAC five times'

like "$(dmvlctl list)" "*g1*512*" 'dmvlctl list shows g1 with its weight'
check 'dmvlctl detaches a connected device' dmvlctl detach g1
check 'detach removes the backend directory' no_node "$(be g1)"
check 'detach removes the frontend directory' no_node "$(fe g1)"
check 'the agent survives the detach of its device' guest g1 kill -0 "$agent"
is "$(guest g1 cat /sys/class/net/dmvl0/carrier)" 0 "the guest's interface has no carrier after detach"

check 'dmvlctl attaches g1 a second time' dmvlctl attach g1
check 'the running agent connects after the second attach' wait_for 60 connected g1
check 'g1 pings the world after the second attach' talks g1
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
# It waits for a second at most, and a xenstored on a slow machine may take longer.
for _ in 1 2 3 4; do
	grep -q 'xenstored has not answered within a second: ending without it' "$_log" || break
	back_start
	back_stop
done
is "$(xenstore-read "$uplink/state")" stopped 'dmvl-back announces its uplink as stopped when it ends'
done_testing
