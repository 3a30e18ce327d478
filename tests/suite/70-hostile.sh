#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# A hostile guest, one kind of hostility after the other (tests/hostile/README.md): the backend lives, the
# others' traffic goes on, each failure is logged once, and a polite guest can use the device at once.
# guest at once.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

guest g2 'command -v dmvl-hostile' >&2 || skip_all 'dmvl-hostile is not in the guests'

# Rounds of each mode, and the seed of all. A guest that may connect as often as it likes does so a hundred
# times in three seconds.
modes='index:3 page:1 live:2 header:1 race:2 half:2 storm:1 offload:2 garbage:1 smallest:1 uso-group:1 uso-local:1
	one-byte:1 one-byte-local:1 broadcast:1 group:1 steps:6 reconnect:9
	refs:2 store:2 nodes:2 gone:1'
seed=3
# Seconds that a run of a mode has to connect and to write in.
limit=3
# An emulated guest takes a minute for what takes seconds over xensim: only the modes that depend on Xen.
[ "$BENCH_DRIVER" != xen ] || modes='index:2 live:2 half:1 storm:1 steps:2 gone:1' limit=20

uplink_setup
back_start
ldp g1 1
talks g1
start sink world dmvl-flow sink 5003 -I "$SUITE_TICK"
guest_bg g1 'exec dmvl-flow udp 10.77.0.1 5003 -w 600 -b 400000 -l 500' >&2
check 'g1 sends to the world' wait_for 30 ticks_pass sink.out 0 1 2

# How many lines of a level the backend has logged about g2's device.
said()
{
	grep -c "$1: $(guest_domid g2)/0: " back.1.log
}

# polite WHEN: an agent for the device, which the hostile guest has left free, if there was one.
polite()
{
	agent_start g2
	check "after $1 a polite agent connects" wait_for 30 connected g2
	guest_net g2 2 >&2
	check "after $1 a guest with a polite agent pings the world" talks g2
	agent_kill TERM g2
	wait_for 20 states_are '2 6' g2
}

# hostile MODE ROUNDS
hostile()
{
	warnings=$(said warning) notices=$(($(said info) + $(said notice))) from=$(tick sink.out)
	guest g2 "dmvl-hostile -m $1 -n $2 -s $seed -t $limit" >&2
	is $? 0 "mode $1: the hostile guest gets at what it wants"
	check "mode $1: dmvl-back lives" kill -0 "$back"
	check "mode $1: the traffic of g1 goes on" wait_for 30 ticks_pass sink.out "$from" 1 3
	warnings=$(($(said warning) - warnings))
	notices=$(($(said info) + $(said notice) - notices))
	error=$(xenstore-read "$(be g2)/error" 2>/dev/null)
	diag "$1: $warnings warnings, $notices other lines, error: $error"
	between $warnings 0 4 "mode $1: no failure is logged again and again"
	between $notices 0 90 "mode $1: the log is not flooded"
}

# heeded: were two changes of a setting read between a failure and the next connection offered? A single
# one may have been read with that offer.
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

# obey: makes a device that waits fail once more, then changes a setting twice.
obey()
{
	guest g2 "dmvl-hostile -m index -n 1 -s $seed -t $limit" >&2
	guest g2 'xenstore-write device/dmvl/0/state 1'
	xenstore-write "$(be g2)/weight" banana
	wait_for 30 key_like "$(be g2)/error" '*banana*' || return
	xenstore-write "$(be g2)/weight" 100
	wait_for 30 key_like "$(be g2)/error" '*index*'
}

# A device that failed again and again waits, but its operator need not. It waits twice as long after each
# failure, so in the end it waits for longer than this machine takes for the changes.
obeyed()
{
	tries=0
	until heeded || [ $((tries += 1)) -gt 3 ]; do
		obey
	done
	check 'settings of a device that waits after a failure are read' heeded
}

dmvlctl attach g2 >&2
polite attach
fds_before=$(back_fds) maps_before=$(back_maps)
for mode in $modes; do
	hostile "${mode%:*}" "${mode#*:}"
	case $mode in
	index:* | header:* | race:* | refs:*)
		between "$warnings" 1 4 "mode ${mode%:*}: the failure of the device is logged"
		check "mode ${mode%:*}: the error names the failure" wait_for 10 key_like "$(be g2)/error" '?*'
		;;
	gone:*)
		# The guest cannot make its directory again: only an operator can.
		dmvlctl detach g2 --timeout 2s >&2
		dmvlctl attach g2 >&2
		;;
	esac
	# An emulated guest takes longer for all of it than a device waits.
	[ "$BENCH_DRIVER" = xen ] || [ "${mode%:*}" != index ] || obeyed
	polite "mode ${mode%:*}"
	# A device that failed waits longer each time; a new one does not.
	dmvlctl detach g2 --timeout 2s >&2
	dmvlctl attach g2 >&2
done
back_keeps "$fds_before" "$maps_before" 'after all modes than before'
check 'g1 pings the world after all modes' talks g1
kill "$started"
back_stop
is $? 0 'dmvl-back ends with status 0 after all modes'
done_testing
