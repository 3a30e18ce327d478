#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Attach and detach under traffic, again and again: nothing is left. What leaks does so each time, so
# an emulated guest, which needs seconds for each, needs no more than a few.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1
talks g2
start sink world dmvl-flow sink 5003
pipe_start g1 world 10.77.0.1 5001 4000000 '-b 2000000'

nodes()
{
	{
		xenstore-ls -f /local/domain/0/backend
		xenstore-ls -f /local/domain/0/data
		xenstore-ls -f "/local/domain/$(guest_domid g2)/device"
	} | cut -d= -f1 | grep -vE '/(demand|log-offset) ' # announced, once a second
}
# How often dmvl-back has looked at g1's keys.
looks()
{
	grep -c " $(guest_domid g1)/0: back " back.1.log
}
# Each connection has a guard in its guest (docs/resume.md), which ends with it.
guards()
{
	guest g2 "grep -l ^@ /proc/[0-9]*/cmdline" 2>/dev/null | wc -l
}
guards_are()
{
	[ "$(guards)" = "$1" ]
}
cycle()
{
	guest_net g2 2 >&2
	guest_bg g2 'exec dmvl-flow udp 10.77.0.1 5003 -w 2 -b 4000000' >&2
	dmvlctl detach g2 >&2 && dmvlctl attach g2 weight=77 >&2 && wait_for 15 connected g2
}
check 'a first time' cycle
fds_before=$(back_fds) maps_before=$(back_maps) looks_before=$(looks) guards_before=$(guards)
nodes >nodes.before
bad=0 cycles=20
[ "$BENCH_DRIVER" != xen ] || cycles=6
for _ in $(seq $cycles); do
	cycle || { bad=$((bad + 1)); break; }
done
is $bad 0 "$cycles times more"
is "$(back_fds)" "$fds_before" 'dmvl-back has as many descriptors as before'
is "$(back_maps)" "$maps_before" 'and mappings of memory'
is "$(looks)" "$looks_before" 'and has not looked at g1 for that'
# What valgrind runs cannot give itself a name.
[ "${VALGRIND:-}" = 1 ] || between "$guards_before" 1 9 'there is a guard'
check 'and no more than before' wait_for 20 guards_are "$guards_before"
nodes >nodes.after
check 'and the same nodes are there' diff nodes.before nodes.after
guest_net g2 2
check 'g2 talks' talks g2
check 'g1 was not disturbed' pipe_wait g1 world 5001

# Detached while it sends, and with its agent stopped: it is removed nonetheless.
agent_kill STOP g2
check 'detach from an agent that does not answer' dmvlctl detach g2 --timeout 3s
check 'its nodes are gone' no_node "$(be g2)"
check 'from the guest too' no_node "$(fe g2)"
agent_kill CONT g2
check 'attach again' dmvlctl attach g2
check 'it connects' wait_for 15 connected g2
guest_net g2 2
check 'and talks' talks g2
check 'detach all' sh -c 'dmvlctl detach g1 && dmvlctl detach g2'
check 'nothing is left of them' wait_for 10 no_node "$(dirname "$(be g1)")"
check 'nor in the guest' no_node "$(dirname "$(fe g1)")"

# Now each has the number within dmvl-back that the other one had.
check 'attach g2 first' dmvlctl attach g2
check 'it connects' wait_for 15 connected g2
check 'then g1' dmvlctl attach g1
check 'it connects' wait_for 15 connected g1

# By hand, with the directory above: nothing names the device itself.
forgotten()
{
	grep -c " $(guest_domid g2)/0: detached" back.1.log
}
forgets()
{
	[ "$(forgotten)" -gt "$1" ]
}
before=$(forgotten)
xenstore-rm "$(dirname "$(be g2)")"
check 'what is gone with its parent is noticed' wait_for 15 forgets "$before"
check 'g1 stays' talks g1
kill "$started"
back_stop
done_testing
