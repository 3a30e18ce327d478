#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Guest to guest: TCP with offloads, not seen on the uplink; the uplink's key `switch'.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1
check 'g1 pings g2' wait_for 30 reaches g1 10.77.1.2
check 'over IPv6 too' wait_for 30 reaches g1 fd77::1:2
mac2=$(mac g2 dmvl0)
start seen world dmvl-frames recv -i world0 -d "$mac2" -w 280 -v
watcher=$started
pipe_start g1 g2 10.77.1.2 5001 3000001
check 'TCP between guests' pipe_wait g1 g2 5001
pipe_start g2 g1 fd77::1:1 5001 1000001
check 'and back over IPv6' pipe_wait g2 g1 5001
kill "$watcher"
wait "$watcher"
is "$(cat seen.out)" '' 'nothing of it is seen on the uplink'
start recv guest g1 dmvl-frames recv -i dmvl0 -m 5 -e 99 -w 60
guest g1 dmvl-frames send -i dmvl0 -d "$(mac g1 dmvl0)" -m 5 -c 3 >&2
world dmvl-frames send -i world0 -d "$(mac g1 dmvl0)" -m 5 -l 99 >&2
wait "$started"
like "$(cat recv.out)" 'frames=0 *' 'what a guest sends to itself does not come back'

# A guest whose kernel offloads nothing, as a receiver of frames that need it.
if guest g2 'command -v ethtool >/dev/null'; then
	guest g2 ethtool -K dmvl0 gro off >&2
	pipe_start g1 g2 10.77.1.2 5001 1000000
	check 'without GRO' pipe_wait g1 g2 5001
	guest g1 ethtool -K dmvl0 tx off tso off gso off >&2
	pipe_start g1 g2 10.77.1.2 5001 1000000
	check 'without the offloads of the sender' pipe_wait g1 g2 5001
else
	skip 'there is no ethtool here' 'without GRO'
	skip 'there is no ethtool here' 'without the offloads of the sender'
fi

# local_none MARK DESCRIPTION: neither unicast nor broadcast of g1 comes to g2. When the world has seen
# what g1 sends after them, they have been looked at; what the world then sends is behind them.
local_none()
{
	start recv guest g2 dmvl-frames recv -i dmvl0 -m "$1" -e 99 -w 60
	receiver=$started
	start out world dmvl-frames recv -i world0 -m "$1" -e 98 -w 60
	guest g1 "dmvl-frames send -i dmvl0 -d $mac2 -m $1 -c 3; dmvl-frames send -i dmvl0 -m $1 -c 3
		dmvl-frames send -i dmvl0 -d $(mac world world0) -m $1 -l 98" >&2
	wait "$started"
	world dmvl-frames send -i world0 -d "$mac2" -m "$1" -l 99 >&2
	wait "$receiver"
	like "$(cat recv.out)" 'frames=0 *' "$2"
}

# off: not at all, but the uplink goes on. Pings are tried until one gets through, or none.
cannot()
{
	! reaches "$@"
}
xenstore-write "$uplink/switch" off
check 'switch=off: g1 does not reach g2' wait_for 30 cannot g1 10.77.1.2
before=$(dropped g1 no-route)
local_none 6 'nor does a frame, or a broadcast'
is $(($(dropped g1 no-route) - before)) 3 'the frames are counted'
check 'but the world' talks g1

# uplink: the frames leave, and here the bridge does not send them back.
xenstore-write "$uplink/switch" uplink
seen_outside()
{
	start seen dmvl-frames recv -i dmvl-up -d "$mac2" -m "$1" -c 3 -w 10
	guest g1 dmvl-frames send -i dmvl0 -d "$mac2" -m "$1" -c 3 >&2
	wait "$started"
}
check 'switch=uplink: frames for g2 leave on the uplink' wait_for 30 seen_outside 7
local_none 8 'and are not switched here, nor are broadcasts'

xenstore-write "$uplink/switch" banana
check 'a word that it does not know is logged' wait_for 30 grep -q 'switch.*banana' back.1.log
check 'and changes nothing' seen_outside 9
xenstore-write "$uplink/switch" local
check 'switch=local: g1 reaches g2 again' wait_for 30 reaches g1 10.77.1.2
back_stop
done_testing
