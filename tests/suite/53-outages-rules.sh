#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Rules of others that take guests' frames, and ports of the bridge that pass none of strangers: dmvlctl check finds
# each, as in 53-outages, and nothing about a firewall that guests' frames do not meet.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

# cut_off NAME: it does not reach the world.
cut_off()
{
	! reaches "$1" 10.77.0.1
}

outages_setup

# ---- locked ports

if bridge link set dev dmvl-up locked on 2>/dev/null; then
	outage 'a TAP whose port is locked' 'default: the bridge xenbr0 has its port dmvl-up locked, .* g1/0 and 1 more'
	bridge link set dev dmvl-up locked on
	bridge fdb replace "$(xenstore-read "$(be g1)/mac")" dev dmvl-up master static
	outage "a locked TAP where one guest's address was entered" 'default: .* locked, and the MAC of g2/0 was'
	bridge link set dev dmvl-up locked on
	bridge fdb replace "$(xenstore-read "$(be g2)/mac")" dev dmvl-up master static
	check "dmvlctl check finds nothing about a locked TAP where all guests' addresses were entered" wait_for 30 finds_nothing
	bridge fdb del "$(xenstore-read "$(be g2)/mac")" dev dmvl-up master
	bridge fdb add "$(xenstore-read "$(be g2)/mac")" dev dmvl-up master dynamic extern_learn
	check 'dmvlctl check finds nothing about a locked TAP where a program entered an address' wait_for 30 finds_nothing
	bridge link set dev dmvl-up locked off
	bridge link set dev up0 locked on
	bridge fdb replace 02:00:00:00:00:99 dev up0 master static
	check 'dmvlctl check notes a locked card at which a router was entered' \
		wait_for 30 notes 'the bridge xenbr0 has its port up0 locked, by which frames leave'
	bridge fdb del 02:00:00:00:00:99 dev up0 master
	bridge fdb flush dev up0 2>/dev/null || ip link set up0 type bridge_slave fdb_flush
	check 'the world does not reach g1 through a locked port' cut_off g1
	outage 'a card whose port is locked' 'default: the bridge xenbr0 has its port up0 locked, by which frames leave'
	check 'g1 pings the world when no port is locked' talks g1
else
	skip 'this kernel has no locked ports in its bridges' 'dmvlctl check finds a locked port'
fi

# ---- nftables

nft_works()
{
	command -v nft >&2 || return 1
	nft add table bridge probe >&2 && nft delete table bridge probe
}

if nft_works; then
	nft add table inet filter
	nft add chain inet filter forward '{ type filter hook forward priority 0; policy drop; }'
	nft add chain inet filter input '{ type filter hook input priority 0; policy accept; }'
	nft add rule inet filter input tcp dport 22 drop
	nft add table netdev other
	nft add chain netdev other lo '{ type filter hook ingress device lo priority 0; policy drop; }'
	nft add table bridge guard
	nft add chain bridge guard vifs
	nft add rule bridge guard vifs ether type arp drop
	nft add chain bridge guard forward '{ type filter hook forward priority 0; policy accept; }'
	nft add rule bridge guard forward iifname '"vif*"' jump vifs
	nft add rule bridge guard forward oifname vif1.0 drop
	nft add rule bridge guard forward iifname dmvl-up counter accept
	nft add chain bridge guard input '{ type filter hook input priority 0; policy drop; }'
	nft add table netdev card
	nft add chain netdev card in '{ type filter hook ingress device up0 priority 0; policy accept; }'
	nft add rule netdev card in udp dport 1900 drop
	check "dmvlctl check finds nothing about a firewall that guests' frames do not meet" wait_for 30 finds_nothing ||
		cat found >&2

	nft insert rule bridge guard forward ether type ip drop
	check 'g1 does not reach the world through a bridge that drops IPv4' cut_off g1
	outage 'a rule of nftables in the bridge' 'default: the nftables chain forward of table bridge guard may drop some .* by a rule$'
	check 'g1 pings the world when the rule is gone' talks g1
	nft insert rule bridge guard forward jump vifs
	outage 'a chain of nftables that another one calls' 'default: the nftables chain forward of table bridge guard may drop .* by a rule$'
	nft add chain bridge guard forward '{ policy drop; }'
	outage 'a policy of nftables in the bridge' 'default: the nftables chain forward of table bridge guard drops all .* by its policy$'
	nft add chain netdev other tap '{ type filter hook ingress device dmvl-up priority 0; policy accept; }'
	nft add rule netdev other tap ether type vmap '{ ip : drop, arp : accept }'
	outage 'a map of nftables at the TAP' 'note: uplink default: the nftables chain tap of table netdev other .* by a rule$'
	nft add rule netdev card in counter drop
	outage 'a card at which nftables drops all' 'default: the nftables chain in of table netdev card drops all .* by a rule$'
	check 'g1 pings the world when nftables drops nothing' talks g1
	nft delete table bridge guard
elif command -v nft >&2; then
	skip 'this kernel has no nftables in its bridges' 'dmvlctl check finds rules of nftables'
else
	skip 'nft is missing' 'dmvlctl check finds rules of nftables'
fi

# ---- tc and XDP, at the TAP

drop_all='1,6 0 0 2,'
for hook in ingress egress; do
	tc qdisc replace dev dmvl-up clsact
	if tc filter add dev dmvl-up $hook bpf bytecode "$drop_all" direct-action; then
		check "g1 does not reach the world through a filter of tc that drops all ($hook)" cut_off g1
		outage "a filter of tc at the TAP ($hook)" "note: uplink default: dmvl-up has filters of tc at its $hook,"
	else
		skip 'this kernel has no filters of tc with BPF' "dmvlctl check finds a filter of tc at the TAP ($hook)"
	fi
	check "dmvlctl check finds nothing about a TAP without filters ($hook)" finds_nothing
done
tc qdisc replace dev up0 clsact
if tc filter add dev up0 ingress bpf bytecode '1,6 0 0 0,' direct-action; then
	check 'dmvlctl check finds nothing about filters at the card that drop nothing' wait_for 30 finds_nothing
	tc filter add dev up0 ingress prio 1 bpf bytecode "$drop_all" direct-action
	check 'g1 does not reach the world through filters at the card' cut_off g1
	outage 'filters at the card that drop frames' 'note: uplink default: up0, .* has filters of tc that have dropped [1-9][0-9]* frames'
	check 'g1 pings the world without filters at the card' talks g1
fi
tc qdisc replace dev dmvl-up root tbf rate 8kbit burst 2k limit 4000
outage 'a TAP with a queueing discipline that limits' 'note: uplink default: dmvl-up has the queueing discipline tbf,'
tc qdisc replace dev dmvl-up root pfifo limit 500
check 'dmvlctl check finds nothing about a TAP with a plain queue' finds_nothing

cat >drop.c <<'C'
__attribute__((section("xdp"), used)) int drop(void *frame)
{
	(void)frame;
	return 1;
}
C
if ! clang -O2 -target bpf -c -o drop.o drop.c >&2; then
	skip 'clang compiles nothing for BPF' 'dmvlctl check finds an XDP program at the TAP'
elif mkdir bpf && mount -t bpf bpf bpf >&2 &&
	TC_BPF_MNT=$PWD/bpf ip link set dev dmvl-up xdpgeneric obj drop.o section xdp >&2; then
	check 'g1 does not reach the world through an XDP program that drops all' cut_off g1
	outage 'an XDP program at the TAP' 'note: uplink default: dmvl-up has an XDP program,'
	TC_BPF_MNT=$PWD/bpf ip link set dev up0 xdpgeneric obj drop.o section xdp >&2
	outage 'an XDP program at the card' 'note: uplink default: up0 has an XDP program,'
else
	skip 'this kernel has no XDP that ip loads' 'dmvlctl check finds an XDP program at the TAP'
fi
check 'g1 pings the world at the end' talks g1

back_stop
done_testing
