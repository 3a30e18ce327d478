#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Two devices in one guest, each an LDP of its own.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldp g1 1 weight=100
check 'dmvlctl attaches a second device to g1' dmvlctl attach g1/1 weight=300
agent_start g1 -i 1
check 'the second device connects by an agent of its own' wait_for 60 connected g1 1
guest_net g1 11 dmvl1
[ "$(mac g1 dmvl0)" != "$(mac g1 dmvl1)" ]
is $? 0 'the two devices of a guest have different MACs'
is "$(xenstore-read "$(be g1 1)/weight") $(xenstore-read "$(be g1)/weight")" '300 100' 'the two devices of a guest have weights of their own'
talks g1
like "$(frames_between g1 dmvl0 world world0 '-m 1 -c 3' '-m 1 -c 3 -w 20 -s '"$(mac g1 dmvl0)")" \
	'frames=3 *' 'frames of g1 leave by device 0'
like "$(frames_between g1 dmvl1 world world0 '-m 2 -c 3' '-m 2 -c 3 -w 20 -s '"$(mac g1 dmvl1)")" \
	'frames=3 *' 'frames of g1 leave by device 1'
like "$(frames_between world world0 g1 dmvl1 '-m 3 -c 3 -d '"$(mac g1 dmvl1)" '-m 3 -c 3 -w 20')" \
	'frames=3 *' 'frames to the MAC of device 1 come in by device 1'
is "$(dmvlctl list | grep -c g1)" 2 'dmvlctl list shows both devices of g1'

check 'dmvlctl detaches device 1 alone' dmvlctl detach g1/1
check 'detach of device 1 removes its backend directory' no_node "$(be g1 1)"
check 'device 0 stays connected after the detach of device 1' connected g1
check 'device 0 passes traffic after the detach of device 1' talks g1
agent_kill TERM g1
check 'the agent of device 1 ends on SIGTERM' wait_for 20 sh -c "! guest g1 kill -0 $agent"
back_stop
done_testing
