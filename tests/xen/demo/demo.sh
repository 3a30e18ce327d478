#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job, in Dom0: three guests of weights 1:2:4 on an uplink of 8 Mbit/s, each offering more
# than its share, by TCP and UDP; then the weights are turned round while the traffic runs.
# shellcheck source=tests/xen/lib.sh
. /bench/lib.sh

capacity=8mbit
measure=${DEMO_SECONDS:-20} # of each phase
settle=8		    # after a start or a change
state=/run/demo
mkdir -p $state

say "starting dmvl-back: uplink default, $capacity, on bridge xenbr0"
uplink_setup
dmvl-back --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity $capacity 2>/bench/log/dmvl-back.log &
wait_for 20 sh -c '[ "$(xenstore-read /local/domain/0/data/dmvl/default/state)" = running ]' ||
	bail "dmvl-back did not start: $(tail -n 1 /bench/log/dmvl-back.log)"

# bring_up NAME INDEX WEIGHT: attach a device, start the agent, give the interface its address.
bring_up()
{
	dmvlctl attach "$1" "weight=$3" >&2 &&
		guest_bg "$1" dmvl-front >/dev/null &&
		wait_for 60 sh -c "dmvlctl show $1 --json | grep -q '\"state\": *\"connected\"'" &&
		guest_net "$1" "$2" &&
		wait_for 60 world ping -c 1 -W 2 "10.77.1.$2"
}
say 'attaching g1, g2 and g3 with weights 100, 200 and 400'
bring_up g1 1 100 & one=$!
bring_up g2 2 200 & two=$!
bring_up g3 3 400 & three=$!
for pid in $one $two $three; do
	wait "$pid" || bail 'a guest did not come up'
done
dmvlctl list

start sink world dmvl-flow sink 5001 -I 1
sink=$started
say 'each guest sends TCP as fast as it goes, and UDP at 0.2 Mbit/s'
for g in g1 g2 g3; do
	guest_bg $g dmvl-flow tcp 10.77.0.1 5001 -w 600 >/dev/null &
	guest_bg $g dmvl-flow udp 10.77.0.1 5001 -w 600 -b 200000 >/dev/null &
done

# sums: bytes of each guest so far, "b1 b2 b3".
sums()
{
	awk '/^[0-9]/ { split($2, a, "."); if (a[3] == 1) b[a[4]] += $4 }
		END { printf "%.0f %.0f %.0f\n", b[1], b[2], b[3] }' sink.out
}

# row SECONDS-SINCE BEFORE AFTER WEIGHTS: one line of the table.
row()
{
	echo "$1 $2 $3 $4" | awk '{
		secs = $1; total = 0; wsum = $8 + $9 + $10
		for (i = 1; i <= 3; i++) { d[i] = $(i + 4) - $(i + 1); w[i] = $(i + 7); total += d[i] }
		for (i = 1; i <= 3; i++) { x = d[i] / w[i]; s += x; q += x * x }
		jain = q > 0 ? s * s / (3 * q) : 0
		for (i = 1; i <= 3; i++) {
			share = total ? d[i] / total : 0; want = w[i] / wsum
			e = share / want - 1; if (e < 0) e = -e; if (e > worst) worst = e
			printf "  %6.2f Mbit/s %5.1f %% (%4.1f)", d[i] * 8 / secs / 1e6, share * 100, want * 100
		}
		printf "   jain %.4f   share error %4.1f %%\n", jain, worst * 100
	}'
}

now()
{
	cut -d' ' -f1 /proc/uptime
}

# phase NAME W1 W2 W3: settle, then measure; a line every four seconds, one for it all at the end.
phase()
{
	sleep $settle
	first=$(sums) began=$(now) last=$first lasted=$began
	for _ in $(seq $((measure / 4))); do
		sleep 4
		this=$(sums) at=$(now)
		row "$(echo "$at $lasted" | awk '{ print $1 - $2 }')" "$last" "$this" "$2 $3 $4"
		last=$this lasted=$at
	done
	row "$(echo "$lasted $began" | awk '{ print $1 - $2 }')" "$first" "$last" "$2 $3 $4" >"$state/$1"
}

# Emulation carries as much as the machine's other work lets it. Only a full link needs sharing: where
# 8 Mbit/s cannot be filled, the capacity is lowered to what can, by the same key that operators use.
sleep $settle
first=$(sums)
sleep 6
carried=$(echo "$first $(sums)" | awk '{ print int(($4 + $5 + $6 - $1 - $2 - $3) * 8 / 6) }')
if [ "$carried" -lt 7000000 ]; then
	lowered=$((carried * 6 / 10))
	[ $lowered -ge 500000 ] || lowered=500000
	say "this machine carries $((carried / 1000)) kbit/s now: tx-capacity becomes $((lowered / 1000)) kbit/s"
	xenstore-write /local/domain/0/data/dmvl/default/tx-capacity $lowered
fi

head='  g1                          g2                          g3'
echo "weights 100 : 200 : 400 - bandwidth and share of each guest (what its weight promises)"
echo "$head"
phase before 100 200 400

say 'turning the weights round: xenstore-write .../weight for g1 and g3'
for pair in g1:400 g3:100; do
	xenstore-write "/local/domain/0/backend/dmvl/$(guest_domid ${pair%:*})/0/weight" ${pair#*:}
done
echo "weights 400 : 200 : 100 - changed while the traffic runs"
echo "$head"
phase after 400 200 100

kill "$sink"
echo
echo 'The whole of each phase:'
echo "$head"
sed 's/^/before /' $state/before
sed 's/^/after  /' $state/after
cat $state/before $state/after | awk '{
		for (i = 1; i <= NF; i++) { if ($i == "jain") j = $(i + 1); if ($i == "error") e = $(i + 1) }
		if (NR == 1 || j < jain) jain = j
		if (e > err) err = e
	}
	END {
		pass = NR == 2 && jain >= 0.99 && err <= 5
		printf "demo: %s jain=%.4f share-error=%.1f%%\n", pass ? "PASS" : "FAIL", jain, err
		exit !pass
	}'
