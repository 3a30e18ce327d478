#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Jumbo frames, and none beyond a device's mtu.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
for if in up0 xenbr0; do
	ip link set $if mtu 9000
done
world ip link set world0 mtu 9000
back_start
is "$(cat /sys/class/net/dmvl-up/mtu)" 9000 'the TAP takes the mtu of its bridge'
ldps 'g1 1 mtu=9000' 'g2 2'
is "$(guest g1 cat /sys/class/net/dmvl0/mtu)" 9000 'g1 attached with mtu=9000 has an interface of mtu 9000'
is "$(guest g2 cat /sys/class/net/dmvl0/mtu)" 1500 'g2 attached without mtu has an interface of mtu 1500'
talks g1
talks g2
check 'g1 with mtu 9000 pings the world with 8972 bytes' guest g1 ping -c 2 -W 5 -s 8972 10.77.0.1
like "$(frames_between g1 dmvl0 world world0 '-l 9014 -c 3 -m 1 -r 50' '-m 1 -c 3 -w 20')" \
	'frames=3 bytes=27042 *' 'frames of 9014 bytes leave g1 in one piece'
like "$(frames_between world world0 g1 dmvl0 "-l 9014 -c 3 -m 2 -r 50 -d $(mac g1 dmvl0)" '-m 2 -c 3 -w 20')" \
	'frames=3 bytes=27042 *' 'frames of 9014 bytes reach g1 in one piece'

pipe_start g1 world 10.77.0.1 5001 1000000
check 'a TCP file from g1 with mtu 9000 reaches the world whole' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file from the world reaches g1 with mtu 9000 whole' pipe_wait world g1 5001

before=$(dropped g2 rx-oversize)
# A frame that fits follows those that do not: it marks the end.
start recv guest g2 dmvl-frames recv -i dmvl0 -m 3 -c 1 -w 30
world dmvl-frames send -i world0 -d "$(mac g2 dmvl0)" -m 3 -l 1515 -c 5 >&2
world dmvl-frames send -i world0 -d "$(mac g2 dmvl0)" -m 3 -l 1514 >&2
wait "$started"
like "$(cat recv.out)" 'frames=1 bytes=1514 *' 'g2 gets no frame beyond its mtu'
is $(($(dropped g2 rx-oversize) - before)) 5 'frames beyond the mtu to g2 are counted as rx-oversize'

# The guest raises its interface's mtu: the device's own mtu stays in force.
guest g2 ip link set dmvl0 mtu 9000
start recv world dmvl-frames recv -i world0 -m 4 -c 1 -w 30
guest g2 'dmvl-frames send -i dmvl0 -m 4 -l 1515 -c 5; dmvl-frames send -i dmvl0 -m 4 -l 1514' >&2
wait "$started"
like "$(cat recv.out)" 'frames=1 bytes=1514 *' 'g2 cannot send a frame beyond its mtu'
is "$(dropped g2 oversize)" 5 'frames beyond the mtu from g2 are counted as oversize'
back_stop
done_testing
