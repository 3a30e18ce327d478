#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Groups of devices: ten devices of one tenant beside one of another, each offering more than its share. On real
# Xen an emulated processor has to run them all: there are four, the uplink is slower, fewer frames are counted,
# and each share may be off by a tenth more, as in other tests there.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

rate=$SUITE_RATE
members='g2/0 g2/1 g2/2 g2/3 g3/0 g3/1 g3/2 g4/0 g4/1 g4/2'
fewer=1 wider=0
if [ "$BENCH_DRIVER" = xen ]; then
	rate=$((SUITE_RATE / 4))
	members='g2/0 g3/0 g3/1 g4/0'
	fewer=8 wider=.1
fi
count=$(echo "$members" | wc -w)
fps=$((rate / 8 / 1538)) # full frames a second that the uplink carries

uplink_setup
back_start --tx-capacity "$rate" --rx-capacity "$rate" --share-uplink no
groups=$uplink/groups
world_mac=$(mac world world0)

# device_start DEVICE KEY=VALUE, device_up DEVICE: a device is written NAME/ID.
device_start()
{
	dmvlctl attach "$1" "$2" >&2 || bail "attach $1"
	agent_start "${1%/*}" -i "${1#*/}"
}
device_up()
{
	wait_for 60 connected "${1%/*}" "${1#*/}" || bail "$1 connects"
	guest "${1%/*}" "ip link set dmvl${1#*/} up"
}
# name DEVICE: as dmvl-back logs it.
name()
{
	echo "$(guest_domid "${1%/*}")/${1#*/}"
}

device_start g1/0 weight=256
for d in $members; do
	device_start "$d" group=acme
done
for d in g1/0 $members; do
	device_up "$d"
done
alone=$(name g1/0)
first=$(name g2/0)
is "$(xenstore-read "$(be g2)/group")" acme 'attach writes the group of a device'
like "$(dmvlctl groups | tail -n 1)" "default *acme *256 *- *- *- *- *$count *" 'dmvlctl groups shows a group that has no keys'

# snap FILE: frames of all devices so far, "NAME TX RX" a line.
snap()
{
	_had=$(grep -c ': tx frames=' "$_log")
	kill -USR1 "$back"
	wait_for 30 sh -c "[ \$(grep -c ': tx frames=' $_log) -ge $((_had + count + 1)) ]"
	sed -n 's/.* \([0-9]*\/[0-9]*\): tx frames=\([0-9]*\) .* rx frames=\([0-9]*\) .*/\1 \2 \3/p' "$_log" |
		awk '{ last[$1] = $0 } END { for (d in last) print last[d] }' >"$1"
}

# part COLUMN WHO: frames of WHO between a and b, and of all.
part()
{
	awk -v c="$1" -v who="$2" '
		NR == FNR { was[$1] = $c; next }
		{ n = $c - was[$1]; all += n; if ($1 == who) part = n }
		END { print part + 0, all + 0 }' a b
}
moved()
{
	snap b
	[ "$(part "$1" - | cut -d' ' -f2)" -ge "$2" ]
}

# full COLUMN: nearly all the frames moved between a and b that the uplink carries in that time.
full()
{
	echo "$(part "$1" -) $fps $_since $(cut -d' ' -f1 /proc/uptime)" |
		awk '{ exit !($2 >= 0.95 * $3 * ($5 - $4)) }'
}

# has DESCRIPTION tx|rx WHO SHARE OFF FRAMES: WHO had this share of the next FRAMES frames, but for a part OFF of
# it. A sender that the machine did not let run did not offer its share, so there are some windows, and some more
# in place of those in which the uplink was not full.
has()
{
	case $2 in
	tx) _col=2 ;;
	rx) _col=3 ;;
	esac
	_low=$(awk -v w="$4" -v o="$5" -v x=$wider 'BEGIN { print w - w * (o + x) }')
	_high=$(awk -v w="$4" -v o="$5" -v x=$wider 'BEGIN { print w + w * (o + x) }')
	_unfair=0
	for _try in $(seq 18); do
		snap a
		_since=$(cut -d' ' -f1 /proc/uptime)
		wait_for 100 moved $_col $(($6 / fewer))
		_share=$(part $_col "$3" | awk '{ print $2 ? $1 / $2 : 0 }')
		diag "$1: $_share, wanted $4, window $_try"
		awk -v s="$_share" -v l="$_low" -v h="$_high" 'BEGIN { exit !(s >= l && s <= h) }' && break
		! full $_col || _unfair=$((_unfair + 1))
		[ $_unfair -lt 6 ] || break
	done
	between "$_share" "$_low" "$_high" "$1"
}

# ---- transmit

# floods DEVICE RATE: full frames, for longer than the test takes. quiet DEVICE: no more.
floods()
{
	guest_bg "${1%/*}" "exec dmvl-frames send -i dmvl${1#*/} -d $world_mac -l 1514 -r $2 -c 100000000" >"send.$(echo "$1" | tr / .)"
}
quiet()
{
	guest "${1%/*}" "kill $(cat "send.$(echo "$1" | tr / .)")"
}
floods g1/0 $((fps * 11 / 10))
for d in $members; do
	floods "$d" $((fps * 45 / 100))
done
has "a device beside $count of one group has half of what is sent" tx "$alone" .5 .005 4000
has "a device of a group of $count has its part of the group's half" tx "$first" "$(awk "BEGIN { print .5 / $count }")" .1 2000

check 'dmvlctl group sets a weight' dmvlctl group acme weight=512
has 'a weight of a group that changes under traffic holds at once' tx "$alone" .3333 .01 1500
xenstore-write $groups/acme/weight banana
check 'a weight of a group that is no number shows in the error of the group' \
	wait_for 30 key_like $groups/acme/error '*weight*banana*65535*'
like "$(dmvlctl check)" 'group acme of uplink default: weight "banana"*' 'dmvlctl check shows the error of a group'
like "$(dmvlctl groups | tail -n 1)" '*"banana"*weight "banana"*' 'dmvlctl groups shows the refused value and the error'
has 'a weight of a group that is no number changes nothing' tx "$alone" .3333 .01 1500
xenstore-write $groups/acme/weight 256
check 'the error of a group clears when its key is mended' wait_for 30 key_is $groups/acme/error ''
check 'dmvlctl check has nothing to say of a good group' dmvlctl check

check 'dmvlctl group sets a maximum with a unit' dmvlctl group acme tx-max=$((rate / 4))bit
has "a group's tx-max holds for all its devices together" tx "$alone" .75 .01 1500
xenstore-rm $groups/acme/tx-max

check 'a minimum is taken by a device of a group' dmvlctl set g2/0 tx-min=$((rate * 3 / 10))
has "a device's minimum holds in its group" tx "$first" .3 .03 1500
has "a device's minimum in a group is the group's, not another's" tx "$alone" .5 .01 1500
dmvlctl group acme tx-min=$((rate / 4)) 2>err
is $? 1 'dmvlctl group fails for a minimum that dmvl-back refuses'
like "$(cat err)" '*tx-min*less than the minima of the devices in the group*' "dmvlctl group prints dmvl-back's sentence"
check "a group's minimum below that of its device is refused" wait_for 30 key_like $groups/acme/error '*tx-min*less than*'
dmvlctl group acme tx-min=$((rate / 2)) >&2
check "a group's minimum that is enough clears the error" wait_for 30 key_is $groups/acme/error ''
dmvlctl set g3 tx-min=$((rate / 4)) 2>err
is $? 1 'dmvlctl set fails for a minimum that dmvl-back refuses'
check "a device's minimum beyond its group's is refused" wait_for 30 key_like "$(be g3)/error" '*tx-min*in group acme*'
dmvlctl set g3 tx-min=0 >&2
dmvlctl set g2/0 tx-min=0 >&2
check "the error of a device's minimum clears when it is taken back" wait_for 30 key_is "$(be g3)/error" ''
check 'dmvlctl group removes the keys' dmvlctl group acme --remove
check 'the directory of a group is gone with its keys' no_node $groups/acme

xenstore-write "$(be g2)/group" other
has 'a device that leaves for another group under traffic shares with its first one' tx "$first" .3333 .01 1500
xenstore-write "$(be g2)/group" 'a b'
check 'a group of a bad name shows in the error of the device' wait_for 30 key_like "$(be g2)/error" '*group "a b"*'
has 'a group of a bad name leaves the device in its group' tx "$first" .3333 .01 1500
xenstore-write "$(be g2)/group" acme
check 'the error clears with a good name' wait_for 30 key_is "$(be g2)/error" ''
has 'a device that comes back to its group under traffic has a part of it' tx "$alone" .5 .01 1500

# ---- a restart

dmvlctl group acme weight=512 >&2
back_stop
is $? 0 'dmvl-back ends with groups'
back_start --tx-capacity "$rate" --rx-capacity "$rate" --share-uplink no
for d in g1/0 $members; do
	wait_for 60 connected "${d%/*}" "${d#*/}" || bail "$d connects after a restart"
done
has 'groups are as they were after a restart of dmvl-back' tx "$alone" .3333 .01 1500
for d in g1/0 $members; do
	quiet "$d"
done
dmvlctl group acme --remove >&2

# ---- receive

# comes DEVICE RATE: full frames from the world.
comes()
{
	_mac=$(mac "${1%/*}" "dmvl${1#*/}")
	world dmvl-frames send -i world0 -d "$_mac" -l 1514 -r "$2" -c 100000000 >&2 &
	echo $! >>world.pids
}
comes g1/0 $((fps * 11 / 10))
for d in $members; do
	comes "$d" $((fps * 45 / 100))
done
has "a device beside $count of one group has half of what is received" rx "$alone" .5 .01 4000
dmvlctl group acme rx-max=$((rate / 4)) >&2
has "a group's rx-max holds for all its devices together" rx "$alone" .75 .01 1500
while read -r pid; do
	kill "$pid"
done <world.pids

# ---- the guest comes back

check 'a guest with a device in a group is saved' guest_save g4
check 'a guest with a device in a group is restored' guest_restore g4
check 'the device of the restored guest connects' wait_for 100 connected g4
is "$(xenstore-read "$(be g4)/group")" acme 'the device of the restored guest is in its group'
like "$(dmvlctl group acme --json)" '*"g4"*' 'dmvlctl group names the device of the restored guest'
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
