#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The rate that is announced is what the guest gets when it then sends, or is sent, all it can.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'an emulated guest is too slow to send what a link carries'

RATE=10000000

# number FIELD GUEST: of dmvlctl stat.
number()
{
	dmvlctl stat "$2" --json | tr -d ' \n' | sed -n "s/.*\"$1\":\\(-*[0-9]*\\).*/\\1/p"
}

# near A B PERMILLE
near()
{
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b > 0 && d <= b * p / 1000) }'
}

now_ms()
{
	date +%s%3N
}

# ---- load: each program that runs in a guest is in loads, each in the world in world.loads

load()
{
	echo "$1 $(guest_bg "$1" "exec dmvl-flow udp $2 5001 -w 250 -l 1400 -b $3")" >>loads
}

world_load()
{
	world dmvl-flow udp "$1" 5002 -w 250 -l 1400 -b "$2" >&2 &
	echo $! >>world.loads
}

unload()
{
	while read -r _guest _pid; do
		guest "$_guest" "kill $_pid" 2>/dev/null
	done <loads
	# shellcheck disable=SC2046
	kill $(cat world.loads) 2>/dev/null
	: >loads
	: >world.loads
}

# ---- announced and measured

# settled DIR: what is announced to g1 is what the statistics say, twice in a row, in $announced.
settled()
{
	_before=$(number "$1-rate-in-force" g1)
	sleep 1 # between two looks at what moves
	announced=$(xenstore-read "$(be g1)/$1-rate" 2>/dev/null)
	near "$(number "$1-rate-in-force" g1)" "${_before:-0}" 5 && near "${announced:-0}" "$_before" 10
}

# window DIR: bits per second of g1 over two seconds, in $bps.
window()
{
	_bytes=$(number "$1-uplink-bytes" g1) _ms=$(now_ms)
	sleep 2
	bps=$((($(number "$1-uplink-bytes" g1) - _bytes) * 8000 / ($(now_ms) - _ms)))
}

# steady DIR: two windows one after the other agree; their mean is in $bps.
steady()
{
	window "$1"
	for _i in 1 2 3 4; do
		_last=$bps
		window "$1"
		near "$bps" "$_last" 15 || continue
		bps=$(((bps + _last) / 2))
		return 0
	done
	diag 'the rate does not settle'
}

# gets DIR: g1 has what is announced. A busy machine may keep it from that for a while.
gets()
{
	for _try in 1 2 3; do
		steady "$1"
		diag "announced $_first, got $bps"
		near "$bps" "$_first" 30 && return
	done
	return 1
}

# keeps DIR WANTED DESCRIPTION: what is announced to g1 while it is idle is WANTED thousandths of the
# capacity, and what g1 then gets.
keeps()
{
	wait_for 60 settled "$1" || diag 'what is announced does not settle'
	_first=$announced
	[ "$1" = tx ] && load g1 10.77.0.1 $((RATE * 2)) || world_load 10.77.1.1 $((RATE * 2))
	check "$3: the rate is announced" near "$_first" $((RATE / 1000 * $2)) 30
	check "$3: g1 gets within 3 % of what is announced" gets "$1"
	unload
}

# plain: all settings as at first.
plain()
{
	for _g in g1 g2 g3; do
		dmvlctl set $_g weight=256 tx-min=0 tx-max=0 rx-min=0 rx-max=0 group= >&2
	done
}

uplink_setup
back_start --tx-capacity $RATE --rx-capacity $RATE
ldps 'g1 1' 'g2 2' 'g3 3'
talks g1
talks g2
talks g3
: >loads
: >world.loads
start sink world dmvl-flow sink 5001
for g in g1 g2 g3; do
	guest_bg $g 'exec dmvl-flow sink 5001' >&2
	guest_bg $g 'exec dmvl-flow sink 5002' >&2
done

keeps tx 1000 'idle neighbours'

load g2 10.77.0.1 $((RATE / 4))
keeps tx 743 'a light neighbour'

load g2 10.77.0.1 $((RATE * 2))
keeps tx 500 'a heavy neighbour'

dmvlctl set g1 weight=100 >&2
dmvlctl set g2 weight=300 >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE / 5))
keeps tx 198 'unequal weights, and a light neighbour'
plain

dmvlctl set g1 tx-max=$((RATE / 5)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 200 'a maximum below its share'
plain

dmvlctl set g2 tx-max=$((RATE / 4)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 750 "a neighbour's maximum"
plain

dmvlctl set g1 tx-min=$((RATE * 6 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE * 2))
keeps tx 600 'a minimum above its share'
plain

dmvlctl set g2 tx-min=$((RATE * 6 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 400 "a neighbour's minimum"
dmvlctl set g2 tx-min=$((RATE * 6 / 10)) >&2
keeps tx 1000 "the minimum of a neighbour that is idle"
plain

dmvlctl set g1 group=a >&2
dmvlctl set g2 group=a weight=768 >&2
load g2 10.77.0.1 $((RATE * 2))
load g3 10.77.0.1 $((RATE * 2))
keeps tx 125 'a group beside another guest'
dmvlctl group a tx-max=$((RATE * 4 / 10)) >&2
load g2 10.77.0.1 $((RATE * 2))
keeps tx 100 "a group's maximum"
dmvlctl group a --remove >&2
plain

load g2 10.77.1.3 $((RATE * 2))
keeps tx 1000 'neighbours that send to each other'

world_load 10.77.1.2 $((RATE * 2))
keeps rx 500 'a neighbour that receives all it can'

dmvlctl set g1 rx-max=$((RATE * 3 / 10)) >&2
world_load 10.77.1.2 $((RATE / 4))
keeps rx 300 'a receive maximum'
plain

# Nothing is announced without a connection.
check 'rates are announced while the device is connected' xenstore-exists "$(be g1)/tx-rate"
agent_kill 15 g1
check 'the transmit rate is no longer announced when the agent has ended' wait_for 30 no_node "$(be g1)/tx-rate"
check 'the receive rate is no longer announced when the agent has ended' wait_for 30 no_node "$(be g1)/rx-rate"
back_stop
done_testing
