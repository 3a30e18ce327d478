#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: main
# A guest that is paused, and one that reboots.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xensim cannot pause or reboot a guest'

uplink_setup
back_start
check 'guest r1 is created' guest_create r1 'on_reboot="restart"'
ldps 'g1 1' 'r1 9 weight=777'
talks g1
talks r1

pipe_start r1 world 10.77.0.1 5001 1000000 '-b 2000000'
check 'r1 has a TCP file under way' wait_for 60 pipe_past world 5001 50000
xl pause r1
pipe_start g1 world 10.77.0.1 5002 300000
check 'g1 sends a file while r1 is paused' pipe_wait g1 world 5002
is "$(states r1)" '4 4' 'r1 stays connected while it is paused'
world ping -c 3 -W 1 10.77.1.9 >&2
xl unpause r1
check 'the file of r1 arrives whole when r1 goes on' pipe_wait r1 world 5001
check 'r1 pings the world after a pause' talks r1

# A reboot makes a new domain with the same UUID; its device comes back with what was set.
old=$(guest_domid r1)
check 'xl reboots r1' xl reboot r1
another()
{
	[ -n "$(guest_domid r1)" ] && [ "$(guest_domid r1)" != "$old" ] && guest -t 20 r1 true
}
check 'a rebooted guest comes up as another domain' wait_for "$((BENCH_BOOT + 60))" another
check 'a rebooted guest has its device' wait_for 30 xenstore-exists "$(be r1)/weight"
is "$(xenstore-read "$(be r1)/weight")" 777 'a rebooted guest has the weight of its device'
check 'a reboot leaves no nodes of the old domain' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
check 'a reboot leaves no zombie' wait_for 20 no_zombies
agent_start r1
check 'a rebooted guest connects' wait_for 60 connected r1
guest_net r1 9
check 'a rebooted guest pings the world' talks r1
check 'g1 pings the world after the reboot of r1' talks g1
console_clean r1
is $? 0 'the kernel of r1 does not complain'
guest_destroy r1
check 'a destroyed guest leaves no zombie' wait_for 20 no_zombies
back_stop
done_testing
