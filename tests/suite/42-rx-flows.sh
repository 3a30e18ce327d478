#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest that receives more than it may: its light flows pass the heavy ones, and ECN is heeded.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'an emulated guest answers too slowly to compare delays'

RATE=8000000

# number FIELD: of g1.
number()
{
	dmvlctl stat g1 --json | tr -d ' \n' | sed -n "s/.*\"$1\":\\(-*[0-9]*\\).*/\\1/p"
}

grows()
{
	[ "$(number "$1")" -gt "$2" ]
}

# us: what half of the frames to g1 waited less than.
half_waited()
{
	dmvlctl stat g1 | sed -n 's/.*rx .*wait: half < \([0-9.]*\) \([mu]*s\),.*/\1 \2/p' | head -n 1 |
		awk '{ printf "%d\n", $1 * ($2 == "s" ? 1000000 : $2 == "ms" ? 1000 : 1) }'
}

# us: the median round trip of 40 pings from the world; all of them must come back.
round_trip()
{
	world ping -c 40 -i .05 -W 5 10.77.1.1 >ping.out
	grep -q ' 40 received' ping.out && sed -n 's/.* time=\([0-9.]*\) ms/\1/p' ping.out | sort -n |
		awk '{ ms[NR] = $1 } END { printf "%d\n", ms[int((NR + 1) / 2)] * 1000 }'
}

uplink_setup
back_start --tx-capacity 100000000 --rx-capacity 100000000
ldps "g1 1 rx-max=$RATE"
talks g1

# A flood of three times its maximum. Its own frames wait as long as the queue is.
start sink guest -t 280 g1 'exec dmvl-flow sink 5001'
sink=$started
world dmvl-flow udp 10.77.1.1 5001 -w 900 -l 1400 -b $((RATE * 3)) >&2 &
flood=$!
check 'a flood beyond rx-max is dropped' wait_for 30 grows drop-rx-full 1000
ping_us=$(round_trip)
check 'all pings come through beside a flood' [ -n "$ping_us" ]
flood_us=$(half_waited)
echo "# ping: $ping_us us, frames of the flood waited: $flood_us us"
# The histogram says a power of two: half of the flood's frames waited at least half as long. In one queue
# with them a ping would too.
check 'a ping takes less than half of the time that the flood waits' \
	[ "$((${ping_us:-1000000} * 2))" -lt "${flood_us:-0}" ]

# A stream of a hundredth of the maximum.
# shellcheck disable=SC2016
start light guest -t 280 g1 'echo $$ >/run/light.pid; exec dmvl-gap recv 5003'
light=$started
world dmvl-gap send 10.77.1.1 5003 -r 100 -w 5 >&2
guest g1 'kill "$(cat /run/light.pid)"'
wait "$light"
like "$(cat light.out)" '* lost=0 *' 'a light stream beside a flood loses nothing'
kill "$flood"
wait "$flood"
kill "$sink"
wait "$sink"

lost()
{
	echo "$(number drop-rx-codel) $(number drop-rx-full)"
}

# TCP without and with ECN, one after the other. The window is less than the queue holds: what is lost,
# CoDel drops.
guest g1 "sysctl -qw net.ipv4.tcp_rmem='4096 50000 50000'"
world sysctl -qw net.ipv4.tcp_ecn=0
guest g1 'sysctl -qw net.ipv4.tcp_ecn=0'
marks=$(number ecn-marks)
codel=$(number drop-rx-codel)
pipe_start world g1 10.77.1.1 5004 6000000
check 'a file beyond rx-max arrives whole without ECN' pipe_wait world g1 5004
check 'a connection without ECN loses frames by CoDel' grows drop-rx-codel "$codel"
is "$(number ecn-marks)" "$marks" 'a connection without ECN gets no marks'

world sysctl -qw net.ipv4.tcp_ecn=1
guest g1 'sysctl -qw net.ipv4.tcp_ecn=1'
lost=$(lost)
pipe_start world g1 10.77.1.1 5005 6000000
check 'a file beyond rx-max arrives whole with ECN' pipe_wait world g1 5005
check 'a connection with ECN gets marks' grows ecn-marks "$marks"
is "$(lost)" "$lost" 'a connection with ECN loses nothing'
back_stop
done_testing
