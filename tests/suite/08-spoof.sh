#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Addresses that are not the guest's own: refused, and nobody hears of them.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldp g1 1
ldp g2 2
talks g1
talks g2
mac1=$(mac g1 dmvl0)
mac2=$(mac g2 dmvl0)
mark=0

# leaves [OPTION..]: how many of three such frames reach the world. One good frame follows them, so
# that there is something to wait for.
leaves()
{
	mark=$((mark + 1))
	start recv world dmvl-frames recv -i world0 -m $mark -c 4 -w "$SUITE_WAIT" -v
	guest g1 "dmvl-frames send -i dmvl0 -m $mark -l 100 -c 3 $*; dmvl-frames send -i dmvl0 -m $mark -l 99" >&2
	wait "$started"
	grep -q ' 99$' recv.out || echo 'the good frame did not come'
	grep -c ' 100$' recv.out
}
leaves_is()
{
	_n=$1
	shift
	[ "$(leaves "$@")" = "$_n" ]
}

is "$(leaves)" 3 'its own MAC passes'
is "$(leaves -s 02:00:00:00:00:99)" 0 'a made-up source MAC does not'
is "$(leaves -s "$mac2")" 0 "nor does another guest's"
is "$(leaves -s ff:ff:ff:ff:ff:ff)" 0 'nor a group address'
is "$(dropped g1 spoof-mac)" 9 'all nine are counted'
check 'the other guest still gets its frames' reaches world 10.77.1.2

# ARP with a made-up sender inside a frame with the right one.
arp()
{
	start recv world dmvl-frames recv -i world0 -t 806 -s "$mac1" -c "$2" -w "$SUITE_WAIT" -v
	guest g1 "dmvl-frames send -i dmvl0 -c 3 --arp $1,02:00:00:00:00:02,10.77.0.1" >&2
	wait "$started"
	sed -n 's/^frames=\([0-9]*\) .*/\1/p' recv.out
}
is "$(arp "02:00:00:00:00:99,10.77.1.1" 1)" 0 'ARP of a made-up MAC does not leave'
between "$(arp "$mac1,10.77.1.1" 3)" 3 4 'ARP of its own does'

# To a guest on the same host: the same rules.
start recv guest g2 dmvl-frames recv -i dmvl0 -m 50 -c 2 -w "$SUITE_WAIT"
guest g1 "dmvl-frames send -i dmvl0 -m 50 -d $mac2 -s 02:00:00:00:00:99 -c 3; dmvl-frames send -i dmvl0 -m 50 -d $mac2" >&2
wait "$started"
like "$(cat recv.out)" 'frames=1 *' 'nor does a made-up source reach another guest'
is "$(dropped g1 spoof-mac) $(dropped g2 spoof-mac)" '15 0' 'these six are counted too, as of the sender'

xenstore-write "$(be g1)/spoof-check" 0
check 'spoof-check=0 lets them pass' wait_for 30 leaves_is 3 -s 02:00:00:00:00:99
xenstore-write "$(be g1)/spoof-check" 1
check 'spoof-check=1 stops them again' wait_for 30 leaves_is 0 -s 02:00:00:00:00:99

# allowed-ip: its own address only.
udp()
{
	leaves --udp "$1,10.77.0.1,9" -d "$(mac world world0)"
}
is "$(udp 10.77.9.9)" 3 'without allowed-ip any source address passes'
xenstore-write "$(be g1)/allowed-ip" 10.77.1.1,10.77.5.0/24
udp_is()
{
	[ "$(udp "$2")" = "$1" ]
}
# Its frames without an IP header do not pass either now: they are not what allowed-ip knows.
leaves()
{
	mark=$((mark + 1))
	start recv world dmvl-frames recv -i world0 -m $mark -c 4 -w "$SUITE_WAIT" -v
	guest g1 "dmvl-frames send -i dmvl0 -m $mark -l 100 -c 3 $*; dmvl-frames send -i dmvl0 -m $mark -l 99 --udp 10.77.1.1,10.77.0.1,9" >&2
	wait "$started"
	grep -q ' 99$' recv.out || echo 'the good frame did not come'
	grep -c ' 100$' recv.out
}
check 'with it another one does not' wait_for 30 udp_is 0 10.77.9.9
is "$(udp 10.77.1.1)" 3 'but its own'
is "$(udp 10.77.5.200)" 3 'and those of a prefix'
before=$(dropped g1 spoof-ip)
is "$(udp 10.77.6.1)" 0 'not those beside it'
is "$(arp "$mac1,10.77.9.9" 1)" 0 'ARP of another address does not leave'
# The guest's kernel may have added some of its own, over IPv6.
between "$(($(dropped g1 spoof-ip) - before))" 6 9 'these six are counted'
is "$(leaves)" 0 'nor do frames that are neither ARP nor IP'
is "$(dropped g1 spoof-type)" 3 'these three are counted as such'
check 'and it goes on pinging' talks g1
xenstore-write "$(be g1)/allowed-ip" ''
check 'an empty list allows all again' wait_for 30 udp_is 3 10.77.9.9
before=$(dropped g1 spoof-mac)
dmvlctl detach g1 >&2
like "$(_counters g1 0 | tail -n 1)" "* spoof-mac=$before *" 'the last report, at detach, has it all'
back_stop
done_testing
