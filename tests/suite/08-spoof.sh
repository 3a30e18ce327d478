#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Frames with addresses that are not the guest's own: they are dropped, and nobody sees them.
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

is "$(leaves)" 3 "a frame with the guest's own source MAC passes"
is "$(leaves -s 02:00:00:00:00:99)" 0 'a frame with a made-up source MAC is dropped'
is "$(leaves -s "$mac2")" 0 "a frame with another guest's source MAC is dropped"
is "$(leaves -s ff:ff:ff:ff:ff:ff)" 0 'a frame with a group address as source is dropped'
is "$(dropped g1 spoof-mac)" 9 'frames with a wrong source MAC are counted as spoof-mac'
check 'g2 gets its frames after g1 has used the MAC of g2' reaches world 10.77.1.2

# arp SENDER: how many of three ARP frames with that sender and the right source MAC reach the world. They
# are longer than the kernel's own.
arp()
{
	start arp world dmvl-frames recv -i world0 -t 806 -s "$mac1" -e 99 -w 60 -v
	guest g1 "dmvl-frames send -i dmvl0 -l 98 -c 3 --arp $1,02:00:00:00:00:02,10.77.0.1
		dmvl-frames send -i dmvl0 -l 99 --arp $mac1,10.77.1.1,02:00:00:00:00:02,10.77.0.1" >&2
	wait "$started" || echo 'the good frame did not come'
	grep -c ' 98$' arp.out
}
is "$(arp 02:00:00:00:00:99,10.77.1.1)" 0 'an ARP frame with a made-up sender MAC is dropped'
is "$(arp "$mac1,10.77.1.1")" 3 "an ARP frame with the guest's own MAC passes"

# The same rules hold for frames to a guest on the same host.
start recv guest g2 dmvl-frames recv -i dmvl0 -m 50 -e 99 -w 60
guest g1 "dmvl-frames send -i dmvl0 -m 50 -d $mac2 -s 02:00:00:00:00:99 -c 3; dmvl-frames send -i dmvl0 -m 50 -l 99 -d $mac2" >&2
check 'a frame with the right source MAC reaches a guest of the same host' wait "$started"
like "$(cat recv.out)" 'frames=0 *' 'a frame with a made-up source MAC does not reach a guest of the same host'
is "$(dropped g1 spoof-mac) $(dropped g2 spoof-mac)" '15 0' 'spoofed frames are counted for the sender and not for the receiver'

xenstore-write "$(be g1)/spoof-check" 0
check 'spoof-check=0 lets a made-up source MAC pass' wait_for 30 leaves_is 3 -s 02:00:00:00:00:99
xenstore-write "$(be g1)/spoof-check" 1
check 'spoof-check=1 stops a made-up source MAC' wait_for 30 leaves_is 0 -s 02:00:00:00:00:99

# allowed-ip: listed source addresses only.
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
# The last frame needs a listed address now: allowed-ip drops frames without an IP header too.
good='--udp 10.77.1.1,10.77.0.1,9'
check 'with allowed-ip a source address that is not listed is dropped' wait_for 30 udp_is 0 10.77.9.9
is "$(udp 10.77.1.1)" 3 'with allowed-ip a listed source address passes'
is "$(udp 10.77.5.200)" 3 'with allowed-ip a source address of a listed prefix passes'
before=$(dropped g1 spoof-ip)
is "$(udp 10.77.6.1)" 0 'with allowed-ip a source address beside a listed prefix is dropped'
is "$(arp "$mac1,10.77.9.9")" 0 'with allowed-ip an ARP frame of an address not listed is dropped'
# The guest's kernel may have added some of its own, over IPv6.
between "$(($(dropped g1 spoof-ip) - before))" 6 9 'frames with a source address not listed are counted as spoof-ip'
is "$(leaves)" 0 'with allowed-ip a frame that is neither ARP nor IP is dropped'
is "$(dropped g1 spoof-type)" 3 'frames that are neither ARP nor IP are counted as spoof-type'
check 'with allowed-ip g1 pings the world from a listed address' talks g1
xenstore-write "$(be g1)/allowed-ip" ''
check 'with an empty allowed-ip any source address passes' wait_for 30 udp_is 3 10.77.9.9
before=$(dropped g1 spoof-mac)
dmvlctl detach g1 >&2
like "$(_counters g1 0 | tail -n 1)" "* spoof-mac=$before *" 'the last report, at detach, has all dropped frames'
back_stop
done_testing
