#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What Dom0 receives counts against rx-capacity: guests are told what is left, and an rx-min that does not fit.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
ip addr add 10.77.200.1/16 dev xenbr0

# rate_is MIN MAX: for wait_for. The rx-rate of g1, in percent of the capacity.
rate_is()
{
	_rate=$(($(xenstore-read "$(be g1)/rx-rate") * 100 / SUITE_RATE))
	[ "$_rate" -ge "$1" ] && [ "$_rate" -le "$2" ]
}

# host_receives PERCENT: Dom0 receives that much of the capacity, until host_stops.
host_receives()
{
	start feed world dmvl-flow udp 10.77.200.1 5009 -w 900 -l 1400 -b $((SUITE_RATE * $1 / 100))
	feed=$started
}

host_stops()
{
	kill "$feed"
	wait "$feed"
}

back_start --rx-capacity "$SUITE_RATE"
ldp g1 1
talks g1
start drain dmvl-flow sink 5009
drain=$started
check 'a guest alone has the whole rx-capacity' wait_for 30 key_is "$(be g1)/rx-rate" "$SUITE_RATE"
host_receives 25
check 'a guest is told what Dom0 leaves of rx-capacity' wait_for 30 rate_is 65 82
check 'g1 has no error while it has no rx-min' key_is "$(be g1)/error" ''
dmvlctl set g1 rx-min=$((SUITE_RATE * 85 / 100)) >&2
check 'the error of g1 says that Dom0 leaves no room for its rx-min' \
	wait_for 30 key_like "$(be g1)/error" 'rx-min is scaled down*less what the host receives'
dmvlctl set g1 rx-min=0 >&2
check 'the error clears without an rx-min' wait_for 30 key_is "$(be g1)/error" ''
host_stops
check 'a guest has the whole rx-capacity again when Dom0 receives nothing more' \
	wait_for 30 key_is "$(be g1)/rx-rate" "$SUITE_RATE"
host_receives 150
check 'a guest keeps its part by weight however much Dom0 receives' wait_for 30 rate_is 46 56
xenstore-write "$uplink/host-weight" 64
check 'the part that a guest keeps follows host-weight' wait_for 30 rate_is 75 85
host_stops
kill "$drain"
wait "$drain"
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
