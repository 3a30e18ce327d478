#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An uplink without a configured capacity, before a shaper: how near is the estimate, does the queue
# behind drop, how soon does the estimate follow a step. Run by tests/bench/run.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

seconds=4

metric()
{
	printf '{"bench":"%s","case":"%s","subject":"%s","metric":"%s","value":%s,"unit":"%s"}\n' \
		"$BENCH" "$1" dmvl "$2" "${3:-null}" "$4" >>"$BENCH_JSON"
}

# shape RATE LIMIT: what the link behind the uplink carries from now on.
shape()
{
	tc qdisc "$_verb" dev "$port" root tbf rate "$1" burst 64kb limit "$2" 2>/dev/null ||
		tc qdisc replace dev "$port" root tbf rate "$1" burst 64kb limit "$2"
}

# counter NAME: of the shaper's: bytes or drops.
counter()
{
	tc -s qdisc show dev "$port" | awk -v what="$1" '
		$1 == "Sent" && !n++ { print what == "bytes" ? $2 : $7 + 0 }'
}

# estimate: as the daemon has it now, in bits per second. Its key is a second old at times.
estimate()
{
	kill -USR1 "$back"
	sed -n 's/.*uplink.* estimate=\([0-9]*\).*/\1/p' "$_log" | tail -n 1
}

# bits RATE
bits()
{
	case $1 in
	*gbit) echo "${1%gbit}000000000" ;;
	*mbit) echo "${1%mbit}000000" ;;
	esac
}

# off ESTIMATE RATE: relative.
off()
{
	awk -v e="${1:-0}" -v r="$(bits "$2")" 'BEGIN { d = e / r - 1; print d < 0 ? -d : d }'
}

near()
{
	awk -v d="$(off "$(estimate)" "$1")" 'BEGIN { exit !(d < 0.05) }'
}

uptime_ms()
{
	awk '{ print int($1 * 1000) }' /proc/uptime
}

link_setup()
{
	if [ "$1" = tap ]; then
		uplink_setup
		port=up0 uplink_is=tap:dmvl-up,bridge=xenbr0
	else
		ip netns add world
		ip link add lower0 type veth peer name world0 netns world
		world ip link set world0 up
		world ip addr add 10.77.0.1/16 dev world0
		sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2
		port=lower0 uplink_is=macvtap:lower0
	fi
}

link_remove()
{
	ip link del "$port"
	ip link del xenbr0 2>/dev/null
	ip netns del world
}

# traffic_start KIND RATE LIMIT: two guests send all they can.
traffic_start()
{
	link_setup "$1"
	_verb=add
	shape "$2" "$3"
	_verb=change
	back_run --uplink "$uplink_is"
	ldp g1 1
	ldp g2 2
	talks g1
	talks g2
	sink_start
	sends g1 tcp
	sends g2 tcp
}

traffic_end()
{
	for _g in g1 g2; do
		guest "$_g" 'killall dmvl-flow' >&2
		agent_kill TERM "$_g"
		dmvlctl detach "$_g" >&2
	done
	back_stop
	kill "$sink"
	wait "$sink"
	link_remove
}

# one KIND RATE LIMIT
one()
{
	case="$1 tbf=$2 limit=$3"
	traffic_start "$@"
	check "$case: an estimate within 5 %" wait_for 20 near "$2"
	worst=0 begin=$(uptime_ms) bytes=$(counter bytes)
	while [ $(($(uptime_ms) - begin)) -lt $((seconds * 1000)) ]; do
		worst=$(printf '%s\n' "$worst" "$(off "$(estimate)" "$2")" | sort -g | tail -n 1)
		sleep 0.1
	done
	mbps=$(awk -v b=$(($(counter bytes) - bytes)) -v ms=$(($(uptime_ms) - begin)) \
		'BEGIN { print b * 8 / ms / 1000 }')
	metric "$case" estimate_error "$worst" 1
	metric "$case" accepted_mbps "$mbps" mbit/s
	metric "$case" qdisc_drops "$(counter drops)" 1
	is "$(counter drops)" 0 "$case: nothing is dropped"
	traffic_end
}

# settle_ms CASE RATE: from a change to RATE until the estimate is within 5 % of it.
settle_ms()
{
	begin=$(uptime_ms)
	shape "$2" 4mb
	until near "$2" || [ $(($(uptime_ms) - begin)) -gt 10000 ]; do
		sleep 0.01
	done
	took=$(($(uptime_ms) - begin))
	metric "$1" settle_ms $took ms
	# A part of this is the guests', which must fill the link again. Only the driver's time is checked.
	between $took 0 9999 "$1: followed"
	sleep 1
}

steps()
{
	traffic_start "$1" 20mbit 4mb
	wait_for 20 near 20mbit
	for _n in 1 2 3; do
		settle_ms "$1 step 20mbit to 200mbit" 200mbit
		settle_ms "$1 step 200mbit to 20mbit" 20mbit
	done
	metric "$1 steps" qdisc_drops "$(counter drops)" 1
	traffic_end
}

# Not 1gbit: emulated guests fill that on an idle machine only. The driver does it.
for c in ${CASES:-tap:100mbit:100kb tap:100mbit:4mb macvtap:100mbit:100kb macvtap:100mbit:4mb}; do
	# shellcheck disable=SC2046
	one $(echo "$c" | tr : ' ')
done
if [ -z "$CASES" ]; then
	steps tap
	steps macvtap
fi
done_testing
