#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Frames of any size: a guest without TSO, one whose TCP makes frames of up to 64 KiB, and one that sends 64 bytes
# each have their share within 1 %, while loans are repaid as by default. `make bench-sizes` runs this too, at
# 100 Mbit/s.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# The link's bits per second, how often all is measured, the intervals of a window, and how often a window in which
# this machine did not let somebody run may be tried again.
: "${SIZES_RATE:=10000000}" "${SIZES_ROUNDS:=1}" "${SIZES_TICKS:=12}" "${SIZES_TRIES:=6}"
# 100 ms, which the guests' queues hold: so TCP has always something to send and never waits for a lost frame.
SUITE_WINDOW="-B $((SIZES_RATE / 80))"
[ "$SIZES_RATE" -lt 20000000 ] || SUITE_WINDOW='-B 262144'

# frames NAME: the mean length of those that were sent so far, for whoever reads the log.
frames()
{
	dropped "$1" none >/dev/null
	_counters "$1" 0 | tail -n 1 | sed 's/.*tx frames=\([0-9]*\) bytes=\([0-9]*\).*/\1 \2/' |
		awk '{ printf "%.0f\n", $1 ? $2 / $1 : 0 }'
}

# starts WEIGHT WEIGHT WEIGHT: of g1, g2, g3, all of which send.
starts()
{
	dmvlctl set g1 "weight=$1" >&2
	dmvlctl set g2 "weight=$2" >&2
	dmvlctl set g3 "weight=$3" >&2
	sink_start
	guest_bg g1 'exec dmvl-flow tcp 10.77.0.1 5001 -w 900' >senders
	guest_bg g2 'exec dmvl-flow tcp 10.77.0.1 5001 -w 900 -l 65000' >>senders
	# 18 bytes of payload; half more of them than its share.
	_offer=$(awk -v r="$SIZES_RATE" -v w="$3" -v all=$(($1 + $2 + $3)) 'BEGIN { print r * w / all * 1.5 * 18 / 64 }')
	guest_bg g3 "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -l 18 -b $_offer" >>senders
	settle 3
}

stops()
{
	_i=0
	while read -r _pid; do
		_i=$((_i + 1))
		guest g$_i "kill $_pid"
	done <senders
	kill "$sink"
	wait "$sink"
}

# on_wire WEIGHT PAYLOAD: a weight, by what the sink sees of it: payload of each 1518 bytes, or 64.
on_wire()
{
	awk -v w="$1" -v p="$2" 'BEGIN { printf "%.5f", w * p }'
}

# are_shares NAME WEIGHT WEIGHT WEIGHT
are_shares()
{
	for _try in $(seq "$SIZES_TRIES"); do
		_window "$SIZES_TICKS" "10.77.1.1=$(on_wire "$2" .95389)" "10.77.1.2=$(on_wire "$3" .95389)" \
			"10.77.1.3=$(on_wire "$4" .28125)"
		read -r _jain worst _ <<-END
			$(tail -n 1 shares.out)
		END
		awk -v w="$worst" 'BEGIN { exit !(w <= 0.01) }' && break
	done
	between "$worst" 0 0.01 "$1: each share within 1 %"
	diag "$1: frames of $(frames g1), $(frames g2) and $(frames g3) bytes in the mean"
	[ -n "${BENCH_JSON:-}" ] || return 0
	metric "$1" dmvl worst-share-off "$(awk -v w="$worst" 'BEGIN { print w * 100 }')" %
	metric "$1" dmvl windows "$_try" 1
}

uplink_setup
back_start --tx-capacity "$SIZES_RATE"
ldps 'g1 1' 'g2 2' 'g3 3'
for name in g1 g2 g3; do
	talks $name
	# BBR would stop for 200 ms every ten seconds, to measure the round trip.
	guest $name 'echo reno >/proc/sys/net/ipv4/tcp_congestion_control'
done
guest g1 'ethtool -K dmvl0 tso off gso off'
guest g2 'echo 45 >/proc/sys/net/ipv4/tcp_min_tso_segs'
# All have something in their queues at any time: dmvl-flow rests for 10 ms between its looks, and TCP without TSO
# hands over many frames at once.
guest g1 'ip link set dmvl0 txqueuelen 1000'
guest g3 'ip link set dmvl0 txqueuelen 5000'
is "$(xenstore-read "$uplink/repayment")" 0.5 'loans are repaid as by default'
for round in $(seq "$SIZES_ROUNDS"); do
	starts 256 256 256
	are_shares "equal weights ($round)" 1 1 1
	stops
	starts 512 1024 256
	are_shares "weights 2:4:1 ($round)" 2 4 1
	stops
done
back_stop
done_testing
