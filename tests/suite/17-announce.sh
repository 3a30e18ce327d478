#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What is announced in xenstore: by the backend about each device, by the agent about what it applied.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# watch: what happens below g1's backend directory, a line each: SECONDS PATH. The first line
# of each watch comes when it is made.
watch()
{
	xenstore-watch "$(be g1)" | while read -r _path; do
		echo "$(cut -d' ' -f1 /proc/uptime) $_path"
	done >watch.out &
	wait_for 30 test -s watch.out
}

# at_most_once_a_second KEY: the first and the last of any eight writes are at least six seconds apart, not
# seven: the watcher may see the first one late.
at_most_once_a_second()
{
	grep "/$1\$" watch.out >watch.key
	awk '{ t[NR] = $1 } NR > 7 && $1 - t[NR - 7] < 6 { print "eight within", $1 - t[NR - 7], "s"; bad = 1 }
		END { exit bad }' watch.key
}

rose()
{
	[ "$(xenstore-read "$1")" -gt "$2" ]
}

# rate NAME tx|rx BITS: within 1 %.
rate()
{
	xenstore-read "$(be "$1")/$2-rate" | awk -v w="$3" '{ is = $1 >= w * .99 && $1 <= w * 1.01 } END { exit !is }'
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE" --rx-capacity $((SUITE_RATE / 2))
ldp g1 1
check 'g1 alone has all of the transmit capacity' wait_for 30 rate g1 tx "$SUITE_RATE"
check 'g1 alone has all of the receive capacity' wait_for 30 rate g1 rx $((SUITE_RATE / 2))
for key in credit credit-balance log-offset; do
	check "the backend announces $key of g1" xenstore-exists "$(be g1)/$key"
done
watch
ldp g2 2 weight=768
talks g1
talks g2
check 'g1 has all of the tx-rate beside a neighbour that is idle' wait_for 30 rate g1 tx "$SUITE_RATE"
check 'g2 has all of the tx-rate beside a neighbour that is idle' wait_for 30 rate g2 tx "$SUITE_RATE"
dmvlctl set g1 weight=768 >&2
dmvlctl set g1 tx-max=$((SUITE_RATE / 8)) >&2
check 'the tx-rate of g1 is no more than its tx-max' wait_for 30 rate g1 tx $((SUITE_RATE / 8))
dmvlctl set g1 tx-max=0 >&2
check 'the tx-rate of g1 is all again without tx-max' wait_for 30 rate g1 tx "$SUITE_RATE"
like "$(dmvlctl show g1)" '*tx: *would get *: all that the others leave*rx: *would get *: all that the others leave*' 'dmvlctl show prints both rates'
like "$(dmvlctl show g1 --json | tr -d ' ')" '*"rx-rate":[1-9]*' 'dmvlctl show --json prints the rx-rate'
like "$(dmvlctl list)" '* TX *RX *' 'dmvlctl list has columns of rates'

# Under load the credit follows the rate that an LDP is served at: more than its share while it is alone.
sink_start
credit=$(xenstore-read "$(be g1)/credit")
diag "credit of g1: $credit bytes at half of the link"
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
check 'g1 sends to the world' wait_for 30 ticks_pass sink.out 0 1 3
check 'the credit of g1 grows when it borrows' wait_for 30 rose "$(be g1)/credit" "$credit"
check 'the agent announces the demand of g1' wait_for 30 rose "$(fe g1)/demand" 0
offset=$(xenstore-read "$(be g1)/log-offset")
check 'log-offset of the backend grows while g1 sends' wait_for 30 rose "$(be g1)/log-offset" "$offset"
offset=$(xenstore-read "$(be g1)/log-offset")
# shellcheck disable=SC2154 # agent's
check 'log-offset of the agent follows that of the backend' wait_for 30 rose "$(fe g1)/log-offset" "$((offset - 1))"

# Xenstored is stopped for five seconds: frames go on, and afterwards only the latest values are written,
# not all that were missed.
if [ "$BENCH_DRIVER" = xen ]; then
	xenstored=$(cat /run/xenstored.pid)
else
	xenstored=$(cat /run/xenstored/xenstored.pid)
fi
kill -STOP "$xenstored"
trap 'kill -CONT "$xenstored"; _suite_end' EXIT
from=$(tick sink.out)
past()
{
	awk -v f="$from" '$1 != "total" && $1 > f + 5 && $4 > 0 { found = 1 } END { exit !found }' \
		sink.out
}
check 'frames go on after five seconds without xenstored' wait_for 60 past
# A busy machine may leave out a tick or two.
is "$(awk -v f="$from" '$1 != "total" && $1 > f && $1 <= f + 5 { n++; empty += $4 == 0 }
	END { print (n > 0 && empty <= n / 2) }' sink.out)" 1 'frames go on in most ticks of five seconds without xenstored'
events=$(wc -l <watch.out)
kill -CONT "$xenstored"
offset=$(xenstore-read "$(be g1)/log-offset")
check 'log-offset is written again when xenstored goes on' wait_for 30 rose "$(be g1)/log-offset" "$offset"
between $(($(wc -l <watch.out) - events)) 1 15 'values that xenstored missed are not written afterwards'
check 'log-offset is written at most once a second' at_most_once_a_second log-offset
check 'tx-rate is written at most once a second' at_most_once_a_second tx-rate
check 'credit is written at most once a second' at_most_once_a_second credit
check 'dmvl-back survives a halt of xenstored' kill -0 "$back"
# shellcheck disable=SC2154 # sink_start's
kill "$sink"
xenstore-write "$uplink/rx-capacity" 0
check 'no rx-rate is known without a receive capacity' wait_for 30 key_is "$(be g1)/rx-rate" 0

# The length of the TAP's queue, in frames: with flow queues it stays. Without, it follows the rate, and changes
# again only after a rest.
queue_is()
{
	[ "$(guest g1 cat /sys/class/net/dmvl0/tx_queue_len)" = "$1" ]
}
told_rate()
{
	agent_kill USR1 g1
	guest g1 'grep -q "report: TX ring .*; rate [1-9]" /run/front.log'
}
agent_again g1 1 --flows 1024
check 'the agent with flow queues is told a low rate' wait_for 30 told_rate
check 'the TAP queue of g1 is longest at a low rate, too, with flow queues' queue_is 512
agent_again g1 1 --flows 0
check 'the TAP queue of g1 is shortest at a low rate' wait_for 30 queue_is 64
xenstore-write "$uplink/tx-capacity" 10000000000
check 'the TAP queue of g1 is longest at a high rate' wait_for 30 queue_is 512
xenstore-write "$uplink/tx-capacity" "$SUITE_RATE"
check 'the TAP queue of g1 is shortest when the rate is low again' wait_for 60 queue_is 64
guest g1 'ip link set dmvl0 txqueuelen 100'
xenstore-write "$uplink/tx-capacity" 10000000000
check 'the agent notices a queue length set by the guest' wait_for 60 guest g1 'grep -q "queue length to 100" /run/front.log'
check 'a queue length set by the guest stays' queue_is 100
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
done_testing
