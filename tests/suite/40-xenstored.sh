#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# xenstored stopped: frames go on; both daemons end when they are told to.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
before=$(tc qdisc show dev up0)
back_start
ldps 'g1 1' 'g2 2'
talks g1
check 'g1 pings g2 over IPv4' wait_for 30 reaches g1 10.77.1.2

if [ "$BENCH_DRIVER" = xen ]; then
	xenstored=$(cat /run/xenstored.pid)
else
	xenstored=$(cat /run/xenstored/xenstored.pid)
fi
# On Xen `guest' needs xenstore to find its way: whatever is to run in a guest runs before.
guest_bg g2 "dmvl-frames recv -i dmvl0 -m 99 -c 1 -w 280; kill $(cat agent.g2)" >&2
mac2=$(mac g2 dmvl0)
guest_bg g1 'exec dmvl-flow udp 10.77.0.1 5003 -w 60 -b 200000 -l 500' >&2
start sink world dmvl-flow sink 5003
check 'g1 sends to the world' wait_for 30 grep -q 'udp [1-9]' sink.out

kill -STOP "$xenstored"
trap 'kill -CONT "$xenstored"; _suite_end' EXIT
from=$(tick sink.out)
xenstore-write "$(: nothing that asks)/x" 1 2>/dev/null &
asker=$!
check 'xenstored is stopped before the traffic is watched' wait_for 10 grep -q '^State:.T' "/proc/$xenstored/status"
# Over five seconds: each has frames of g1, and the world pings both guests.
check 'frames flow for five seconds while xenstored is stopped' wait_for 60 sh -c "[ \$(awk '\$1 > $from && \$4 > 0' sink.out | wc -l) -ge 5 ]"
is "$(awk -v f="$from" '$1 > f + 1 && $1 <= f + 5 && $4 == 0' sink.out)" '' 'no second is without frames while xenstored is stopped'
check 'the world pings g1 while xenstored is stopped' reaches world 10.77.1.1
check 'the world pings g2 while xenstored is stopped' reaches world 10.77.1.2
check 'xenstored is still stopped after the traffic was watched' grep -q '^State:.T' "/proc/$xenstored/status"
check 'dmvl-back runs while xenstored is stopped' kill -0 "$back"
kill -CONT "$xenstored"
wait "$asker"
xenstore-write "$(be g1)/weight" 99
xenstore-write "$(be g2)/weight" banana
check 'a changed key is read when xenstored goes on' wait_for 30 key_like "$(be g2)/error" '*banana*'

# SIGTERM while it is stopped, sent to g2's agent by the frame that it waits for.
kill -STOP "$xenstored"
world dmvl-frames send -i world0 -m 99 -d "$mac2" >&2
silent()
{
	! reaches world 10.77.1.2
}
check 'SIGTERM while xenstored is stopped ends an agent' wait_for 20 silent
kill -CONT "$xenstored"

# And dmvl-back: 1 s is promised, emulation may take a little longer.
kill -STOP "$xenstored"
begun=$(cut -d' ' -f1 /proc/uptime)
kill "$back"
check 'SIGTERM while xenstored is stopped ends dmvl-back' wait_for 10 ended "$back"
is "$(tc qdisc show dev up0)" "$before" 'the qdisc is as before when dmvl-back has ended while xenstored was stopped'
diag "after $(cut -d' ' -f1 /proc/uptime | awk -v b="$begun" '{ print $1 - b }') s"
wait "$back"
is $? 0 'SIGTERM while xenstored is stopped gives exit status 0'
check 'the TAP is gone when dmvl-back ends while xenstored is stopped' test ! -e /sys/class/net/dmvl-up
kill -CONT "$xenstored"
back_start
check 'g1 connects when dmvl-back is started again' wait_for 60 connected g1
check 'g1 pings the world when dmvl-back is started again' talks g1
kill "$started"
back_stop
done_testing
