#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Guest to guest: TCP with offloads, not seen on the uplink; the uplink's key `switch'.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1
check 'g1 pings g2 over IPv4' wait_for 30 reaches g1 10.77.1.2
check 'g1 pings g2 over IPv6' wait_for 30 reaches g1 fd77::1:2
mac2=$(mac g2 dmvl0)
start seen world dmvl-frames recv -i world0 -d "$mac2" -w 280 -v
watcher=$started
pipe_start g1 g2 10.77.1.2 5001 3000001
check 'a TCP file from g1 reaches g2 whole' pipe_wait g1 g2 5001
pipe_start g2 g1 fd77::1:1 5001 1000001
check 'a TCP file from g2 reaches g1 whole over IPv6' pipe_wait g2 g1 5001
kill "$watcher"
wait "$watcher"
is "$(cat seen.out)" '' 'traffic between guests is not seen on the uplink'
start recv guest g1 dmvl-frames recv -i dmvl0 -m 5 -e 99 -w 60
guest g1 dmvl-frames send -i dmvl0 -d "$(mac g1 dmvl0)" -m 5 -c 3 >&2
world dmvl-frames send -i world0 -d "$(mac g1 dmvl0)" -m 5 -l 99 >&2
wait "$started"
like "$(cat recv.out)" 'frames=0 *' 'a frame that a guest sends to itself does not come back'

# A guest whose kernel offloads nothing, as a receiver of frames that need it.
if guest g2 'command -v ethtool >/dev/null'; then
	guest g2 ethtool -K dmvl0 gro off >&2
	pipe_start g1 g2 10.77.1.2 5001 1000000
	check 'a TCP file from g1 reaches g2 whole without GRO in g2' pipe_wait g1 g2 5001
	guest g1 ethtool -K dmvl0 tx off tso off gso off >&2
	pipe_start g1 g2 10.77.1.2 5001 1000000
	check 'a TCP file from g1 reaches g2 whole without offloads in g1' pipe_wait g1 g2 5001
else
	skip 'there is no ethtool here' 'a TCP file from g1 reaches g2 whole without GRO in g2'
	skip 'there is no ethtool here' 'a TCP file from g1 reaches g2 whole without offloads in g1'
fi

# local_none MARK DESCRIPTION: neither unicast nor broadcast frames of g1 reach g2. A last frame of g1 to the
# world shows that the others have been handled; then one of the world to g2 marks the end.
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

# off: no guest reaches another, but the uplink works. Pings are repeated until the change is in force.
cannot()
{
	! reaches "$@"
}
xenstore-write "$uplink/switch" off
check 'with switch=off g1 does not ping g2' wait_for 30 cannot g1 10.77.1.2
before=$(dropped g1 no-route)
local_none 6 'with switch=off no unicast or broadcast frame of g1 reaches g2'
is $(($(dropped g1 no-route) - before)) 3 'with switch=off unicast frames to g2 are counted as no-route'
check 'with switch=off g1 pings the world' talks g1

# uplink: frames for g2 leave on the uplink, and this bridge does not send them back.
xenstore-write "$uplink/switch" uplink
seen_outside()
{
	start seen dmvl-frames recv -i dmvl-up -d "$mac2" -m "$1" -c 3 -w 10
	guest g1 dmvl-frames send -i dmvl0 -d "$mac2" -m "$1" -c 3 >&2
	wait "$started"
}
check 'with switch=uplink frames for g2 leave on the uplink' wait_for 30 seen_outside 7
local_none 8 'with switch=uplink no unicast or broadcast frame of g1 is switched to g2'

xenstore-write "$uplink/switch" banana
check 'an unknown value of switch is logged' wait_for 30 grep -q 'switch.*banana' back.1.log
check 'an unknown value of switch changes nothing' seen_outside 9
xenstore-write "$uplink/switch" local
check 'with switch=local g1 pings g2 again' wait_for 30 reaches g1 10.77.1.2
back_stop
done_testing
