#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# other: yes
# Saved and restored three times with TCP flows running; then shares, then a shutdown. The guest's kernel
# never complains.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
check 'guest s1 is created' guest_create s1
ldps 'g1 1 weight=100' 's1 9 weight=300'
talks g1
talks s1
mac=$(mac s1 dmvl0)

# How many descriptors the agent has: it closes those of a connection that has ended.
fds()
{
	guest s1 "ls /proc/$(cat agent.s1)/fd | wc -l"
}
fds_are()
{
	[ "$(fds)" = "$1" ]
}
fds_before=$(fds)

for cycle in 1 2 3; do
	pipe_start s1 world 10.77.0.1 5001 800000 "-b $((SUITE_RATE / 4))"
	pipe_start world s1 10.77.1.9 5002 800000 "-b $((SUITE_RATE / 4))"
	check "cycle $cycle: a file of s1 to the world is under way" wait_for 60 pipe_past world 5001 50000
	check "cycle $cycle: a file of the world to s1 is under way" wait_for 60 pipe_past s1 5002 50000
	old=$(guest_domid s1)
	check "cycle $cycle: s1 is saved" guest_save s1
	check "cycle $cycle: g1 pings the world while s1 is saved" talks g1
	check "cycle $cycle: s1 is restored" guest_restore s1
	[ "$(guest_domid s1)" != "$old" ]
	is $? 0 "cycle $cycle: the restored s1 is another domain"
	check "cycle $cycle: the restored s1 connects" wait_for 100 connected s1
	is "$(xenstore-read "$(be s1)/weight")" 300 "cycle $cycle: the restored s1 has its weight"
	is "$(mac s1 dmvl0)" "$mac" "cycle $cycle: the restored s1 has its MAC"
	check "cycle $cycle: the file of s1 to the world arrives whole" pipe_wait s1 world 5001
	check "cycle $cycle: the file of the world to s1 arrives whole" pipe_wait world s1 5002
	check "cycle $cycle: no zombie of s1 stays" wait_for 30 no_zombies
	check "cycle $cycle: no node of the saved domain stays" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
	check "cycle $cycle: the agent has no more descriptors than before" wait_for 20 fds_are "$fds_before"
	check "cycle $cycle: the kernel of s1 does not complain" console_clean s1
done

# TCP has made up for what was lost. Frames that are in the ring when the guest is saved are known to its
# agent only, which sends them again. CoDel would drop some of what waits behind the ring.
agent_again s1 9 --flows 0
start held world dmvl-frames recv -i world0 -m 1 -u 40 -w 900
hold_frames s1 1
check 's1 is saved with frames in the ring' guest_save s1
xenstore-write "$uplink/tx-capacity" "$SUITE_RATE"
check 's1 is restored with frames in the ring' guest_restore s1
check 's1 connects when restored with frames in the ring' wait_for 100 connected s1
wait "$started"
like "$(cat held.out)" '* unique=40' 'no frame in the ring is lost over save and restore'
is "$(xenstore-ls "$uplink/saved" 2>/dev/null)" '' 'no saved settings are left when s1 is restored'

sink_start
for g in g1 s1; do
	guest_bg $g "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -b $((SUITE_RATE * 2))" >>flow.$g
done
shares 'after three restores g1 and s1 share 1:3' 5 10.77.1.1=1 10.77.1.9=3
for g in g1 s1; do
	guest $g "kill $(cat flow.$g)"
done

# The agent ends and is started again in a guest that was restored.
agent_kill TERM s1
check 'the agent of a restored guest ends on SIGTERM' wait_for 20 agent_closed s1
agent_start s1
check 'a new agent in a restored guest connects' wait_for 60 connected s1
guest_net s1 9
check 'a restored guest with a new agent pings the world' talks s1
check 'the kernel of s1 does not complain of a new agent' console_clean s1

# Then all of its processes end.
if [ "$BENCH_DRIVER" = xen ]; then
	xl shutdown s1 >&2
	guest_gone()
	{
		[ -z "$(guest_domid s1)" ]
	}
	check 'a restored guest shuts down' wait_for 100 guest_gone
else
	guest_destroy s1
fi
check 'the kernel of s1 does not complain when s1 ends' console_clean s1
check 'a restored guest leaves no zombie when it ends' wait_for 20 no_zombies
kill "$sink"
back_stop
done_testing
