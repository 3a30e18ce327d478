# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# What is announced to g1, and what it then gets, beside g2 and g3. On xensim alone: a test sources this file itself.

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
	echo "$1 $(guest_bg "$1" "exec dmvl-flow udp $2 5001 -w 900 -l 1400 -b $3")" >>loads
}

world_load()
{
	world dmvl-flow udp "$1" 5002 -w 900 -l 1400 -b "$2" >&2 &
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

# announces DIR BPS: for wait_for. What is announced to g1 is what the statistics say, and near BPS, twice in a row: a
# light neighbour that was not let run looks like a heavy one when it makes up for that.
announces()
{
	for _look in 1 2; do
		sleep 1 # between two looks at what moves
		announced=$(xenstore-read "$(be g1)/$1-rate" 2>/dev/null)
		near "$(number "$1-rate-in-force" g1)" "${announced:-0}" 10 || return 1
		near "$announced" "$2" 30 || return 1
	done
}

# look DIR: of one moment, the bytes of g1, for how many microseconds its frames have waited, and for how many dmvl-back
# has waited for a processor.
look()
{
	dmvlctl stat g1 --json | tr -d ' ,' | awk -F : -v d="$1" -v late="$(awk '{ ns += $2 } END { print ns }' "/proc/$back"/task/*/schedstat)" '
		$1 == "\"" d "-uplink-bytes\"" { own = $2 }
		$1 == "\"" d "-backlogged\"" { waited = $2 }
		END { print own, waited, late / 1000 }'
}

# window DIR: $bps is what g1 got while its frames waited, by the clock of dmvl-back. $counts: they waited nearly all the
# time, and dmvl-back was let run.
window()
{
	look "$1" >looks
	_ms=$(now_ms)
	sleep 3
	_ms=$(($(now_ms) - _ms))
	look "$1" >>looks
	awk -v us=$((_ms * 1000)) '
		NR == 1 { own = $1; waited = $2; late = $3 }
		END {
			waited = $2 - waited
			counts = waited > us * 0.9 && $3 - late < us * 0.02
			print (waited > 0 ? int(($1 - own) * 8000000 / waited) : 0), counts
		}' looks >verdict
	read -r bps counts <verdict
}

# gets DIR: g1 has what is announced. The machine may keep it, a neighbour or dmvl-back from that for a while: an
# outlook that is wrong shows in all windows. 2: dmvl-back was not let run in any of them.
gets()
{
	_counted=2
	for _try in $(seq 20); do
		window "$1"
		diag "announced $announced, got $bps, the window counts: $counts"
		near "$bps" "$announced" 30 && return
		[ "$counts" = 0 ] || _counted=1
	done
	return $_counted
}

# keeps DIR WANTED DESCRIPTION: what is announced to g1 while it is idle is WANTED thousandths of the capacity, and what
# g1 then gets.
keeps()
{
	_gets="$3: g1 gets within 3 % of what is announced"
	check "$3: the rate is announced" wait_for 60 announces "$1" $((RATE / 1000 * $2))
	[ "$1" = tx ] && load g1 10.77.0.1 $((RATE * 2)) || world_load 10.77.1.1 $((RATE * 2))
	gets "$1"
	case $? in
	0) ok "$_gets" ;;
	1) not_ok "$_gets" ;;
	*) skip "this machine did not let dmvl-back run" "$_gets" ;;
	esac
	unload
}

# plain: all settings as at first.
plain()
{
	for _g in g1 g2 g3; do
		dmvlctl set $_g weight=256 tx-min=0 tx-max=0 rx-min=0 rx-max=0 group= >&2
	done
}

# outlook_setup: g1, g2 and g3, idle, and who takes what they send or are sent.
outlook_setup()
{
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
}
