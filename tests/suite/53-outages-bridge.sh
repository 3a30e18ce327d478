#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Outages whose cause is a bridge that runs, or what Domain-0 may compute: dmvlctl check finds each, as in 53-outages.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

outages_setup

bridge link set dev up0 state 1
outage 'a card whose port does not forward' 'default: the bridge xenbr0 has its port up0 not forwarding, by which frames leave'
ip link set xenbr0 type bridge mcast_snooping 0
for port in dmvl-up up0; do
	bridge link set dev $port mcast_flood off
	outage "multicasts that are off at $port" "default: the bridge xenbr0 has mcast_flood off at its port $port:"
done
bridge link set dev up0 mcast_flood off
ip link set xenbr0 type bridge mcast_snooping 1
check 'dmvlctl check finds nothing about multicasts where the bridge learns who wants them' wait_for 30 finds_nothing
bridge link set dev up0 mcast_flood on
if ip link set xenbr0 type bridge vlan_filtering 1; then
	check 'dmvlctl check finds nothing about a bridge that filters VLANs' wait_for 30 finds_nothing
	bridge vlan del dev dmvl-up vid 1
	outage 'a TAP without a VLAN' 'default: the bridge xenbr0 filters VLANs, and its port dmvl-up has none for untagged frames'
	bridge vlan del dev up0 vid 1
	outage 'a card that is not in the VLAN' 'default: the bridge xenbr0 filters VLANs, and its port up0 is not in VLAN 1,'
	check 'g1 pings the world when the ports are in the VLAN again' talks g1
	bridge vlan add dev up0 vid 10
	dmvlctl set g2 vlan=untagged,10 >&2
	outage "a TAP that is not in a guest's VLAN" 'default: .* its port dmvl-up is not in VLAN 10,'
	bridge vlan del dev up0 vid 10
	outage "a card that is not in a guest's VLAN" 'default: .* its port up0 is not in VLAN 10,'
	dmvlctl set g2 vlan=none >&2
	ip link set xenbr0 type bridge vlan_filtering 0
else
	skip 'this kernel has no VLANs in its bridges' 'dmvlctl check finds what a bridge loses by its VLANs'
fi
own_mac=$(xenstore-read "$(be g1)/mac")
# Sticky: no frame of g1 moves it back.
bridge fdb replace "$own_mac" dev up0 master static sticky
outage "a guest's address behind the card" "g1/0: the bridge xenbr0 sends frames for its MAC $own_mac to up0, and not to dmvl-up"
bridge fdb replace "$own_mac" dev up0 master permanent
outage "a guest's address that the host has" "g1/0: its MAC $own_mac is an address of this host too" \
	'bridge fdb del $own_mac dev up0 master'
check 'g1 pings the world when the bridge has its address at the TAP again' talks g1

echo 40 >/run/xensim/cap.0
outage 'Domain-0 that may not use a whole CPU' 'Domain-0: it may use 40 % of one CPU'

back_stop
done_testing
