#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Addresses that are not the guest's own: refused, and nobody hears of them.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1
talks g2
mac1=$(mac g1 dmvl0)
mac2=$(mac g2 dmvl0)
good= # options of a frame that may pass

# leaves [OPTION..]: how many of three such frames reach the world. A good one follows them, so that
# there is something to wait for.
leaves()
{
	new_mark
	start recv world dmvl-frames recv -i world0 -m $mark -e 99 -w 60 -v
	guest g1 "dmvl-frames send -i dmvl0 -m $mark -l 100 -c 3 $*; dmvl-frames send -i dmvl0 -m $mark -l 99 $good" >&2
	wait "$started" || echo 'the good frame did not come'
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

# arp SENDER: how many of three such ARP frames with the right source MAC do. Ours are longer than
# the kernel's.
arp()
{
	start arp world dmvl-frames recv -i world0 -t 806 -s "$mac1" -e 99 -w 60 -v
	guest g1 "dmvl-frames send -i dmvl0 -l 98 -c 3 --arp $1,02:00:00:00:00:02,10.77.0.1
		dmvl-frames send -i dmvl0 -l 99 --arp $mac1,10.77.1.1,02:00:00:00:00:02,10.77.0.1" >&2
	wait "$started" || echo 'the good frame did not come'
	grep -c ' 98$' arp.out
}
is "$(arp 02:00:00:00:00:99,10.77.1.1)" 0 'ARP of a made-up MAC does not leave'
is "$(arp "$mac1,10.77.1.1")" 3 'ARP of its own does'

# To a guest on the same host: the same rules.
start recv guest g2 dmvl-frames recv -i dmvl0 -m 50 -e 99 -w 60
guest g1 "dmvl-frames send -i dmvl0 -m 50 -d $mac2 -s 02:00:00:00:00:99 -c 3; dmvl-frames send -i dmvl0 -m 50 -l 99 -d $mac2" >&2
check 'a guest hears of another one' wait "$started"
like "$(cat recv.out)" 'frames=0 *' 'but not with a made-up source'
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
good='--udp 10.77.1.1,10.77.0.1,9'
check 'with it another one does not' wait_for 30 udp_is 0 10.77.9.9
is "$(udp 10.77.1.1)" 3 'but its own'
is "$(udp 10.77.5.200)" 3 'and those of a prefix'
before=$(dropped g1 spoof-ip)
is "$(udp 10.77.6.1)" 0 'not those beside it'
is "$(arp "$mac1,10.77.9.9")" 0 'ARP of another address does not leave'
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
