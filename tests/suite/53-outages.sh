#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Outages made on purpose: dmvlctl check finds each, and nothing any more when its commands are followed.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

uplink_setup
mkdir policy
echo '[g1]
attach = no
weight = 300' >policy/policy.conf
start_back --policy "$PWD/policy/policy.conf"
ldps 'g1 1' 'g2 2'
check 'dmvlctl check finds nothing at the beginning' wait_for 30 finds_nothing || cat found >&2

# ---- interfaces

ip link del xenbr0
outage 'a bridge that is gone' 'default: there is no bridge xenbr0' \
	'sysctl -q -w net.ipv6.conf.xenbr0.disable_ipv6=1 >&2; ip link set up0 master xenbr0'
check 'g1 pings the world when the bridge was made again' talks g1
ip link set xenbr0 down
outage 'a bridge that is down' 'default: the bridge xenbr0 is down'
ip link add other0 type bridge
ip link set dmvl-up master other0
outage 'a TAP in another bridge' 'default: the TAP dmvl-up is in the bridge other0 and not in xenbr0'
ip link del other0
ip link set dmvl-up down
outage 'a TAP that is down' 'default: the TAP dmvl-up is down'
ip link set dmvl-up down
ip link set dmvl-up name renamed0
outage 'a TAP that was renamed' 'default: the TAP dmvl-up was renamed to renamed0'
bridge link set dev dmvl-up state 0
outage 'a port that is disabled' 'default: the bridge xenbr0 has its port dmvl-up disabled'
bridge link set dev up0 state 0
outage 'a card whose port is disabled' 'default: the bridge xenbr0 has its port up0 disabled, by which frames leave'
ip link set dmvl-up carrier off
outage 'a TAP whose carrier was taken' 'default: the bridge xenbr0 has its port dmvl-up disabled'
check 'g1 pings the world when the TAP has its carrier again' talks g1
ip link set up0 nomaster
outage 'a card taken out of the bridge' 'default: up0, by which frames left the host, is not in the bridge xenbr0'
check 'g1 pings the world when the card is in the bridge again' talks g1
ip link set up0 down
ip link set up0 name lan0
ip link set lan0 up
check 'the exit of an uplink is known by its new name' wait_for 30 key_is "$uplink/exits" lan0
check 'dmvlctl check finds nothing about a card that was renamed in its bridge' wait_for 30 finds_nothing
ip link set lan0 down
ip link set lan0 name up0
ip link set up0 up
check 'the exit of an uplink has its name again' wait_for 30 key_is "$uplink/exits" up0
for port in dmvl-up up0; do
	bridge link set dev $port flood off
	outage "flooding that is off at $port" "default: the bridge xenbr0 has flood off at its port $port:"
	bridge link set dev $port bcast_flood off
	outage "broadcasts that are off at $port" "default: the bridge xenbr0 has bcast_flood off at its port $port:"
done
bridge link set dev dmvl-up isolated on
bridge link set dev up0 isolated on
outage 'a TAP isolated from the card' 'default: dmvl-up and up0 are isolated ports of the bridge xenbr0'
ip link set up0 down
outage 'a card without a link' 'default: up0, by which frames leave the host, has no link'
ip link set dmvl-up mtu 1400
outage 'a TAP with a smaller MTU than the card' 'default: the MTU of dmvl-up is 1400, and that of up0, .* is 1500'
ip link set xenbr0 mtu 1500
ip link set dmvl-up mtu 1600
outage 'a TAP with another MTU than its bridge' 'default: the MTU of dmvl-up is 1600, and that of its bridge xenbr0 is 1500'
ip link set xenbr0 type bridge stp_state 1 forward_delay 200
outage 'spanning tree' 'the bridge xenbr0 has spanning tree on: .* for 4\.00 s'
check 'g1 pings the world after all that' talks g1

# ---- the capacity

dmvlctl uplink default tx-capacity=10gbit >&2
card_plug up0 1000 up
outage 'a capacity above the speed of the card' 'default: tx-capacity is 10gbit, more than the 1gbit'
card_unplug up0
tc qdisc replace dev up0 root tbf rate 20mbit burst 2k limit 4000
outage 'a queue too short for the send buffer' 'default: tx-capacity 0: it cannot be measured: a queue of up0 holds 4000 bytes'
tc qdisc del dev up0 root

dmvlctl uplink default host-min=5gbit 2>err
is $? 1 'dmvlctl uplink fails for a minimum of the host above the capacity'
like "$(cat err)" '*host-min 5000000000: the host gets*' "dmvlctl uplink prints dmvl-back's sentence"
outage 'a minimum of the host above the capacity' 'default: host-min 5000000000: the host gets'

# ---- the host

xensim fail 0 gntdev ENOENT 1000
outage 'gntdev missing in Dom0' 'xen_gntdev: /dev/xen/gntdev is missing'
if bridge_filter 1; then
	outage 'bridges that call iptables' 'bridge filter: .*bridge-nf-call-[a-z6]* is 1'
fi
if [ -d /proc/sys/net/bridge ]; then
	ip link set xenbr0 type bridge nf_call_iptables 1 nf_call_arptables 1
	outage 'a bridge that calls iptables by itself' 'default: the bridge xenbr0 hands its frames to (ip|arp)tables'
fi
echo 1024 >/run/xensim/weight.1
outage 'a guest with more CPU weight than Domain-0' 'Domain-0: its CPU weight is 256, and domain 1 \(g1\) has 1024'
echo 1 >/run/xensim/cpus.0
outage 'Domain-0 pinned to one CPU' 'Domain-0: its 4 virtual CPUs are pinned to 1 of the 4 CPUs'
prlimit --pid "$back" --nofile="$(($(back_fds) + 3))": >&2
outage 'a dmvl-back that has nearly all files open' 'default: its dmvl-back has [0-9]* of at most [0-9]* files open'

# ---- keys

xenstore-write "$(be g2)/mac" "$(xenstore-read "$(be g1)/mac")"
outage 'two devices with one MAC' 'g2/0: its MAC [0-9a-f:]* is that of g1/0 too'
xenstore-write "$(be g1)/weigth" 512
outage 'a mistyped key' 'g1/0: there is no key "weigth", so it has no effect: is weight meant' \
	'dmvlctl set g1 weight=300 >&2'
xenstore-write "$(be g1)/frobnicate" 1
outage 'an unknown key' 'g1/0: there is no key "frobnicate", so it has no effect$'
xenstore-write "$uplink/tx-capacty" 1000000000
outage 'a mistyped key of an uplink' 'uplink default: there is no key "tx-capacty", .* is tx-capacity meant'
xenstore-write "$(be g2)/weight" banana
outage 'a value that is refused' 'g2/0: weight "banana": expected an integer'
xenstore-write "$(be g2)/vlan" banana "$(be g2)/latency" slow
outage 'two values that are refused' 'g2/0: (vlan|latency)'
xenstore-write "$(be g2)/tx-min" 20000000000
outage 'a minimum that does not fit' 'g2/0: tx-min 20000000000: the minima would sum to'
xenstore-write "$uplink/groups/acme/weight" banana
outage 'a refused value of a group' 'group acme of uplink default: weight "banana"'
xenstore-write "$uplink/host-weight" banana
outage 'a refused value of an uplink' 'uplink default: host-weight "banana"'
dmvlctl set g2 mtu=9000 >&2
outage 'an MTU above that of the uplink' 'g2/0: its MTU is 9000, and packets of at most 1500'
xenstore-write "$(be g1)/weight" 77
outage 'a device that is not as the policy says' 'g1/0: weight is 77, and the policy says 300'

# ---- leftovers, and the daemon

xenstore-write /local/domain/0/backend/dmvl/77/0/uplink old /local/domain/0/backend/dmvl/77/0/state 4
outage 'a device of a domain that does not exist' '77/0: there is no domain 77'
dmvl-back -n old --uplink tap:dmvl-old,bridge=xenbr0 --tx-capacity 1gbit 2>old.log &
old=$!
check 'a second dmvl-back starts' wait_for 30 grep -q 'version .*: uplink' old.log
dmvlctl forget-uplink old 2>err
is $? 1 'forget-uplink refuses an uplink that is served'
like "$(cat err)" '*the dmvl-back of uplink old is running: stop it first*' 'forget-uplink says why it refuses an uplink that is served'
kill -9 $old
wait $old
check 'dmvlctl uplinks says that a dmvl-back was killed' sh -c "dmvlctl uplinks | grep '^old .* killed '"
outage 'an uplink that nobody serves any more' 'uplink old: its dmvl-back does not run, but did not stop cleanly'
check 'the forgotten uplink is gone' no_node /local/domain/0/data/dmvl/old
dmvlctl forget-uplink old 2>err
is $? 1 'forget-uplink of an uplink that is gone fails'
dmvlctl attach g4 uplink=nowhere >&2
dmvlctl check --grace 1s >found
like "$(cat found)" '*g4/0: no dmvl-back has served its uplink nowhere since boot*' 'dmvlctl check finds an uplink that does not exist'
dmvlctl detach g4 >&2
xenstore-write "$uplink/version" 0.0.1
outage 'a dmvl-back of another version' 'uplink default: its dmvl-back is version 0.0.1'
back_pause
outage 'a dmvl-back that a signal stopped' 'uplink default: dmvl-back stands still: .* stopped process [0-9]*$'
kill -9 "$back"
wait "$back"
check 'dmvlctl check is critical as a plugin when dmvl-back was killed' \
	sh -c 'dmvlctl check --nagios >out; [ $? -eq 2 ] && grep -q "^DMVL CRITICAL - uplink default: dmvl-back does not run.* | findings=" out && [ "$(wc -l <out)" = 1 ]'
outage 'a dmvl-back that was killed' 'uplink default: dmvl-back does not run'
check 'g1 pings the world at the end' talks g1

diag "$outages outages found"
between $outages 20 99 'dmvlctl check finds twenty outages'

# ---- the ends of a look

check 'dmvlctl check is content as a plugin' sh -c 'dmvlctl check --nagios | grep "^DMVL OK - 2 devices on 1 uplinks | findings=0;"'
xenstore-write "$(be g1)/weigth" 1
dmvlctl check --nagios >out
is $? 1 'dmvlctl check as a plugin ends with 1 for a warning'
like "$(cat out)" 'DMVL WARNING - g1/0: there is no key "weigth"*' 'dmvlctl check as a plugin prints the problem'
dmvlctl check --json >out
is $? 1 'dmvlctl check --json ends with 1 for a problem'
check 'dmvlctl check --json has kind and commands' python3 -c '
import json
p, = json.load(open("out"))["problems"]
assert p["kind"] == "unknown-key" and not p["critical"] and p["commands"][0] == "dmvlctl set g1/0 weight=1", p'
check 'dmvlctl check -B has commands for that domain' \
	sh -c "dmvlctl check -B 0 | grep -qx '    dmvlctl -B 0 set g1/0 weight=1'"
# unknown DESCRIPTION TEXT WORD..: dmvlctl, as a plugin that cannot look.
unknown()
{
	_d=$1 _t=$2
	shift 2
	dmvlctl "$@" >out 2>err
	is $? 3 "dmvlctl as a plugin ends with 3: $_d"
	is "$(wc -l <out)$(cat err)" 1 "dmvlctl as a plugin prints one line: $_d"
	like "$(cat out)" "DMVL UNKNOWN - *$_t*" "dmvlctl as a plugin says why: $_d"
}
unknown 'two kinds of output' 'exclude each other' check --nagios --json
unknown 'an unknown option' 'no option "--frobnicate"' check --frobnicate --nagios
unknown 'a malformed value before --nagios' '--grace "soon"' check --grace soon --nagios
unknown 'an argument too many' 'too many arguments' check g1 --nagios
unknown 'an option cut short' 'too many arguments' check g1 --nag
unknown 'a mistyped command' 'no command "chekc"' chekc --nagios
unknown 'no command' 'no command' --nagios
unknown 'another command' 'list takes no --nagios' list --nagios
unknown 'a backend domain that is not there' 'no domain has the name "a/b' check -B 'a|b' --nagios
unknown 'a backend domain that does not exist' 'there is no domain 4321' check -B 4321 --nagios
dmvlctl check --json --frobnicate 2>err
is $? 2 'wrong use is 2 where no plugin is asked for'
xenstore-rm "$(be g1)/weigth"
back_stop
XENSTORED_PATH=/nowhere dmvlctl check 2>err
is $? 2 'dmvlctl check ends with 2 where there is no xenstored'
XENSTORED_PATH=/nowhere dmvlctl check --nagios >out
is $? 3 'dmvlctl check as a plugin ends with 3 where there is no xenstored'
like "$(cat out)" 'DMVL UNKNOWN - *' 'dmvlctl check as a plugin says that it could not look'

# stopped STATUS: xenstored stands still when dmvlctl asks it.
xenstored_stopped()
{
	xenstored=$(pidof -s xenstored oxenstored)
	kill -STOP "$xenstored"
	dmvlctl "$@" >out 2>err
	rc=$?
	kill -CONT "$xenstored"
}
xenstored_stopped check --nagios
is $rc 3 'dmvlctl check as a plugin ends with 3 where xenstored does not answer'
like "$(cat out)" 'DMVL UNKNOWN - xenstored does not answer*' 'dmvlctl check as a plugin says that xenstored does not answer'
done_testing
