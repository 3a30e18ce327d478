#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The main job, in Dom0: three guests of weights 1:2:4 on one uplink, each offering more than its
# share, by TCP and UDP; then the weights are turned round while the traffic runs.
# shellcheck source=tests/xen/lib.sh
. /bench/lib.sh
# shellcheck source=tests/suite/lib-shares.sh
. /bench/lib-shares.sh

# Only a full link needs sharing, so it is one that every machine's emulator can fill.
capacity=1mbit
udp=900000		    # bits per second, more than any share
measure=${DEMO_SECONDS:-16} # of each phase
settle=6		    # after a start or a change
state=/run/demo
mkdir -p $state

# An emulated guest may stand still for longer than a real one, and is paid back what it lent meanwhile.
options="--uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity $capacity --epoch 50ms --repayment 0.5"
say "starting dmvl-back $options"
uplink_setup
# shellcheck disable=SC2086
dmvl-back $options 2>/bench/log/dmvl-back.log &
wait_for 20 sh -c '[ "$(xenstore-read /local/domain/0/data/dmvl/default/state)" = running ]' ||
	bail "dmvl-back did not start: $(tail -n 1 /bench/log/dmvl-back.log)"

# connected: all devices. One call, for a look at xenstore takes this machine's time from the guests.
connected()
{
	# shellcheck disable=SC2046
	[ "$(xenstore-read $(sed 's/$/\/state/' $state/devices) | xargs)" = '4 4 4' ]
}

say 'attaching g1, g2 and g3 with weights 100, 200 and 400'
for pair in g1:100 g2:200 g3:400; do
	g=${pair%:*}
	dmvlctl attach $g weight=${pair#*:} >&2 || bail "$g: no device"
	echo "/local/domain/0/backend/dmvl/$(guest_domid $g)/0" >>$state/devices
	guest_bg $g dmvl-front >/dev/null &
done
wait_for 60 connected || bail 'not all guests have connected'
for g in g1 g2 g3; do
	guest_net $g ${g#g} &
done
for g in g1 g2 g3; do
	wait_for 60 world ping -c 1 -W 2 "10.77.1.${g#g}" || bail "$g cannot be reached"
done
dmvlctl list

# all_send PROTOCOL: each guest has got something through by it.
all_send()
{
	[ "$(awk -v p="$1" '$3 == p && $4 > 0 { print $2 }' sink.out | sort -u | wc -l)" -eq 3 ]
}

# At such rates a guest's TAP holds seconds, and TCP that fills it loses much at once and then is
# silent for a while: with a window that fits it goes on, and UDP sees to it that each guest always
# has something to send.
start sink world dmvl-flow sink 5001 -B 16384
sink=$started
# shellcheck disable=SC2046
macs=$(xenstore-read $(sed 's/$/\/mac/' $state/devices))
say "each guest sends UDP at $((udp / 1000)) kbit/s, and three TCP flows as fast as they go"
for g in g1 g2 g3; do
	for _ in 1 2 3; do
		guest_bg $g dmvl-flow tcp 10.77.0.1 5001 -w 600 >/dev/null &
	done
done
# First: a connection that begins in a queue that UDP keeps full takes many tries.
wait_for 60 all_send tcp || bail 'not all guests send by TCP'
for g in g1 g2 g3; do
	guest_bg $g dmvl-flow udp 10.77.0.1 5001 -w 600 -b $udp >/dev/null &
done
wait_for 60 all_send udp || bail 'not all guests send by UDP'

# count SECONDS: the bytes of each guest's frames on the far side of the uplink: "b1 b2 b3".
# shellcheck disable=SC2086
count()
{
	world dmvl-count world0 "$1" $macs
}

# row SECONDS BYTES WEIGHTS: one line of the table.
row()
{
	echo "$1 $2 $3" | awk '{
		for (i = 1; i <= 3; i++) { d[i] = $(i + 1); w[i] = $(i + 4); total += d[i]; wsum += w[i] }
		for (i = 1; i <= 3; i++) { x = d[i] / w[i]; s += x; q += x * x }
		jain = q > 0 ? s * s / (3 * q) : 0
		for (i = 1; i <= 3; i++) {
			share = total ? d[i] / total : 0; want = w[i] / wsum
			e = share / want - 1; if (e < 0) e = -e; if (e > worst) worst = e
			printf "  %5.2f Mbit/s %4.1f %% (%4.1f)", d[i] * 8 / $1 / 1e6, share * 100, want * 100
		}
		printf "  jain %.4f  share error %4.1f %%\n", jain, worst * 100
	}'
}

# idle: since the file waited was written, for how much of the time the device that had the least to send had
# nothing waiting, in percent.
idle()
{
	backlogged_now tx | paste $state/waited - | awk '
		NR == 1 { all = $2 - $1 }
		NR > 1 && (NR == 2 || $2 - $1 < least) { least = $2 - $1 }
		END { printf "%.0f", 100 - 100 * least / all }'
}

# phase NAME WEIGHTS: settle, then measure; a line every four seconds, one for it all at the end. Who has nothing to send
# has no share: while the emulator does not let a guest run, a line does not count. There are some more for that.
phase()
{
	sleep $settle
	: >$state/lines
	for _ in $(seq $((measure / 4 * 6))); do
		backlogged_now tx >$state/waited
		bytes=$(count 4)
		idle=$(idle)
		row 4 "$bytes" "$2"
		if [ "$idle" -gt 4 ]; then
			echo "     does not count: a guest had nothing to send for $idle % of that time"
			continue
		fi
		echo "$bytes" >>$state/lines
		[ "$(wc -l <$state/lines)" -lt $((measure / 4)) ] || break
	done
	[ -s $state/lines ] || bail 'at no time all guests had something to send: this machine is too slow, or busy'
	row $(($(wc -l <$state/lines) * 4)) "$(awk '{ a += $1; b += $2; c += $3 } END { print a, b, c }' $state/lines)" "$2" \
		>"$state/$1"
}

head='  g1                        g2                        g3'
echo "weights 100 : 200 : 400 - bandwidth and share of each guest (what its weight promises)"
echo "$head"
phase before '100 200 400'

say 'turning the weights round: xenstore-write .../weight for g1 and g3'
xenstore-write "$(sed -n 1p $state/devices)/weight" 400 "$(sed -n 3p $state/devices)/weight" 100
echo "weights 400 : 200 : 100 - changed while the traffic runs"
echo "$head"
phase after '400 200 100'

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
