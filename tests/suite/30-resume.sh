#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Saved and restored three times with TCP flows running; then shares, then a shutdown, and never a
# word of complaint from the guest's kernel.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
check 'make a guest' guest_create s1
ldps 'g1 1 weight=100' 's1 9 weight=300'
talks g1
talks s1
mac=$(mac s1 dmvl0)

# How many descriptors the agent has: those of a connection that is no more are let go.
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
	check "$cycle: files are under way" wait_for 60 pipe_past world 5001 50000
	check "$cycle: both ways" wait_for 60 pipe_past s1 5002 50000
	old=$(guest_domid s1)
	check "$cycle: save" guest_save s1
	check "$cycle: the other guest talks meanwhile" talks g1
	check "$cycle: restore" guest_restore s1
	[ "$(guest_domid s1)" != "$old" ]
	is $? 0 "$cycle: it is another domain"
	check "$cycle: it connects" wait_for 100 connected s1
	is "$(xenstore-read "$(be s1)/weight")" 300 "$cycle: its weight came along"
	is "$(mac s1 dmvl0)" "$mac" "$cycle: and its MAC"
	check "$cycle: the file to the world is whole" pipe_wait s1 world 5001
	check "$cycle: the file from the world is whole" pipe_wait world s1 5002
	check "$cycle: no zombie stays" wait_for 30 no_zombies
	check "$cycle: the old nodes are gone" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
	check "$cycle: its agent keeps nothing of the old connection" wait_for 20 fds_are "$fds_before"
	check "$cycle: its kernel did not complain" console_clean s1
done

# TCP has made up for what was lost. What lies in the ring when the guest is saved nobody has but its
# agent, which sends it again.
start held world dmvl-frames recv -i world0 -m 1 -u 40 -w 250
hold_frames s1 1
check 'save with frames in the ring' guest_save s1
xenstore-write "$uplink/tx-capacity" "$SUITE_RATE"
check 'restore' guest_restore s1
check 'it connects' wait_for 100 connected s1
wait "$started"
like "$(cat held.out)" '* unique=40' 'no frame is lost'
is "$(xenstore-ls "$uplink/saved" 2>/dev/null)" '' 'nothing stays put aside'

sink_start
for g in g1 s1; do
	guest_bg $g "exec dmvl-flow udp 10.77.0.1 5001 -w 250 -b $((SUITE_RATE * 2))" >>flow.$g
done
shares 'after the restores, 1:3' 5 10.77.1.1=1 10.77.1.9=3
for g in g1 s1; do
	guest $g "kill $(cat flow.$g)"
done

# The agent ends and is started again in a guest that was restored.
agent_kill TERM s1
check 'the agent ends' wait_for 20 states_are '2 6' s1
agent_start s1
check 'a new one connects' wait_for 60 connected s1
guest_net s1 9
check 'and talks' talks s1
check 'its kernel did not complain' console_clean s1

# Then all of its processes end.
if [ "$BENCH_DRIVER" = xen ]; then
	xl shutdown s1 >&2
	guest_gone()
	{
		[ -z "$(guest_domid s1)" ]
	}
	check 'it shuts down' wait_for 100 guest_gone
else
	guest_destroy s1
fi
check 'and its kernel did not complain to the end' console_clean s1
check 'no zombie stays' wait_for 20 no_zombies
kill "$sink"
back_stop
done_testing
