#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
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
check 'dmvl-back starts' back_start
is "$(xenstore-read "$uplink/state")" running 'its uplink is announced'
start rarp world dmvl-frames recv -i world0 -w 60 -t 8035 -c 5 -v

check 'attach' dmvlctl attach g1 weight=512
is "$(xenstore-read "$(be g1)/weight")" 512 'the weight is in xenstore'
is "$(xenstore-read "$(fe g1)/state")" 1 'the frontend directory is there, in state 1'
check 'attached once more it is refused' sh -c '! dmvlctl attach g1/0'

agent_start g1
check 'both sides connect' wait_for 60 connected g1
mac=$(xenstore-read "$(be g1)/mac")
like "$mac" '00:16:3e:*' 'the MAC is one of Xen'
is "$(mac g1 dmvl0)" "$mac" 'and the interface has it'
is "$(guest g1 cat /sys/class/net/dmvl0/mtu)" 1500 'the MTU too'
guest_net g1 1
is "$(guest g1 cat /sys/class/net/dmvl0/carrier)" 1 'the carrier is on'
check 'g1 pings the world' talks g1
check 'the world pings g1' reaches world 10.77.1.1
check 'g1 pings the world over IPv6' wait_for 30 reaches g1 fd77::1
check 'the world pings g1 over IPv6' reaches world fd77::1:1
check 'ping of every size' guest g1 'for s in 0 1 17 18 46 100 1472; do ping -c 1 -W 5 -s $s 10.77.0.1 || exit 1; done'
check 'fragments too' guest g1 ping -c 1 -W 5 -s 4000 10.77.0.1

# Neighbours forgotten on both sides: ARP and ND anew, asked by the other side first.
world ip neigh flush dev world0
guest g1 ip neigh flush dev dmvl0
check 'ARP from the world' reaches world 10.77.1.1
is "$(world ip neigh show 10.77.1.1 | awk '{ for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }')" "$mac" \
	'finds the MAC'
check 'neighbour discovery from the world' reaches world fd77::1:1

wait "$started"
is "$(grep -c "^$mac " rarp.out)" 5 'the uplink was told of the MAC five times'

like "$(dmvlctl list)" "*g1*512*" 'dmvlctl list shows it'
check 'dmvlctl detach' dmvlctl detach g1
check 'the backend directory is gone' no_node "$(be g1)"
check 'the frontend directory is gone' no_node "$(fe g1)"
check 'the agent lives on' guest g1 kill -0 "$agent"
is "$(guest g1 cat /sys/class/net/dmvl0/carrier)" 0 'its carrier is off'

check 'attach again' dmvlctl attach g1
check 'the agent connects' wait_for 60 connected g1
check 'and traffic flows' talks g1
back_stop
is $? 0 'dmvl-back ends well'
is "$(xenstore-read "$uplink/state")" stopped 'and says so'
done_testing
