#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What rings of 1 MiB, the largest, have over rings of 256 KiB: TCP of a guest alone on a link without a limit, both
# ways, in turns.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/bench/lib-cost.sh
. "$SUITE_TOP/tests/bench/lib-cost.sh"

bytes=$RINGS_BYTES

# paired METRIC FIELD CASE: the median of the rounds' ratios, order 20 over order 18.
paired()
{
	paste -d' ' "20.$3.out" "18.$3.out" |
		awk -v a="$2" -v b=$(($2 + 2)) '{ printf "%.3f\n", $a / $b }' >"ratio.$1.$3"
	metric "$(echo "$3" | tr _ ' ')" 'order 20 over 18' "$1" "$(median 1 "ratio.$1.$3")" ''
}

uplink_setup
dmvlctl attach g1 >&2
back_start --log-level info
agent_start g1 --ring-order 20
wait_for 60 connected g1 || bail 'g1 connects'
for _ in $(seq "$RINGS_ROUNDS"); do
	for order in 20 18; do
		agent_again g1 1 --ring-order $order
		measure $order.out_of_the_guest g1 world 10.77.0.1 "$bytes"
		measure $order.into_the_guest world g1 10.77.1.1 "$bytes"
	done
done
for way in out_of_the_guest into_the_guest; do
	for order in 20 18; do
		metric "$(echo $way | tr _ ' ')" "order $order" throughput "$(median 2 $order.$way.out)" Mbit/s
		metric "$(echo $way | tr _ ' ')" "order $order" cpu_per_GB "$(median 1 $order.$way.out)" s
	done
	paired throughput 2 $way
	paired cpu_per_GB 1 $way
done
ok "both rings were measured $RINGS_ROUNDS times"
done_testing
