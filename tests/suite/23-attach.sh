#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# other: yes
# Attach and detach under traffic, again and again: nothing is left behind. What leaks does so each time, so
# an emulated guest, which needs seconds for each cycle, makes only a few.
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
		xenstore-ls -f /local/domain/0/backend/dmvl
		xenstore-ls -f /local/domain/0/data
		xenstore-ls -f "/local/domain/$(guest_domid g2)/device"
	} | cut -d= -f1 | grep -vE '/(demand|log-offset) ' # written when there is something to tell
}
# What dmvl-back announces of a device is among these nodes. That comes up to a second after the device
# connects, and not before something is sent.
announced()
{
	for _g in g1 g2; do
		for _key in credit credit-balance tx-rate rx-rate; do
			xenstore-exists "$(be $_g)/$_key" || return 1
		done
	done
}
g2_announced()
{
	guest_net g2 2 >&2
	talks g2 && wait_for 30 announced
}
# How often dmvl-back has read g1's keys.
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
check 'g2 is detached and attached under traffic a first time' cycle
fds_before=$(back_fds) maps_before=$(back_maps) looks_before=$(looks) guards_before=$(guards)
check 'the keys of both devices are announced after the first cycle' g2_announced
nodes >nodes.before
bad=0 cycles=20
[ "$BENCH_DRIVER" != xen ] || cycles=6
for _ in $(seq $cycles); do
	cycle || { bad=$((bad + 1)); break; }
done
is $bad 0 "g2 is detached and attached under traffic $cycles times more"
back_keeps "$fds_before" "$maps_before" 'after all cycles than before'
is "$(looks)" "$looks_before" 'dmvl-back does not read the keys of g1 while g2 comes and goes'
# A program under valgrind cannot name itself.
[ "${VALGRIND:-}" = 1 ] || between "$guards_before" 1 9 'a connected agent has a guard process'
check 'g2 has no more guard processes after all cycles than before' wait_for 20 guards_are "$guards_before"
check 'the keys of both devices are announced after all cycles' g2_announced
nodes >nodes.after
check 'xenstore has the same nodes after all cycles as before' diff nodes.before nodes.after
check 'g2 pings the world after all cycles' talks g2
check 'a file of g1 arrives whole while g2 comes and goes' pipe_wait g1 world 5001

# A device is removed while it sends, even if its agent is stopped.
agent_kill STOP g2
check 'dmvlctl detaches a device whose agent is stopped' dmvlctl detach g2 --timeout 3s
check 'detach from a stopped agent removes the backend directory' no_node "$(be g2)"
check 'detach from a stopped agent removes the frontend directory' no_node "$(fe g2)"
agent_kill CONT g2
check 'dmvlctl attaches g2 after a detach from a stopped agent' dmvlctl attach g2
check 'g2 connects when its stopped agent goes on' wait_for 15 connected g2
guest_net g2 2
check 'g2 pings the world when its stopped agent goes on' talks g2
check 'dmvlctl detaches g1 and g2' sh -c 'dmvlctl detach g1 && dmvlctl detach g2'
check 'detach of the only device leaves no backend directory of g1' wait_for 10 no_node "$(dirname "$(be g1)")"
check 'detach of the only device leaves no frontend directory of g1' no_node "$(dirname "$(fe g1)")"

# Now each gets the slot within dmvl-back that the other one had.
check 'dmvlctl attaches g2 before g1' dmvlctl attach g2
check 'g2 connects when attached before g1' wait_for 15 connected g2
check 'dmvlctl attaches g1 after g2' dmvlctl attach g1
check 'g1 connects when attached after g2' wait_for 15 connected g1

# Removed by hand, with its parent directory: no event names the device itself.
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
check 'a device that is removed with its parent directory is noticed' wait_for 15 forgets "$before"
check 'g1 pings the world after the directory of g2 was removed' talks g1
kill "$started"
back_stop
done_testing
