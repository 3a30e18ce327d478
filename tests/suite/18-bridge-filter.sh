#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A bridge that hands its frames to iptables (br_netfilter) takes them off the uplink's send buffer, so
# dmvl-back does not notice that the link is full. Without that dmvl-back notices. This passes on real
# Xen too, but takes a minute and a half there; 16-capacity shows the probe there.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

bridge_filter 1 || skip_all 'this kernel has no br_netfilter'

# Frames come to the shaper at twice the rate that it lets pass.
rate=$((SUITE_RATE / 2))

shaper_drops()
{
	tc -s qdisc show dev up0 | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | head -n 1
}

some_dropped()
{
	[ "$(shaper_drops)" -gt 0 ]
}

estimate()
{
	xenstore-read "$uplink/tx-capacity-estimate"
}

# estimate_near RATE: for wait_for. Wire bytes are a little more than the shaper's.
estimate_near()
{
	awk -v e="$(estimate)" -v r="$1" 'BEGIN { exit !(e > 0.95 * r && e < 1.05 * r) }'
}

# back_shaped: a new dmvl-back, by a new shaper.
back_shaped()
{
	tc qdisc replace dev up0 root tbf rate $rate burst 8k limit 100k
	back_run --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity "$SUITE_RATE"
}

uplink_setup
back_shaped
ldp g1 1
talks g1
sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
check 'with iptables called the shaper drops frames' wait_for 60 some_dropped
is "$(estimate)" 0 'with iptables called nothing is measured'
back_stop

bridge_filter 0
tc qdisc del dev up0 root
back_shaped
check 'without iptables the capacity is measured' wait_for 60 estimate_near $rate
is "$(shaper_drops)" 0 'without iptables the shaper drops no frame'
back_stop
done_testing
