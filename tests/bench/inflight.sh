#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# g1 fills a paced uplink by TCP and pings the world meanwhile: with the agent as it is, without flow queues, without
# these and its bound on what is in flight, and without flow queues but with a shaper on the TAP, in turn. Then as
# a borrower: beside an idle g2 that has all but 1/65536 of the uplink by weight.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

cases=${INFLIGHT_CASES:-8 20 100 1000:65535} # Mbit/s, and the weight of g2
flows=4

# wire: bytes of frames that the uplink has taken, as on a wire.
wire()
{
	echo $(($(cat /sys/class/net/dmvl-up/statistics/rx_bytes) +
		4 * $(cat /sys/class/net/dmvl-up/statistics/rx_packets)))
}

uptime_cs()
{
	cut -d' ' -f1 /proc/uptime | tr -d .
}

# agent_up SUBJECT RATE
agent_up()
{
	case $1 in
	dmvl) front=dmvl-front ;;
	without_bound) front="$UNBOUND --flows 0" ;;
	*) front='dmvl-front --flows 0' ;;
	esac
	agent=$(guest_bg g1 "exec $front 2>>/run/front.log")
	wait_for 30 connected g1 || bail "$1 connects"
	guest_net g1 1 >&2
	# A little less than what the link carries, or it would be no bottleneck.
	[ "$1" != shaper ] || guest g1 \
		"tc qdisc add dev dmvl0 root tbf rate $(($2 * 970))kbit burst 5k limit 200k"
	wait_for 10 reaches g1 10.77.0.1
}

agent_down()
{
	guest g1 "kill $agent"
	wait_for 20 states_are '2 6' g1
}

# measure SUBJECT RATE ROUND: a line into RATE.SUBJECT.out: p99, median in ms, utilisation.
measure()
{
	out=$case.$1.out
	senders=
	for _ in $(seq $flows); do
		senders="$senders $(guest_bg g1 'exec dmvl-flow tcp 10.77.0.1 5001 -w 600 -C cubic')"
	done
	# Until slow start is over.
	wait_for 10 sh -c "[ $(($(uptime_cs) + 400)) -lt \$(cut -d' ' -f1 /proc/uptime | tr -d .) ]"
	w0=$(wire) t0=$(uptime_cs)
	guest g1 "ping -n -i 0.01 -w $INFLIGHT_SECONDS 10.77.0.1" >ping.out 2>&1
	w1=$(wire) t1=$(uptime_cs)
	guest g1 "kill $senders"
	awk -v bytes=$((w1 - w0)) -v cs=$((t1 - t0)) -v rate="$2" '
		/time=/ { sub(/.*time=/, ""); print $1 | "sort -n >sorted"; n++ }
		/packets transmitted/ { sent = $1; got = $4 }
		END {
			close("sort -n >sorted")
			while ((getline v < "sorted") > 0) {
				i++
				if (i <= n * .99) p99 = v
				if (i <= n * .5) p50 = v
			}
			close("sorted")
			printf "%s %s %.4f %.4f\n", p99, p50, bytes * 8 / (cs / 100) / (rate * 1e6),
				sent ? 1 - got / sent : 1
		}' ping.out >>"$out"
	diag "$2 Mbit/s, $1, round $3: $(tail -n 1 "$out" | awk '{
		printf "ping p99 %s ms, median %s ms, utilisation %s, lost %s", $1, $2, $3, $4 }')"
}

# median FILE FIELD
median()
{
	sort -g -k"$2,$2" "$1" | awk -v f="$2" '{ v[NR] = $f } END { print v[int((NR + 1) / 2)] }'
}

# begin CASE: sets rate, subjects and what the case is called.
begin()
{
	rate=${1%:*} subjects='dmvl without_flow_queues without_bound shaper' called="$rate Mbit/s"
	back_start --log-level info --tx-capacity "${rate}mbit"
	case $1 in
	*:*)
		subjects='dmvl without_flow_queues without_bound'
		called="$called, weight 1 beside ${1#*:}"
		ldp g2 2 "weight=${1#*:}"
		dmvlctl attach g1 weight=1 >&2
		;;
	*) dmvlctl attach g1 >&2 ;;
	esac
}

uplink_setup
start sink world dmvl-flow sink 5001
for case in $cases; do
	begin "$case"
	for round in $(seq "$INFLIGHT_ROUNDS"); do
		for subject in $subjects; do
			agent_up "$subject" "$rate"
			measure "$subject" "$rate" "$round"
			agent_down
		done
	done
	back_stop
	dmvlctl detach g1 --timeout 1ms >&2
	for subject in $subjects; do
		name=$(echo "$subject" | tr _ ' ')
		out=$case.$subject.out
		metric "$called" "$name" inflight_delay_p99_ms "$(median "$out" 1)" ms
		metric "$called" "$name" inflight_delay_p50_ms "$(median "$out" 2)" ms
		metric "$called" "$name" utilisation "$(median "$out" 3)" 1
		metric "$called" "$name" ping_lost "$(median "$out" 4)" 1
	done
done
is "$(reports)" 0 'no sanitizer has anything to report'
done_testing
