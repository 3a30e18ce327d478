#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Through which ports of the bridge frames leave the host, and the capacity that follows from the speed
# of a card there. The card is played: a folder over that of up0 in sysfs.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

up='--uplink tap:dmvl-up,bridge=xenbr0'

# says KEY VALUE, within a while.
says()
{
	wait_for 30 key_is "$uplink/$1" "$2"
}

# estimate_near RATE: for wait_for. Wire bytes are a little more than the shaper's.
estimate_near()
{
	awk -v e="$(xenstore-read "$uplink/tx-capacity-estimate")" -v r="$1" \
		'BEGIN { exit !(e > 0.95 * r && e < 1.05 * r) }'
}

# in_force: how often settings of the uplink were put in force.
in_force()
{
	grep -c 'uplink default: capacity' "$_log"
}

more_in_force()
{
	[ "$(in_force)" -gt "$1" ]
}

uplink_setup
ip link add side0 type veth peer name side1
ip link set side0 master xenbr0 up
ip link set side1 up # a link

# ---- Ports without hardware

back_start
check 'without hardware frames leave through the oldest port' says exits up0
check 'xenstore says that the exit is the oldest port' says exits-by oldest
check 'the speed of a veth does not count' says speed 0
check 'xenstore says that the capacity is configured' says capacity-source configured
like "$(dmvlctl uplinks)" '*CAPACITY-SOURCE*configured*up0*oldest*' 'dmvlctl uplinks shows the exit and where the capacity comes from'
like "$(dmvlctl uplinks --json)" '*"exits":*"up0"*"exits-by":*"oldest"*"capacity-source":*"configured"*' \
	'dmvlctl uplinks --json has the exit and where the capacity comes from'
xenstore-write "$uplink/uplink-port" side0
check 'frames leave through the port that the operator chooses' says exits side0
check 'xenstore says that the exit was chosen' says exits-by chosen
check 'the log names the exit that the operator chose' wait_for 10 grep -q 'leave the host through side0' "$_log"
ip link set side0 nomaster
check 'the error names a chosen port that leaves the bridge' wait_for 30 key_like "$uplink/error" 'uplink-port "side0": side0 is no port*xenbr0'
check 'frames leave through another port when the chosen one leaves the bridge' says exits up0
ip link set side0 master xenbr0
check 'the error clears when the chosen port is back in the bridge' says error ''
check 'frames leave through the chosen port when that is back' says exits side0
xenstore-write "$uplink/uplink-port" nope0
check 'the error names a chosen port that does not exist' wait_for 30 key_like "$uplink/error" 'uplink-port "nope0": nope0 is no port*'
xenstore-write "$uplink/uplink-port" dmvl-up
check 'the error names a chosen port that is the uplink itself' wait_for 30 key_like "$uplink/error" '*dmvl-up is the uplink itself'
xenstore-write "$uplink/uplink-port" a-name-beyond-fifteen
check 'the error names a chosen port that is malformed' wait_for 30 key_like "$uplink/error" 'uplink-port "a-name-beyond*'
xenstore-rm "$uplink/uplink-port"
check 'the error clears when no port is chosen' says error ''
back_stop
xenstore-write "$uplink/tx-capacity" 0

# ---- A card

card_plug up0 2 up
# Nothing is shared with the host: the HTB would give the veth that plays the card a queue.
# shellcheck disable=SC2086
check 'dmvl-back needs neither a capacity nor back-pressure where a card tells its speed' back_run $up --share-uplink no
check 'frames leave through the port with a card' says exits-by hardware
check 'xenstore has the speed of the card' says speed 2000000
check 'xenstore says that the capacity follows from the speed' says capacity-source speed
ldp g1 1 tx-min=1000000
talks g1
check 'the capacity is 98 % of the speed' wait_for 30 key_is "$(be g1)/tx-rate" 1960000
xenstore-write "$(be g1)/tx-min" 1900000
check 'a minimum that the card does not carry is refused' wait_for 30 key_like "$(be g1)/error" '*95 % of the capacity of 1960000'
card up0 4 up
check 'the capacity follows a card that becomes faster' wait_for 30 key_is "$(be g1)/tx-rate" 3920000
check 'the log has the new speed' wait_for 10 grep -q 'capacity 3.92mbit, for the speed of 4mbit' "$_log"
check 'a minimum that the faster card carries is granted' wait_for 30 key_is "$(be g1)/error" ''

card up0 -1 down
kill -HUP "$back"
check 'dmvl-back looks at the card again on SIGHUP' wait_for 30 grep -q 'reload: the uplink is probed' "$_log"
loads=$(in_force)
xenstore-write "$uplink/frame-cost" 100
check 'settings are put in force while the card has no link' wait_for 30 more_in_force "$loads"
is "$(xenstore-read "$uplink/speed")" 4000000 'the speed stays while the card has no link'
is "$(xenstore-read "$uplink/capacity-source")" speed 'the capacity stays while the card has no link'
xenstore-write "$(be g1)/tx-min" 900000
card up0 1 up
check 'the capacity follows a card that comes back slower' wait_for 30 key_is "$(be g1)/tx-rate" 980000

xenstore-write "$uplink/tx-capacity" 3000000
check 'a configured capacity goes before the speed' says capacity-source configured
check 'a configured capacity is in force' wait_for 30 key_is "$(be g1)/tx-rate" 3000000
xenstore-write "$uplink/tx-capacity" 0
check 'the speed counts when the configured capacity is taken back' says capacity-source speed
card up0 -1 up
check 'the error says that a card neither tells its speed nor gives back-pressure' wait_for 30 key_like "$uplink/error" '*cannot be measured: up0 has no queue*'
check 'the speed is 0 when the card does not tell it' says speed 0
is "$(xenstore-read "$uplink/capacity-source")" speed 'the last capacity stays where none can be known'
tc qdisc add dev up0 root tbf rate "$SUITE_RATE" burst 8k limit 100k
check 'the capacity is measured where there is back-pressure and no speed' says capacity-source measured
check 'the error clears where the capacity can be measured' says error ''

# Behind a card of 1 Gbit/s something is slower.
card up0 1000 up
check 'the capacity of a faster card is in force before there is traffic' says capacity-source speed
sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
check 'a measured capacity is in force where the link is slower than its card' says capacity-source measured
check 'what is slower than its card is measured right' wait_for 30 estimate_near "$SUITE_RATE"
is "$(tc -s qdisc show dev up0 | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | head -n 1)" 0 \
	'no frame is dropped behind a card where the link is slower'
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
card_unplug up0
done_testing
