#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Broadcast and multicast: to the world and to the other guests, never back, not without limit.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2' 'g3 3'
talks g1
talks g2
talks g3

# All but g1 hear g1's broadcasts. A last frame from the world to g1 marks the end.
for where in world g2 g3; do
	if=dmvl0
	[ $where != world ] || if=world0
	start $where.recv at $where "exec dmvl-frames recv -i $if -m 1 -c 20 -w 60"
	echo "$started" >>receivers
done
start g1.recv guest g1 dmvl-frames recv -i dmvl0 -m 1 -e 99 -w 90
sender=$started
guest g1 dmvl-frames send -i dmvl0 -m 1 -c 20 -r 100 >&2
while read -r receiver; do
	wait "$receiver"
done <receivers
world dmvl-frames send -i world0 -m 1 -d "$(mac g1 dmvl0)" -l 99 >&2
wait "$sender"
like "$(cat world.recv.out)" 'frames=20 * unique=20' 'the world gets each broadcast of g1 once'
like "$(cat g2.recv.out)" 'frames=20 * unique=20' 'g2 gets each broadcast of g1 once'
like "$(cat g3.recv.out)" 'frames=20 * unique=20' 'g3 gets each broadcast of g1 once'
like "$(cat g1.recv.out)" 'frames=0 *' 'g1 does not get its own broadcasts back'

like "$(frames_between g1 dmvl0 g2 dmvl0 '-m 2 -d 01:00:5e:00:00:fb -c 5 -r 50' '-m 2 -c 5 -w 20')" \
	'frames=5 *' 'multicast crosses between guests'
like "$(frames_between world world0 g2 dmvl0 '-m 3 -c 5 -r 50' '-m 3 -c 5 -w 20')" \
	'frames=5 *' 'broadcasts of the world reach a guest'

# Unicast reaches only its destination.
start g3.recv guest g3 dmvl-frames recv -i dmvl0 -m 4 -e 99 -w 90
watcher=$started
start g2.recv guest g2 dmvl-frames recv -i dmvl0 -m 4 -c 10 -w 60
guest g1 dmvl-frames send -i dmvl0 -m 4 -d "$(mac g2 dmvl0)" -c 5 >&2
world dmvl-frames send -i world0 -m 4 -d "$(mac g2 dmvl0)" -c 5 >&2
wait "$started"
world dmvl-frames send -i world0 -m 4 -d 02:00:00:00:00:77 -c 5 >&2
world dmvl-frames send -i world0 -m 4 -d "$(mac g3 dmvl0)" -l 99 >&2
wait "$watcher"
like "$(cat g3.recv.out)" 'frames=0 *' "g3 sees no unicast to g2 or to an unknown MAC"

# Of 200 broadcasts at once 16 pass, which the bucket holds, and 10 a second after that. Only frames
# show that the new rate is in force. The guest's kernel may add broadcasts of its own. Unicast is
# not limited, so one unicast frame marks the end.
xenstore-write "$(be g1)/flood-rate" 10
flood()
{
	mark=$((mark + 1))
	start limit world dmvl-frames recv -i world0 -m $mark -e 99 -w 60
	before=$(dropped g1 flood) began=$(cut -d. -f1 /proc/uptime)
	guest g1 "dmvl-frames send -i dmvl0 -m $mark $*
		dmvl-frames send -i dmvl0 -m $mark -l 99 -d $(mac world world0)" >&2
	took=$(($(cut -d. -f1 /proc/uptime) - began + 1))
	wait "$started"
	passed=$(sed 's/frames=\([0-9]*\).*/\1/' limit.out)
	refused=$(($(dropped g1 flood) - before))
}
limited()
{
	flood -c 200 -r 2000
	[ "$passed" -lt 100 ]
}
mark=10
wait_for 30 limited
between "$passed" 1 $((16 + 10 * took)) 'flood-rate 10 lets few of 200 broadcasts pass'
between $((passed + refused)) 200 220 'broadcasts beyond flood-rate 10 are counted as flood'
check 'flood-rate 10 does not keep g1 from pinging the world' talks g1
like "$(frames_between g1 dmvl0 world world0 "-m 5 -c 100 -d $(mac world world0)" '-m 5 -c 100 -w 20')" \
	'frames=100 *' 'flood-rate 10 lets 100 unicast frames at once pass'
xenstore-write "$(be g1)/flood-rate" 0
flood -c 20
is "$passed" 0 'flood-rate 0 lets no broadcast pass'
between "$refused" 20 40 'broadcasts beyond flood-rate 0 are counted as flood'
back_stop
done_testing
