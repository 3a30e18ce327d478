#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# drive.sh DRIVE: the same cases as capacity.sh, with a sender that can fill a gigabit in the
# place of guests. Runs in network and mount namespaces of its own, which go with it. TAP; figures
# into $BENCH_JSON.
if [ -z "$DRIVE_INSIDE" ]; then
	DRIVE_INSIDE=1 exec unshare -nm --propagation private --kill-child -pf "$0" "$@"
fi
mount -t sysfs none /sys
mount -t proc none /proc
drive=$1
n=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

ok()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

metric()
{
	printf '{"bench":"capacity","case":"%s","subject":"%s","metric":"%s","value":%s,"unit":"%s"}\n' \
		"$1" dmvl "$2" "$3" "$4" >>"$BENCH_JSON"
}

counter()
{
	tc -s qdisc show dev p0 | awk -v what="$1" '$1 == "Sent" && !n++ { print what == "bytes" ? $2 : $7 + 0 }'
}

# The same clock as the driver's, in milliseconds.
uptime_ms()
{
	awk '{ print int($1 * 1000) }' /proc/uptime
}

# shape VERB RATE LIMIT
shape()
{
	tc qdisc "$1" dev p0 root tbf rate "$2" burst 64kb limit "$3"
}

# begin KIND RATE LIMIT SECONDS
begin()
{
	ip link add p0 type veth peer name p1
	sysctl -q -w net.ipv6.conf.p0.disable_ipv6=1 net.ipv6.conf.p1.disable_ipv6=1
	ip link set p0 mtu 9000 up
	ip link set p1 mtu 9000 up
	mac=$(cat /sys/class/net/p1/address)
	shape add "$2" "$3"
	where=macvtap:p0
	if [ "$1" = tap ]; then
		ip link add br0 type bridge
		sysctl -q -w net.ipv6.conf.br0.disable_ipv6=1
		ip link set p0 master br0
		ip link set br0 mtu 9000 up
		bridge fdb add "$mac" dev p0 master static
		where=tap:t0,bridge=br0
	fi
	"$drive" "$where" "$mac" "$4" >"$work/out" &
	pid=$!
}

end()
{
	wait $pid
	drops=$(counter drops)
	ip link del p0
	ip link del br0 2>/dev/null
}

# one KIND RATE BITS LIMIT
one()
{
	case="driver: $1 tbf=$2 limit=$4"
	begin "$1" "$2" "$4" 5
	sleep 2
	bytes=$(counter bytes) from=$(uptime_ms)
	sleep 2
	mbps=$(awk -v b=$(($(counter bytes) - bytes)) -v ms=$(($(uptime_ms) - from)) \
		'BEGIN { print b * 8 / ms / 1000 }')
	end
	# The worst of each moment but the first second.
	error=$(awk -v r="$3" 'NR == 1 { t = $1 } $1 > t + 1000 {
		d = $2 / r - 1; d = d < 0 ? -d : d; w = d > w ? d : w } END { print w + 0 }' "$work/out")
	metric "$case" accepted_mbps "$mbps" mbit/s
	metric "$case" qdisc_drops "$drops" 1
	if awk -v m="$mbps" -v r="$3" 'BEGIN { exit m * 1e6 >= r * 0.8 }'; then
		n=$((n + 1))
		echo "ok $n - $case # SKIP the driver sent $mbps Mbit/s only: too little processor time"
	else
		metric "$case" estimate_error "$error" 1
		awk -v e="$error" 'BEGIN { exit e >= 0.05 }'
		ok $? "$case: within 5 % ($error)"
	fi
	[ "$drops" -eq 0 ]
	ok $? "$case: nothing is dropped"
}

# settle CASE FROM BITS: from that moment until the estimate is near and stays so for 200 ms.
settle()
{
	took=$(awk -v t="$2" -v r="$3" '$1 >= t && $1 < t + 2000 {
		near = $2 > r * .95 && $2 < r * 1.05
		if (!near) since = 0; else if (!since) since = $1
		if (since && $1 - since >= 200) { print since - t; done = 1; exit }
	} END { if (!done) print 10000 }' "$work/out")
	metric "$1" settle_ms "$took" ms
	[ "$took" -lt 1000 ]
	ok $? "$1: followed within a second ($took ms)"
}

# steps KIND
steps()
{
	begin "$1" 100mbit 4mb 14
	sleep 2
	for _ in 1 2 3; do
		uptime_ms
		shape change 1gbit 4mb
		sleep 2
		uptime_ms
		shape change 100mbit 4mb
		sleep 2
	done >"$work/times"
	end
	while read -r up && read -r down; do
		settle "driver: $1 step 100mbit to 1gbit" "$up" 1000000000
		settle "driver: $1 step 1gbit to 100mbit" "$down" 100000000
	done <"$work/times"
	metric "driver: $1 steps" qdisc_drops "$drops" 1
	[ "$drops" -eq 0 ]
	ok $? "driver: $1 steps: nothing is dropped"
}

for switch in /proc/sys/net/bridge/bridge-nf-call-*tables; do
	[ ! -e "$switch" ] || echo 0 >"$switch"
done
for kind in tap macvtap; do
	for limit in 100kb 4mb; do
		one $kind 100mbit 100000000 $limit
		one $kind 1gbit 1000000000 $limit
	done
	steps $kind
done
echo "1..$n"
exit $failed
