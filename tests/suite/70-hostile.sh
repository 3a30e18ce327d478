#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A hostile guest, one kind of hostility after the other (tests/hostile/README.md): the backend
# lives, the others' traffic goes on, each failure is said once, and the slot is good for a polite
# guest at once.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

guest g2 'command -v dmvl-hostile' >&2 || skip_all 'dmvl-hostile is not in the guests'

# Rounds of each mode, and the seed of all. In three seconds a guest that may connect as often as it
# likes has done so a hundred times.
modes='index:3 page:1 live:2 header:1 race:2 half:2 storm:1 offload:2 garbage:1 steps:6 reconnect:9
	refs:2 store:2 nodes:2 gone:1'
seed=3
# Seconds that a run of a mode has to connect and to write in.
limit=3
# An emulated guest takes a minute for what xensim's does in seconds: what is Xen's own to answer.
[ "$BENCH_DRIVER" != xen ] || modes='index:2 live:2 half:1 storm:1 steps:2 gone:1' limit=20

uplink_setup
back_start
ldp g1 1
talks g1
start sink world dmvl-flow sink 5003 -I "$SUITE_TICK"
guest_bg g1 'exec dmvl-flow udp 10.77.0.1 5003 -w 600 -b 400000 -l 500' >&2
check 'g1 sends' wait_for 30 ticks_pass sink.out 0 1 2

# What the backend has said of g2's device, but for its thoughts.
said()
{
	grep -c "$1: $(guest_domid g2)/0: " back.1.log
}

# polite MODE: an agent in the slot of which the hostile guest has just gone.
polite()
{
	agent_start g2
	check "$1: a polite agent connects" wait_for 30 connected g2
	guest_net g2 2 >&2
	check "$1: and talks" talks g2
	agent_kill TERM g2
	wait_for 20 states_are '2 6' g2
}

# hostile MODE ROUNDS
hostile()
{
	warnings=$(said warning) notices=$(($(said info) + $(said notice))) from=$(tick sink.out)
	guest g2 "dmvl-hostile -m $1 -n $2 -s $seed -t $limit" >&2
	is $? 0 "$1: it got at what it wanted"
	check "$1: dmvl-back lives" kill -0 "$back"
	check "$1: g1's traffic goes on" wait_for 30 ticks_pass sink.out "$from" 1 3
	warnings=$(($(said warning) - warnings))
	notices=$(($(said info) + $(said notice) - notices))
	error=$(xenstore-read "$(be g2)/error" 2>/dev/null)
	diag "$1: $warnings warnings, $notices other lines, error: $error"
	between $warnings 0 4 "$1: a failure is said once"
	between $notices 0 90 "$1: the log is not flooded"
}

# heeded: were two changes of a setting looked at between a failure and the next connection offered?
# One could have been found when that one was offered.
heeded()
{
	awk -v device=" $(guest_domid g2)/0: " '
		!index($0, device) { next }
		/TX ring index out of range/ {
			if (changed && !offered)
				heeded = 1
			changed = offered = 0
		}
		/back 2 / { offered = 1 }
		/banana/ { changed = 1 }
		END { exit !heeded }' back.1.log
}

# obey: one more failure of a device that waits, then two changes of a setting.
obey()
{
	guest g2 "dmvl-hostile -m index -n 1 -s $seed -t $limit" >&2
	guest g2 'xenstore-write device/dmvl/0/state 1'
	xenstore-write "$(be g2)/weight" banana
	wait_for 30 key_like "$(be g2)/error" '*banana*' || return
	xenstore-write "$(be g2)/weight" 100
	wait_for 30 key_like "$(be g2)/error" '*index*'
}

# Of a device that failed again and again and waits: its operator need not. It waits twice as long
# each time, so once it does so for longer than this machine takes for the changes.
obeyed()
{
	tries=0
	until heeded || [ $((tries += 1)) -gt 3 ]; do
		obey
	done
	check 'while a device waits its settings are looked at' heeded
}

dmvlctl attach g2 >&2
polite 'before all'
fds_before=$(back_fds) maps_before=$(back_maps)
for mode in $modes; do
	hostile "${mode%:*}" "${mode#*:}"
	case $mode in
	index:* | header:* | race:* | refs:*)
		between "$warnings" 1 4 "${mode%:*}: it has failed"
		check "${mode%:*}: the error is named" wait_for 10 key_like "$(be g2)/error" '?*'
		;;
	gone:*)
		# The guest cannot make its directory again: only an operator can.
		dmvlctl detach g2 --timeout 2s >&2
		dmvlctl attach g2 >&2
		;;
	esac
	# An emulated guest takes longer for all of it than a device waits.
	[ "$BENCH_DRIVER" = xen ] || [ "${mode%:*}" != index ] || obeyed
	polite "${mode%:*}"
	# A device that failed waits longer each time; a new one does not.
	dmvlctl detach g2 --timeout 2s >&2
	dmvlctl attach g2 >&2
done
is "$(back_fds)" "$fds_before" 'dmvl-back has as many descriptors as before'
is "$(back_maps)" "$maps_before" 'and mappings of memory'
check 'g1 talks' talks g1
kill "$started"
back_stop
is $? 0 'dmvl-back ends well'
done_testing
