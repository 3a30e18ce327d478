#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Long frames on a slow uplink: guests that segment themselves, as if TSO were not offered, against
# the backend that cuts their frames (ldp.cut), with latency targets of 200 us and of 1 ms. Two guests
# send TCP over 100 Mbit/s, a third pings; CPU time of backend, agents and senders for what arrives, and
# the ping's time. In turns; medians.
# shellcheck source=tests/suite/lib.sh
. "$SUITE_TOP/tests/suite/lib.sh"

rate=${FRAME_CAP_RATE:-100000000}
rounds=7
window=4 # seconds

# metric SUBJECT METRIC VALUE UNIT
metric()
{
	printf '{"bench":"frame-cap","case":"%s bit/s","subject":"%s","metric":"%s","value":%s,"unit":"%s"}\n' \
		$rate "$1" "$2" "${3:-null}" "$4" >>"$BENCH_JSON"
	diag "$(printf '%-16s %-16s %10s %s' "$1" "$2" "$3" "$4")"
}

# cpu NAME: ns of CPU so far of the processes called so; the sink is not among them.
cpu()
{
	ps -eo pid=,comm= | awk -v n="$1" -v sink="$sink" '$2 == n && $1 != sink { print $1 }' |
		while read -r _pid; do
			cat "/proc/$_pid"/task/*/schedstat 2>/dev/null
		done | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

# received: bytes at the world's end of the uplink; the sink lives there.
received()
{
	awk '$1 == "world0:" { print $2 }' "/proc/$sink/net/dev"
}

# measure SUBJECT: one line into SUBJECT.out: ns of CPU a KiB of backend, agents, senders; Mbit/s;
# ping's median and 99th percentile in ms.
measure()
{
	b0=$(cpu dmvl-back) f0=$(cpu dmvl-front) s0=$(cpu dmvl-flow) r0=$(received) t0=$(date +%s%N)
	guest g3 "ping -n -i 0.005 -w $window 10.77.0.1" >ping.out
	b1=$(cpu dmvl-back) f1=$(cpu dmvl-front) s1=$(cpu dmvl-flow) r1=$(received) t1=$(date +%s%N)
	pings=$(sed -n 's/.*time=\([0-9.]*\) ms/\1/p' ping.out | sort -g |
		awk '{ v[NR] = $1 } END { print v[int(NR / 2) + 1], v[int(NR * 0.99) + 1] }')
	awk -v b=$((b1 - b0)) -v f=$((f1 - f0)) -v s=$((s1 - s0)) -v r=$((r1 - r0)) \
		-v t=$((t1 - t0)) -v pings="$pings" '
		BEGIN { print b / r * 1024, f / r * 1024, s / r * 1024, r * 8000 / t, pings }' >>"$1.out"
	diag "$1: $(tail -n 1 "$1.out")"
}

# median SUBJECT FIELD
median()
{
	sort -g -k"$2,$2" "$1.out" | awk -v f="$2" '{ v[NR] = $f } END { printf "%.4g\n", v[int((NR + 1) / 2)] }'
}

# offloads on|off: of both senders.
offloads()
{
	for g in g1 g2; do
		guest $g "ethtool -K dmvl0 tso $1 gso $1" >&2
	done
}

# target TIME: dmvl-back with this latency target.
target()
{
	[ "$1" != "${is_target-}" ] || return 0
	[ -z "${is_target-}" ] || back_stop
	is_target=$1
	back_start --log-level info --tx-capacity $rate --latency-target "$1"
}

uplink_setup
target 200us
ldp g1 1
ldp g2 2
ldp g3 3
for g in g1 g2 g3; do
	talks $g
done
sink_start
sends g1 tcp -w 600
sends g2 tcp -w 600
check 'both send' wait_for 30 ticks_pass sink.out 0 2 2
round=0
while [ $((round += 1)) -le $rounds ]; do
	for subject in off:200us:not-offered on:200us:cut on:1ms:cut-1ms; do
		name=${subject##*:} subject=${subject%:*}
		offloads "${subject%:*}"
		target "${subject#*:}"
		for g in g1 g2 g3; do
			wait_for 60 connected $g
		done
		settle 2
		measure "$name"
	done
done
for subject in not-offered cut cut-1ms; do
	metric $subject backend "$(median $subject 1)" ns/KiB
	metric $subject agents "$(median $subject 2)" ns/KiB
	metric $subject senders "$(median $subject 3)" ns/KiB
	metric $subject rate "$(median $subject 4)" Mbit/s
	metric $subject ping-median "$(median $subject 5)" ms
	metric $subject ping-p99 "$(median $subject 6)" ms
done
back_stop
done_testing
