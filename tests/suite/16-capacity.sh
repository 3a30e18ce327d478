#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The uplink's capacity, not configured but measured by back-pressure: demanded where that cannot be
# seen, followed when it changes, and what becomes of minima that no longer fit.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

up='--uplink tap:dmvl-up,bridge=xenbr0'
high=$SUITE_RATE
low=$((SUITE_RATE / 2))

# demanded DESCRIPTION PATTERN [OPTION..]: it does not start without --tx-capacity, and says why.
demanded()
{
	_what=$1 _pattern=$2
	shift 2
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $up
	dmvl-back "$@" 2>err
	is $? 2 "$_what: status 2"
	is "$(wc -l <err)" 1 "$_what: one line"
	like "$(cat err)" "$_pattern" "$_what: says why"
}

# up_rate RATE: what up0 carries from now on, in bits per second.
up_rate()
{
	tc qdisc replace dev up0 root tbf rate "$1" burst 8k limit 100k
}

dropped_silently()
{
	tc -s qdisc show dev up0 | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | head -n 1
}

# estimate_near RATE: for wait_for. Wire bytes are a little more than the shaper's.
estimate_near()
{
	awk -v e="$(xenstore-read "$uplink/tx-capacity-estimate")" -v r="$1" \
		'BEGIN { exit !(e > 0.95 * r && e < 1.05 * r) }'
}

uplink_setup
ip link add empty0 type bridge
ip link set empty0 up
demanded 'a bridge without ports' '*empty0*no port*--tx-capacity*' --uplink tap:dmvl-up,bridge=empty0
demanded 'no bridge' '*no bridge*--tx-capacity*' --uplink tap:dmvl-up
if bridge_filter 1; then
	tc qdisc add dev up0 root tbf rate "$high" burst 8k limit 100k
	demanded 'iptables for the bridge' '*br_netfilter*iptables=0*--tx-capacity*'
	tc qdisc del dev up0 root
	bridge_filter 0
else
	skip 'no br_netfilter here' 'iptables for the bridge'
fi
demanded 'a veth pair' '*up0*veth*--tx-capacity*'
tc qdisc add dev up0 root tbf rate "$high" burst 8k limit 10k
demanded 'a queue that is too short' '*10240*--tx-capacity*'
check 'no TAP is left' test ! -e /sys/class/net/dmvl-up
xenstore-write "$uplink/tx-capacity" 1000000000
# shellcheck disable=SC2086
check 'what xenstore has will do' back_run $up
back_stop
xenstore-rm "$uplink/tx-capacity"

up_rate "$high"
# shellcheck disable=SC2086
check 'with a shaped port it starts without' back_run $up
is "$(xenstore-read "$uplink/tx-capacity-estimate")" 0 'the estimate is not known yet'
# The estimate moves: this is as it was a moment ago.
shown()
{
	_digit=$(xenstore-read "$uplink/tx-capacity-estimate" | cut -c1)
	dmvlctl uplinks | grep -q " ${_digit}[0-9.]*[kmg]*bit "
}
ldps 'g1 1 weight=100' "g2 2 weight=200 tx-min=$((low * 60 / 100))" "g3 3 weight=100 tx-min=$((low * 38 / 100))"
talks g1
talks g2
sink_start
sends g1 udp -b $((high * 2)) -l 1400
sends g2 udp -b $((high * 2)) -l 1400
check 'the estimate is found' wait_for 30 estimate_near "$high"
check 'dmvlctl shows it' wait_for 10 shown
check 'the minima fit' key_is "$(be g2)/error" ''
shares 'without pacing, 1:2' 5 10.77.1.1=1 10.77.1.2=2

up_rate $((low * 4 / 5))
check 'a slower link: the estimate follows' wait_for 30 estimate_near $((low * 4 / 5))
check 'the minima are scaled, which is said' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
check 'by each that has one' wait_for 30 key_like "$(be g3)/error" '*tx-min*scaled*'
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'and by no other'
agent_kill TERM g3
wait_for 30 states_are '2 6' g3
agent_start g3
check 'a device with such a minimum connects' wait_for 60 connected g3
up_rate "$high"
check 'a faster link: the estimate follows' wait_for 30 estimate_near "$high"
check 'the error clears' wait_for 30 key_is "$(be g2)/error" ''
is "$(dropped_silently)" 0 'nothing was dropped behind the uplink'

# Configured, live, and not any more. A link that is clearly slower than that still shows.
xenstore-write "$uplink/tx-capacity" "$high"
up_rate $((low * 4 / 5))
check 'slower than configured: the minima are scaled' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
up_rate "$high"
check 'as fast: they are not' wait_for 30 key_is "$(be g2)/error" ''
xenstore-write "$uplink/tx-capacity" "$low"
check 'minima do not fit what is configured' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
xenstore-write "$uplink/tx-capacity" 0
check 'measured again: they fit' wait_for 30 key_is "$(be g2)/error" ''

# The signal goes while it runs: there is no capacity then, and the one configured stays.
tc qdisc del dev up0 root
check 'no signal any more: said' wait_for 30 key_like "$uplink/error" '*veth*'
xenstore-write "$uplink/tx-capacity" "$high"
check 'until a capacity is configured' wait_for 30 key_is "$uplink/error" ''
links=$(grep -c 'uplink default: capacity' "$_log")
xenstore-write "$uplink/tx-capacity" 0
check 'which cannot be undone' wait_for 30 key_like "$uplink/error" '*tx-capacity*veth*'
is "$(grep -c 'uplink default: capacity' "$_log")" "$links" 'and stays in force'
back_stop
is $? 0 'dmvl-back ends well'
done_testing
