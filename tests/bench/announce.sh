#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What announcements cost xenstored: 200 devices that all send, with and without frames.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/hostile/many.sh
. "$SUITE_TOP/tests/hostile/many.sh"

window=10 # seconds
xenstored=$(cat /run/xenstored/xenstored.pid)

# cpu PID: clock ticks of a process so far.
cpu()
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

passed()
{
	[ "$(cut -d. -f1 /proc/uptime)" -ge "$1" ]
}

# measure CASE: over a window: keys written, devices announced, and processor time.
measure()
{
	x0=$(cpu "$xenstored") b0=$(cpu "$back") e0=$(wc -l <watch.out)
	wait_for $((window + 5)) passed $(($(cut -d. -f1 /proc/uptime) + window))
	x1=$(cpu "$xenstored") b1=$(cpu "$back")
	tail -n +$((e0 + 1)) watch.out >window.out
	keys=$(wc -l <window.out)
	# A device is announced in one transaction, all of whose keys are seen together.
	told=$(sed 's,/[^/]*$,,' window.out | uniq | wc -l)
	hz=$(getconf CLK_TCK)
	metric '200 devices' "$1" announcements "$(echo "$told $window" | awk '{ print $1 / $2 }')" 1/s
	metric '200 devices' "$1" keys "$(echo "$keys $window" | awk '{ print $1 / $2 }')" 1/s
	# Begin, is it there, end.
	metric '200 devices' "$1" operations \
		"$(echo "$keys $told $window" | awk '{ print ($1 + 3 * $2) / $3 }')" 1/s
	metric '200 devices' "$1" xenstored "$(echo "$x0 $x1 $hz $window" | awk '{ print ($2 - $1) / $3 / $4 * 100 }')" %
	metric '200 devices' "$1" dmvl-back "$(echo "$b0 $b1 $hz $window" | awk '{ print ($2 - $1) / $3 / $4 * 100 }')" %
	diag "$1: $told announcements, $keys keys, xenstored $((x1 - x0)) ticks, dmvl-back $((b1 - b0))"
}

uplink_setup
# Less than they offer: so all of them lend and borrow.
back_start --log-level info --tx-capacity 4mbit --rx-capacity 4mbit
xenstore-write "$uplink/switch" off
# shellcheck disable=SC2046
set -- $(guest_names)
many_agents "$@" || bail 'all agents wait for their devices'
many_attach "$@" || bail 'all are attached'
check 'all connect' wait_for 100 all_connected $#
# Of the backend's own keys those that it announces.
xenstore-watch /local/domain/0/backend/dmvl |
	grep --line-buffered -E '/(credit|credit-balance|log-offset|tx-rate|rx-rate)$' >watch.out &
all_told()
{
	[ "$(xenstore-ls -f /local/domain/0/backend/dmvl | grep -c /tx-rate)" -ge "$1" ]
}
check 'all are announced' wait_for 60 all_told $#
measure idle
start sink world dmvl-flow sink 5001
world_mac=$(mac world world0)
i=0
for g; do
	i=$((i + 1))
	# Nothing is asked of all others: 200 times 200 frames are another bench.
	in-guest "$g" sh -c "sysctl -q net.ipv6.conf.dmvl0.disable_ipv6=1
		ip addr add 10.77.2.$i/16 dev dmvl0; ip link set dmvl0 up
		ip neigh replace 10.77.0.1 lladdr $world_mac dev dmvl0
		exec nice dmvl-flow udp 10.77.0.1 5001 -w 100 -b 40000 -l 300" >>flows.out 2>&1 &
done
all_seen()
{
	[ "$(cut -d/ -f7 watch.out | sort -u | wc -l)" -ge "$1" ]
}
check 'all are announced again' wait_for 90 all_seen $#
measure busy
back_stop
is $? 0 'dmvl-back ends well'
is "$(reports)" 0 'no sanitizer has anything to report'
done_testing
