#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What TCP gets, and what it costs the CPU. Sourced by the benches that compare that.

# cpu: hundredths of a second that all processes of this machine have had, those that have ended too.
cpu()
{
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '{ n += $12 + $13 + ($2 == 1 ? $14 + $15 : 0) } END { print n }'
}

# uptime_cs: hundredths of a second since the machine started.
uptime_cs()
{
	cut -d' ' -f1 /proc/uptime | tr -d .
}

# sink_bytes FILE: how many it has got.
sink_bytes()
{
	awk '$1 != "total" { n += $4 } END { printf "%d\n", n }' "$1"
}

got()
{
	[ "$(sink_bytes sink.out)" -ge "$1" ]
}

# measure CASE FROM TO ADDRESS BYTES: seconds of CPU for a gigabyte and Mbit/s, while TCP brings that many bytes, into
# CASE.out.
measure()
{
	if [ "$3" = world ]; then
		start sink world dmvl-flow sink 5001 -I .1 -B 16777216 -P 1000
	else
		start sink guest -t 280 "$3" 'exec dmvl-flow sink 5001 -I .1 -B 16777216 -P 1000'
	fi
	# shellcheck disable=SC2154 # of tests/suite/lib.sh
	_sink=$started
	if [ "$2" = world ]; then
		world dmvl-flow tcp "$4" 5001 -w 250 -C cubic >&2 &
		_sender=$!
	else
		_sender=$(guest_bg "$2" "exec dmvl-flow tcp $4 5001 -w 250 -C cubic")
	fi
	wait_for 60 got $(($5 / 8)) # slow start is over
	_b0=$(sink_bytes sink.out) _c0=$(cpu) _t0=$(uptime_cs)
	wait_for 60 got $((_b0 + $5))
	_b1=$(sink_bytes sink.out) _c1=$(cpu) _t1=$(uptime_cs)
	kill "$_sender" "$_sink" 2>/dev/null
	wait "$_sink"
	echo "$((_b1 - _b0)) $((_c1 - _c0)) $((_t1 - _t0))" |
		awk '{ printf "%.3f %.0f\n", $2 / 100 / ($1 / 1e9), $1 * 8 / 1e6 / ($3 / 100) }' >>"$1.out"
	diag "$1: $(tail -n 1 "$1.out" | awk '{ print $1 " s of CPU for a gigabyte, " $2 " Mbit/s" }')"
}

# median FIELD FILE
median()
{
	sort -g -k "$1" "$2" | awk -v field="$1" '{ v[NR] = $field } END { print v[int((NR + 1) / 2)] }'
}
