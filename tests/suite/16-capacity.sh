#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The uplink's capacity, measured by back-pressure instead of configured: it is demanded where there is no
# back-pressure, the estimate follows changes, and minima that no longer fit are scaled.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

up='--uplink tap:dmvl-up,bridge=xenbr0'
high=$SUITE_RATE
low=$((SUITE_RATE / 2))

# demanded WHAT PATTERN [OPTION..]: dmvl-back does not start without --tx-capacity, and says why.
demanded()
{
	_what=$1 _pattern=$2
	shift 2
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $up
	dmvl-back "$@" 2>err
	is $? 2 "$_what makes dmvl-back without a capacity end with status 2"
	is "$(wc -l <err)" 1 "$_what makes dmvl-back without a capacity print one line"
	like "$(cat err)" "$_pattern" "$_what makes dmvl-back say why it needs a capacity"
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
demanded 'a TAP without a bridge' '*no bridge*--tx-capacity*' --uplink tap:dmvl-up
if bridge_filter 1; then
	tc qdisc add dev up0 root tbf rate "$high" burst 8k limit 100k
	demanded 'iptables for the bridge' '*br_netfilter*iptables=0*--tx-capacity*'
	tc qdisc del dev up0 root
	bridge_filter 0
else
	skip 'no br_netfilter here' 'iptables for the bridge make dmvl-back end with status 2 without a capacity'
fi
demanded 'a veth pair' '*up0*veth*--tx-capacity*'
tc qdisc add dev up0 root tbf rate "$high" burst 8k limit 10k
demanded 'a queue that is too short' '*10240*--tx-capacity*'
check 'dmvl-back leaves no TAP when it needs a capacity' test ! -e /sys/class/net/dmvl-up
xenstore-write "$uplink/tx-capacity" 1000000000
# shellcheck disable=SC2086
check 'dmvl-back starts with the capacity that xenstore has' back_run $up
back_stop
xenstore-rm "$uplink/tx-capacity"

up_rate "$high"
# shellcheck disable=SC2086
check 'dmvl-back starts without a capacity on a shaped port' back_run $up
is "$(xenstore-read "$uplink/tx-capacity-estimate")" 0 'the estimate is 0 before there is traffic'
# Rounded, and of a moment later: about what the key says.
shown()
{
	dmvlctl uplinks | awk -F '  +' -v e="$(xenstore-read "$uplink/tx-capacity-estimate")" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "TX-CAPACITY-ESTIMATE") column = i; next }
		{
			shown = $column * ($column ~ /gbit/ ? 1e9 : $column ~ /mbit/ ? 1e6 : $column ~ /kbit/ ? 1e3 : 1)
			good = shown > 0.95 * e && shown < 1.05 * e
		}
		END { exit !good }'
}
ldps 'g1 1 weight=100' "g2 2 weight=200 tx-min=$((low * 60 / 100))" "g3 3 weight=100 tx-min=$((low * 38 / 100))"
talks g1
talks g2
sink_start
sends g1 udp -b $((high * 2)) -l 1400
sends g2 udp -b $((high * 2)) -l 1400
check 'the estimate is within 5 % of a shaped link' wait_for 30 estimate_near "$high"
check 'dmvlctl uplinks shows the estimate' wait_for 10 shown
check 'minima that fit the estimate are no error' key_is "$(be g2)/error" ''
shares 'on a measured link g1 and g2 share 1:2' 5 10.77.1.1=1 10.77.1.2=2

up_rate $((low * 4 / 5))
check 'the estimate follows a link that becomes slower' wait_for 30 estimate_near $((low * 4 / 5))
check 'on a slower link the error of g2 says that minima are scaled' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
check 'on a slower link the error of g3 says that minima are scaled' wait_for 30 key_like "$(be g3)/error" '*tx-min*scaled*'
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'on a slower link g1, which has no minimum, has no error'
agent_kill TERM g3
wait_for 30 states_are '2 6' g3
agent_start g3
check 'a device whose minimum is scaled connects' wait_for 60 connected g3
up_rate "$high"
check 'the estimate follows a link that becomes faster' wait_for 30 estimate_near "$high"
check 'on a faster link the error of scaled minima clears' wait_for 30 key_is "$(be g2)/error" ''
is "$(dropped_silently)" 0 'no frame is dropped behind a measured uplink'

# A capacity configured live, then taken back. A link clearly slower than that is still noticed.
xenstore-write "$uplink/tx-capacity" "$high"
up_rate $((low * 4 / 5))
check 'a link slower than the configured capacity scales the minima' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
up_rate "$high"
check 'a link as fast as the configured capacity does not scale the minima' wait_for 30 key_is "$(be g2)/error" ''
xenstore-write "$uplink/tx-capacity" "$low"
check 'a configured capacity too small for the minima scales them' wait_for 30 key_like "$(be g2)/error" '*tx-min*scaled*'
xenstore-write "$uplink/tx-capacity" 0
check 'the measured capacity is in force when the configured one is taken back' wait_for 30 key_is "$(be g2)/error" ''

# The signal is lost at run time: then no capacity is known, and a configured one cannot be taken back.
tc qdisc del dev up0 root
check 'a signal that is lost shows in the error of the uplink' wait_for 30 key_like "$uplink/error" '*veth*'
xenstore-write "$uplink/tx-capacity" "$high"
check 'a configured capacity clears the error of a lost signal' wait_for 30 key_is "$uplink/error" ''
xenstore-write "$uplink/tx-capacity" 0
check 'taking back the capacity is refused without a signal' wait_for 30 key_like "$uplink/error" '*tx-capacity*veth*'
like "$(grep 'uplink default: capacity' "$_log" | tail -n 1)" '*, configured' 'a capacity that cannot be taken back stays in force'
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
done_testing
