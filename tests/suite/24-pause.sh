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
check 'make a guest' guest_create r1 'on_reboot="restart"'
ldps 'g1 1' 'r1 9 weight=777'
talks g1
talks r1

pipe_start r1 world 10.77.0.1 5001 1000000 '-b 2000000'
check 'a file is under way' wait_for 60 pipe_past world 5001 50000
xl pause r1
pipe_start g1 world 10.77.0.1 5002 300000
check 'while r1 is paused another guest sends a file' pipe_wait g1 world 5002
is "$(states r1)" '4 4' 'r1 is still connected'
world ping -c 3 -W 1 10.77.1.9 >&2
xl unpause r1
check 'unpaused, its file arrives whole' pipe_wait r1 world 5001
check 'and it talks' talks r1

# A reboot makes a new domain with the same UUID; its device comes back with what was set.
old=$(guest_domid r1)
check 'xl reboot' xl reboot r1
another()
{
	[ -n "$(guest_domid r1)" ] && [ "$(guest_domid r1)" != "$old" ] && guest -t 20 r1 true
}
check 'it comes up as another domain' wait_for "$((BENCH_BOOT + 60))" another
check 'with its device' wait_for 30 xenstore-exists "$(be r1)/weight"
is "$(xenstore-read "$(be r1)/weight")" 777 'and its weight'
check 'the old nodes are gone' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
check 'no zombie stays' wait_for 20 no_zombies
agent_start r1
check 'it connects' wait_for 60 connected r1
guest_net r1 9
check 'and talks' talks r1
check 'the other guest does too' talks g1
console_clean r1
is $? 0 'its kernel did not complain'
guest_destroy r1
check 'no zombie stays' wait_for 20 no_zombies
back_stop
done_testing
