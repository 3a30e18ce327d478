#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Which ports are shared with the host, which are not and why, and what their qdiscs are before and after.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

up='--uplink tap:dmvl-up,bridge=xenbr0'

# share_is PATTERN: as the daemon says that runs. The key may be of the one before until its first word.
share_is()
{
	wait_for 30 grep -q "a share for the host's frames" "$_log" && wait_for 30 key_like "$uplink/host-share" "$1"
}

# qdiscs IF: as tc shows them, but for the count of frames that an HTB without classes let pass.
qdiscs()
{
	tc qdisc show dev "$1" | sed 's/ direct_packets_stat [0-9]*//'
}

has_htb()
{
	qdiscs "$1" | grep -q 'htb 1d6d:'
}

has_no_htb()
{
	! has_htb "$1"
}

uplink_setup
ip link add side0 type veth peer name side1
ip link set side0 master xenbr0 up

# ---- What an operator put there

# left_alone QDISC WHY: the sharing is off, for that reason, and the qdisc as it was.
left_alone()
{
	# shellcheck disable=SC2086
	tc qdisc replace dev up0 root $1
	qdiscs up0 >operator
	back_start
	check "a port with the qdisc $1 is not shared" share_is "off: *$2*"
	is "$(qdiscs up0)" "$(cat operator)" "the qdisc $1 stays while dmvl-back runs"
	back_stop
	is "$(qdiscs up0)" "$(cat operator)" "the qdisc $1 stays when dmvl-back ends"
	tc qdisc del dev up0 root
}

left_alone 'handle 7: pfifo limit 50' 'up0 has a qdisc of its own, pfifo'
left_alone 'handle 5: htb default 1' 'up0 has a qdisc of its own, htb'
left_alone 'tbf rate 10mbit burst 10k limit 100k peakrate 20mbit mtu 2000' 'the tbf of up0 has options'
tc qdisc add dev up0 root handle 3: tbf rate 10mbit burst 10k limit 100k
tc qdisc add dev up0 parent 3:1 handle 4: pfifo limit 70
qdiscs up0 >operator
back_start
check 'a TBF with a queue that an operator chose is not shared' share_is 'off: *the tbf of up0 has a qdisc of its own, pfifo'
back_stop
is "$(qdiscs up0)" "$(cat operator)" 'a TBF with a queue that an operator chose stays as it was'
tc qdisc del dev up0 root

for tbf in 'handle 3: tbf rate 10mbit burst 10k latency 50ms' 'tbf rate 1234567bit burst 5001 limit 30001' \
	'tbf rate 40gbit burst 400k limit 4m'; do
	# shellcheck disable=SC2086
	tc qdisc add dev up0 root $tbf
	qdiscs up0 >operator
	back_start
	check "a port with $tbf is shared" share_is on
	back_stop
	is "$(qdiscs up0)" "$(cat operator)" "$tbf is as before when dmvl-back ends"
	tc qdisc del dev up0 root
done

# ---- What tc or the kernel does not do

mkdir bin
cat >bin/tc <<-'END'
	#!/bin/sh
	echo 'Error: Specified qdisc kind is unknown.' >&2
	echo 'Command failed -:1' >&2
	exit 1
END
chmod +x bin/tc
path=$PATH
PATH=$PWD/bin:$PATH
back_start
PATH=$path
check 'without sch_htb the reason is what tc said' share_is 'off: tc failed on up0: Error: Specified qdisc kind is unknown.*'
ldp g1 1
check 'without sch_htb guests are served' talks g1
is "$(grep -c 'Specified qdisc kind' "$_log")" 1 'without sch_htb the log says so once'
back_stop
is $? 0 'dmvl-back without sch_htb ends with status 0'

# ---- Keys that cannot all be kept

rate=100000000
back_start --tx-capacity $rate
check 'a port whose capacity is configured is shared' share_is on
# error_is PATTERN: of the uplink; '' is none.
error_is()
{
	wait_for 30 key_like "$uplink/error" "$1"
}
xenstore-write "$uplink/host-min" $((rate * 2))
check 'a host-min above the capacity is an error of the uplink' error_is "host-min $((rate * 2)): the host gets *$rate"
like "$(dmvlctl check)" "*uplink default: host-min $((rate * 2)): *" 'dmvlctl check shows a host-min above the capacity'
xenstore-write "$uplink/host-min" $((rate / 2))
check 'the error clears when the capacity has room for host-min' error_is ''
xenstore-rm "$uplink/host-min"
xenstore-write "$uplink/host-max" $((rate / 100))
check 'a host-max below the host-min that is not set is an error of the uplink' error_is "host-max $((rate / 100)): less than host-min*"
xenstore-write "$uplink/host-min" 0
check 'the error clears when host-min is set below host-max' error_is ''
xenstore-rm "$uplink/host-max"
dmvlctl set g1 tx-min=$((rate * 60 / 100)) >&2
check 'a tx-min that fits beside the host is in force' wait_for 30 grep -q 'up0: the host has 33.*bit of 100mbit' "$_log"
is "$(xenstore-read "$(be g1)/error")" '' 'a tx-min that fits beside the host is no error'
xenstore-write "$uplink/host-min" $((rate / 2))
check 'a host-min that leaves too little for the tx-min is an error of the uplink' \
	error_is "host-min $((rate / 2)): the tx-min of all devices*"
dmvlctl set g1 tx-min=0 >&2
check 'the error clears when the tx-min gives way' error_is ''
xenstore-rm "$uplink/host-min"
back_stop

# ---- The port changes

qdiscs up0 >before.up0
qdiscs side0 >before.side0
back_start
check 'the oldest port is shared' wait_for 30 has_htb up0
xenstore-write "$uplink/uplink-port" side0
check 'a port that the operator chooses is shared' wait_for 30 has_htb side0
check 'a port through which no frame leaves any more is as before' wait_for 30 has_no_htb up0
is "$(qdiscs up0)" "$(cat before.up0)" 'the qdisc of a port through which no frame leaves any more is as before'
xenstore-rm "$uplink/uplink-port"
check 'the oldest port is shared again when none is chosen' wait_for 30 has_htb up0
ip link set up0 down
ip link set up0 up
check 'a port that was down is shared' share_is on
back_stop
is "$(qdiscs side0)" "$(cat before.side0)" 'the qdisc of a port that was chosen for a while is as before'

# ---- Several daemons

back_start
check 'the first of two daemons shares the port' share_is on
dmvl-back -n two --uplink tap:dmvl-two,bridge=xenbr0 --tx-capacity 10gbit 2>two.log &
two=$!
other=/local/domain/0/data/dmvl/two
check 'the second of two daemons says that another one shares the port' \
	wait_for 30 key_like "$other/host-share" 'off: another dmvl-back shares up0'
check 'the port stays shared beside a second daemon' share_is on
back_stop
check 'the second daemon shares the port when the first has ended' wait_for 30 key_is "$other/host-share" on
kill "$two"
wait "$two"
is "$(qdiscs up0)" "$(cat before.up0)" 'the qdisc is as before when two daemons have ended'

# ---- Cards

xenstore-write "$uplink/tx-capacity" 0
card_plug up0 1000 up
card_plug side0 1000 up
# shellcheck disable=SC2086
back_run $up
check 'cards whose capacity follows from the speed are shared' share_is on
check 'the first of two cards is shared' wait_for 30 has_htb up0
check 'the second of two cards is shared' wait_for 30 has_htb side0
check 'the HTB has the capacity that follows from the speed' \
	wait_for 30 sh -c 'tc class show dev up0 | grep -q "1d6d:1 .*ceil 980Mbit"'
card up0 100 up
check 'the HTB follows the speed of a card' \
	wait_for 30 sh -c 'tc class show dev up0 | grep -q "1d6d:1 .*ceil 98Mbit"'
back_stop
card_unplug up0
card_unplug side0
is "$(qdiscs up0)" "$(cat before.up0)" 'the qdisc of a card is as before'

# ---- Several transmit queues

if ip tuntap add many0 mode tap multi_queue && ip link set many0 master xenbr0 up &&
	tc qdisc show dev many0 | grep -q '^qdisc mq 0: root'; then
	xenstore-write "$uplink/uplink-port" many0
	qdiscs many0 >before
	back_start
	check 'a port with several transmit queues is not shared' share_is 'off: many0 has several transmit queues*'
	back_stop
	back_start --share-uplink yes
	check '--share-uplink=yes shares a port with several transmit queues' share_is on
	back_stop
	is "$(qdiscs many0)" "$(cat before)" 'a port has its several transmit queues again'
	tc qdisc replace dev many0 root handle 9: mq
	qdiscs many0 >before
	back_start --share-uplink yes
	check 'the mq of an operator is not replaced' share_is 'off: many0 has a qdisc of its own, mq'
	back_stop
	is "$(qdiscs many0)" "$(cat before)" 'the mq of an operator stays'
else
	skip 'no TAP with mq here' 'a port with several transmit queues is not shared'
fi
done_testing
