#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Dom0 sends out of the same port as the guests: each side has its share, by an HTB that dmvl-back keeps there.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
ip addr add 10.77.200.1/16 dev xenbr0
host=10.77.200.1

shaped()
{
	tc qdisc replace dev up0 root tbf rate "$SUITE_RATE" burst 8k limit 100k
}

qdiscs()
{
	tc qdisc show dev up0
}

# share_is PATTERN: as the daemon says that runs. The key may be of the one before until its first word.
share_is()
{
	wait_for 30 grep -q "a share for the host's frames" "$_log" && wait_for 30 key_like "$uplink/host-share" "$1"
}

# host_sends: four TCP flows of Dom0 to the sink, until host_stops.
host_sends()
{
	: >host.pids
	for _flow in 1 2 3 4; do
		dmvl-flow tcp 10.77.0.1 5001 -w 1500 >&2 &
		echo $! >>host.pids
	done
}

host_stops()
{
	# shellcheck disable=SC2046
	kill $(cat host.pids)
}

# part ADDRESS: its part of all that the sink gets in eight intervals from now on, in percent.
part()
{
	_from=$(awk -v t="$(tick sink.out)" -v i="$SUITE_TICK" 'BEGIN { print t + 2 * i }')
	wait_for 100 ticks_pass sink.out "$_from" 1 8
	awk -v first="$_from" -v who="$1" '
		$1 != "total" && $1 > first { all += $4; if ($2 == who) its += $4 }
		END { print all ? int(100 * its / all + 0.5) : 0 }' sink.out
}

# has ADDRESS MIN MAX: for wait_for, which gives TCP time to find its rate.
has()
{
	_part=$(part "$1")
	diag "$1 has $_part % of the link"
	[ "$_part" -ge "$2" ] && [ "$_part" -le "$3" ]
}

# host_gap FROM: the longest time since then, in intervals of the sink, in which nothing came from Dom0.
host_gap()
{
	awk -v from="$1" -v i="$SUITE_TICK" -v who=$host '
		$1 == "total" || $1 <= from { next }
		$1 - last > worst { worst = $1 - last }
		$2 == who && $4 > 0 { last = $1 }
		BEGIN { last = from }
		END { printf "%d\n", worst / i + 0.5 }' sink.out
}

# carried: bytes that the HTB has let pass.
carried()
{
	tc -s qdisc show dev up0 | sed -n '/htb 1d6d:/,/Sent/s/.*Sent \([0-9]*\) .*/\1/p'
}

# Without sharing, which shows that the rest can fail.
shaped
qdiscs >before
back_start --tx-capacity "$SUITE_RATE" --share-uplink no
check '--share-uplink=no is shown as the reason' share_is 'off: --share-uplink=no'
is "$(qdiscs)" "$(cat before)" '--share-uplink=no changes no qdisc'
ldp g1 1 tx-min=$((SUITE_RATE * 60 / 100))
talks g1
sink_start
sends g1 tcp -w 1500
host_sends
check 'without a share of the port g1 loses its tx-min beside four flows of Dom0' wait_for 120 has 10.77.1.1 0 50
back_stop
is "$(qdiscs)" "$(cat before)" 'without a share no qdisc is changed at the end'

back_start --tx-capacity "$SUITE_RATE"
check 'the port is shared by default' share_is on
check 'dmvlctl uplinks shows the share' sh -c 'dmvlctl uplinks | grep -q HOST-SHARE'
check 'g1 connects again' wait_for 60 connected g1
check 'g1 keeps its tx-min beside four flows of Dom0' wait_for 120 has 10.77.1.1 57 99
check 'the HTB is in the TBF of the port' sh -c 'tc qdisc show dev up0 | grep -q "htb 1d6d: parent"'

# Keys, live. The default weights are equal.
dmvlctl set g1 tx-min=0 >&2
check 'a guest and Dom0 of equal weights have half of the link each' wait_for 120 has 10.77.1.1 44 56
xenstore-write "$uplink/host-weight" 768
check 'Dom0 with three times the weight has three quarters' wait_for 120 has $host 69 81
xenstore-write "$uplink/host-max" $((SUITE_RATE / 5))
check 'Dom0 has no more than host-max' wait_for 120 has $host 10 22
xenstore-write "$uplink/host-min" $((SUITE_RATE / 2))
check 'a host-min above host-max is an error of the uplink' wait_for 30 key_like "$uplink/error" '*host-min*host-max*'
xenstore-rm "$uplink/host-max"
check 'the error of host-min clears without host-max' wait_for 30 key_is "$uplink/error" ''
xenstore-write "$uplink/host-weight" 1
sends g1 udp -w 1500 -b $((SUITE_RATE * 2)) -l 1400
check 'Dom0 has its host-min beside a guest that floods' wait_for 120 has $host 44 56
xenstore-rm "$uplink/host-min"
check 'Dom0 has a little by default beside a guest that floods' wait_for 120 has $host 3 9
xenstore-write "$uplink/host-weight" 0
check 'a malformed host-weight is an error of the uplink' wait_for 30 key_like "$uplink/error" '*host-weight*'
xenstore-write "$uplink/host-weight" 256
check 'the error of a malformed host-weight clears' wait_for 30 key_is "$uplink/error" ''

# What is left to the LDPs is what minima are admitted against.
xenstore-write "$uplink/host-min" $((SUITE_RATE / 2))
dmvlctl set g1 tx-min=$((SUITE_RATE * 60 / 100)) >&2
check 'a tx-min that does not fit beside host-min is refused' wait_for 30 key_like "$(be g1)/error" '*tx-min*95*'
xenstore-write "$uplink/host-min" $((SUITE_RATE / 4))
check 'the error clears when host-min leaves room for the tx-min' wait_for 30 key_is "$(be g1)/error" ''

# Killed: Dom0 keeps its network, and the next start finds the HTB.
killed=$(tick sink.out)
kill -9 "$back"
wait "$back"
check 'the HTB stays when dmvl-back is killed' sh -c 'tc qdisc show dev up0 | grep -q "htb 1d6d:"'
check 'Dom0 reaches the world when dmvl-back is killed' wait_for 30 ping -c 1 -W 2 10.77.0.1
left=$(carried)
back_start --tx-capacity "$SUITE_RATE"
check 'the port is shared again after kill -9' share_is on
check 'g1 connects after kill -9' wait_for 60 connected g1
is "$(tc qdisc show dev up0 | grep -c htb)" 1 'there is one HTB after kill -9'
check 'g1 has its tx-min again after kill -9' wait_for 120 has 10.77.1.1 57 99
between "$(host_gap "$killed")" 1 4 'the TCP flows of Dom0 do not stall while dmvl-back is killed and started again'
check 'the HTB that kill -9 left is kept, with what waits in it' test "$(carried)" -gt "$left"
back_stop
is "$(qdiscs)" "$(cat before)" 'SIGTERM puts the qdiscs of a shaped port back'

# A change of the shaper under it, which keeps the HTB; and its end, which does not.
back_start --tx-capacity "$SUITE_RATE"
share_is on
tc qdisc del dev up0 root
check 'the HTB is put on the bare port when the shaper goes' wait_for 30 sh -c 'tc qdisc show dev up0 | grep -q "htb 1d6d: root"'
tc qdisc replace dev up0 root handle 7: pfifo limit 50
qdiscs >operator
check 'a qdisc that an operator puts in its place ends the share' share_is 'off: *up0*pfifo'
check 'dmvlctl uplinks shows why the port is not shared' sh -c 'dmvlctl uplinks | grep -q "off: up0.*pfifo"'
back_stop
is "$(qdiscs)" "$(cat operator)" 'the qdisc of an operator is left alone'
tc qdisc del dev up0 root
qdiscs >before
back_start --tx-capacity "$SUITE_RATE"
check 'a bare port is shared' share_is on
back_stop
is "$(qdiscs)" "$(cat before)" 'SIGTERM puts the default qdisc back'
host_stops
done_testing
