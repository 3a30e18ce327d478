#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# What other programs set up on hosts that are well: dmvlctl check finds nothing, or notes what may be meant, which
# counts for nothing.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

nft_works()
{
	command -v nft >&2 || return 1
	nft add table bridge probe >&2 && nft delete table bridge probe
}

# healthy WHAT: with the rules of standard input, check finds nothing. They are taken away again.
healthy()
{
	if nft -f - >&2; then
		check "dmvlctl check finds nothing with $1" wait_for 30 finds_nothing || cat found >&2
	else
		check "nft takes $1" false
	fi
	nft flush ruleset
}

# noted WHAT PATTERN: with the rules of standard input, check notes the pattern, and nothing else.
noted()
{
	if nft -f - >&2; then
		check "dmvlctl check notes $1" wait_for 30 notes "$2" || cat found >&2
		check "dmvlctl check as a plugin is content with $1" \
			sh -c 'dmvlctl check --nagios >out && grep -q "^DMVL OK - .* | findings=0;" out'
	else
		check "nft takes $1" false
	fi
	nft flush ruleset
}

# changing: rules come and go all the time.
changing()
{
	while [ ! -e changed ]; do
		echo 'add table bridge busy; delete table bridge busy'
	done | nft -i >&2
}

outages_setup
nft_works || { skip 'there is no nftables for bridges' 'dmvlctl check finds nothing'; back_stop; done_testing; exit; }

# ---- firewalls of the host

healthy 'what Debian and ufw have: a firewall of IP' <<'N'
table inet filter {
	chain input { type filter hook input priority 0; policy drop; iifname "lo" accept; tcp dport 22 accept; }
	chain forward { type filter hook forward priority 0; policy drop; }
	chain output { type filter hook output priority 0; }
}
table ip filter {
	chain ufw-reject { reject; }
	chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-reject; }
}
N
healthy "chains as Docker and firewalld have them" <<'N'
table ip nat {
	chain DOCKER { iifname "docker0" return; }
	chain PREROUTING { type nat hook prerouting priority -100; policy accept; jump DOCKER; }
}
table ip filter {
	chain DOCKER-ISOLATION { oifname "docker0" drop; }
	chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-ISOLATION; }
}
table inet firewalld {
	chain raw { type filter hook prerouting priority -290; policy accept; meta nfproto ipv6 drop; }
	chain filter { type filter hook forward priority 10; policy accept; drop; }
}
N
healthy 'a firewall at the card and at other devices' <<'N'
table netdev filter {
	chain card { type filter hook ingress device "up0" priority -500; policy accept;
		ip frag-off & 0x1fff != 0 drop; tcp flags & (fin|syn) == fin|syn drop; }
	chain br { type filter hook ingress device "xenbr0" priority 0; policy drop; }
	chain lo { type filter hook ingress device "lo" priority 0; policy drop; }
}
N

# ---- in the bridge

healthy 'filters of libvirt and of other ports' <<'N'
table bridge nat {
	chain I-vnet0 { ether saddr != 52:54:00:00:00:01 drop; accept; }
	chain PREROUTING { type filter hook prerouting priority -300; policy accept;
		iifname "vnet0" counter jump I-vnet0; iifname "vif*" drop; iif "lo" drop; }
	chain POSTROUTING { type filter hook postrouting priority 300; policy accept; oifname "vnet0" jump I-vnet0; }
}
table bridge filter { chain FORWARD { type filter hook forward priority -200; policy accept; }
}
N
healthy 'filters of sets of other ports' <<'N'
table bridge t {
	set guests { type ifname; elements = { "vif1.0", "vif2.0" }; }
	set macs { type ifname . ether_addr; elements = { "vif1.0" . 00:16:3e:00:00:01 }; }
	set none { type ifname; }
	chain far { drop; }
	chain forward { type filter hook forward priority 0; policy accept;
		iifname { "vnet0", "vnet1" } drop; iifname { "vnet*", "a*", "eth7", "up00" } drop;
		iifname @guests ether type arp drop; iifname @none drop;
		iifname . ether saddr @macs drop; oifname vmap { "vnet0" : drop, "vnet1" : jump far };
		iifname != { "dmvl-up", "up0" } drop; iifname != "dmvl-up" iifname != "up0" drop;
		iifname "xenbr0" drop; iifname "dmvl-u" drop; }
}
N
healthy 'a filter that accepts what is of the uplink, and drops the rest' <<'N'
table bridge t {
	chain far { drop; }
	chain near { iifname { "dmvl-up", "tap0" } oifname "up0" counter accept; oifname "dmvl-up" return; log drop; }
	chain forward { type filter hook forward priority 0; policy drop;
		jump near; iifname "up0" oifname "dmvl-up" accept; goto far; }
	chain post { type filter hook postrouting priority 0; policy drop; iifname != "vif9.0" accept; }
	chain pre { type filter hook prerouting priority 0; policy drop; iifname { "dmvl*", "up*" } accept; }
}
N
healthy 'a table that is switched off' <<'N'
table bridge t {
	flags dormant
	chain forward { type filter hook forward priority 0; policy drop; }
}
N

# ---- what may be meant

noted 'a guard against what guests should not send' 'chain forward of table bridge t may drop some .* by a rule$' <<'N'
table bridge t { chain forward { type filter hook forward priority 0; policy accept;
	iifname "dmvl-up" ether daddr 01:80:c2:00:00:00 drop; }
}
N
noted 'a list of what may pass' 'chain forward of table bridge t may drop some .* by its policy$' <<'N'
table bridge t { chain forward { type filter hook forward priority 0; policy drop; ether type { arp, ip } accept; }
}
N
noted 'a map of ports' 'chain forward of table bridge t may drop some .* by a rule$' <<'N'
table bridge t { chain forward { type filter hook forward priority 0; policy accept;
	iifname vmap { "vnet0" : drop, "dmvl-up" : accept }; }
}
N
nft -f - <<'N'
table bridge t { chain forward { type filter hook forward priority 0; policy accept; udp sport 67 drop; }
}
N
dmvlctl check --json >out
is $? 0 'dmvlctl check --json ends with 0 for a note'
check 'dmvlctl check --json has notes' python3 -c '
import json
o = json.load(open("out"))
n, = o["notes"]
assert o["problems"] == [] and n["kind"] == "rules" and not n["critical"] and n["commands"], o'
nft flush ruleset

# ---- very many, and changing

{
	echo 'table bridge t {'
	for i in $(seq 1 3000); do echo "chain c$i { ether saddr != 52:54:00:00:00:01 drop; accept; }"; done
	echo 'chain forward { type filter hook forward priority 0; policy drop;'
	for i in $(seq 1 3000); do echo "iifname \"vif$i.0\" jump c$i;"; done
	echo 'iifname "dmvl-up" accept; oifname "dmvl-up" accept; }'
	echo '}'
} >many
began=$(date +%s)
healthy 'thousands of rules of other ports' <many
diag "thousands of rules took $(($(date +%s) - began)) s"
{
	echo 'table bridge t {'
	for i in $(seq 14 -1 1); do echo "chain c$i { $([ "$i" = 14 ] || echo "jump c$((i + 1)); jump c$((i + 1));") }"; done
	echo 'chain forward { type filter hook forward priority 0; policy accept; jump c1; }'
	echo '}'
} >many
healthy 'chains that call each other thousands of times' <many
{
	echo 'table bridge t {'
	echo 'chain forward { type filter hook forward priority 0; policy drop;'
	for i in $(seq 1 6000); do echo "iifname \"vif$i.0\" drop;"; done
	echo 'iifname "dmvl-up" accept; oifname "dmvl-up" accept; }'
	echo '}'
} >many
nft -f many >&2
changing &
changer=$!
for _ in 1 2 3 4 5; do
	look || cat found
done >findings
touch changed
wait $changer
is "$(cat findings)" '' 'dmvlctl check finds nothing while rules change'
nft flush ruleset

# ---- tc and queues

tc qdisc replace dev up0 root fq_codel
tc qdisc replace dev up0 clsact
tc filter add dev up0 ingress bpf bytecode '1,6 0 0 4294967295,' direct-action 2>/dev/null
ip link add mon0 type veth peer name mon1
tc filter add dev up0 ingress prio 7 matchall action mirred egress mirror dev mon0 2>/dev/null
for kind in fq fq_codel sfq cake prio noqueue; do
	tc qdisc replace dev dmvl-up root $kind 2>/dev/null || continue
	check "dmvlctl check finds nothing about a TAP with $kind" wait_for 30 finds_nothing || cat found >&2
done
check 'g1 pings the world at the end' talks g1
back_stop
done_testing
