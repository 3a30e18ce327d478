#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest that fills the uplink by TCP pings the world: with flow queues its ping passes its own bulk, without
# them it waits for all of it.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

rate=${OWN_PING_RATE:-20000000}

# own_ping FLOWS: the median, in microseconds, and how much the sink got meanwhile in $got.
own_ping()
{
	agent_again g1 1 --flows "$1" >&2
	senders=
	for _ in 1 2 3 4; do
		senders="$senders $(guest_bg g1 'exec dmvl-flow tcp 10.77.0.1 5001 -w 600')"
	done
	wait_for 60 ticks_pass sink.out "$(tick sink.out)" 1 8
	guest g1 'ping -n -i 0.02 -c 200 10.77.0.1' >"ping.$1" 2>&1
	guest g1 "kill $senders"
	sed -n 's/.*time=\([0-9.]*\) ms/\1/p' "ping.$1" | sort -n | awk '{ v[NR] = $1 } END { print int(v[int((NR + 1) / 2)] * 1000) }'
}

uplink_setup
back_start --tx-capacity "$rate"
ldp g1 1
is "$(xenstore-read "$(be g1)/feature-sparse") $(xenstore-read "$(fe g1)/feature-sparse")" '1 1' \
	'the backend takes flagged frames, and by default the agent flags some'
start sink world dmvl-flow sink 5001 -I "$SUITE_TICK"
for round in 1 2; do
	fifo=$(own_ping 0)
	is "$(xenstore-read "$(fe g1)/feature-sparse")" 0 "with --flows 0 the agent flags no frame, round $round"
	flows=$(own_ping 1024)
	is "$(xenstore-read "$(fe g1)/feature-sparse")" 1 "with --flows 1024 it does, round $round"
	diag "own ping, median: $fifo us without flow queues, $flows us with them"
	between "$((flows * 4))" 0 "$fifo" "the ping of a guest passes its own bulk, round $round"
done

back_stop
done_testing
