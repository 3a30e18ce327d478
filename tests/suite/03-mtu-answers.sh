#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Devices whose mtu is above that of the uplink, or of another device: what is too big is answered.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# path_mtu NAME ADDRESS: what its kernel knows of the way there.
path_mtu()
{
	guest "$1" "ip route get $2" | sed -n 's/.* mtu \([0-9]*\).*/\1/p'
}
# big_ping NAME ADDRESS: it arrives, if need be in fragments, when the sender knows the way's mtu.
big_ping()
{
	case $2 in
	*:*) guest "$1" "ping6 -c 1 -W 2 -s 8000 $2" ;;
	*) guest "$1" "ping -c 1 -W 2 -s 8000 $2" ;;
	esac
}

uplink_setup
back_start
ldps 'g1 1 mtu=9000' 'g2 2 mtu=9000' 'g3 3'
talks g1
talks g2
talks g3
is "$(xenstore-read $uplink/mtu)" 1500 'the uplink announces the mtu of its interface'
check 'g2 pings g1 before any frame of 8000 bytes' wait_for 30 reaches g2 10.77.1.1
check 'a ping of 8000 bytes crosses between guests of mtu 9000' big_ping g1 10.77.1.2
check 'an IPv6 ping of 8000 bytes crosses between guests of mtu 9000' big_ping g1 fd77::1:2
is "$(path_mtu g1 10.77.1.2)" '' 'no answer limits the way between guests of mtu 9000'
is "$(dropped g1 mtu)" 0 'no frame between guests of mtu 9000 is dropped'

check 'a ping of 8000 bytes reaches the world in fragments after an answer' wait_for 30 big_ping g1 10.77.0.1
is "$(path_mtu g1 10.77.0.1)" 1500 'the answer to IPv4 has the mtu of the uplink'
check 'an IPv6 ping of 8000 bytes reaches the world in fragments after an answer' wait_for 30 big_ping g1 fd77::1
is "$(path_mtu g1 fd77::1)" 1500 'the answer to IPv6 has the mtu of the uplink'
check 'a ping of 8000 bytes reaches a guest of mtu 1500 in fragments after an answer' wait_for 30 big_ping g1 10.77.1.3
is "$(path_mtu g1 10.77.1.3)" 1500 'the answer has the mtu of the other guest'
between "$(dropped g1 mtu)" 3 50 'the frames that were too big are counted as mtu'
is "$(dropped g3 rx-oversize)" 0 'the receiver is not charged with frames that are too big for it'

# g3 says that it takes segments of 9000 bytes, and does not: only an answer makes TCP go on.
guest g1 'ip route flush cache' >&2
guest g3 ip link set dmvl0 mtu 9000 >&2
before=$(dropped g1 mtu)
pipe_start g1 g3 10.77.1.3 5001 300001
check 'a TCP file to a guest that takes less than it says arrives whole' pipe_wait g1 g3 5001
between "$(($(dropped g1 mtu) - before))" 1 50 'segments that were too big are counted as mtu'

# A group: guests that take the frame get it, the world does not.
start big guest g2 dmvl-frames recv -i dmvl0 -m 5 -e 99 -w 60
big=$started
start world world dmvl-frames recv -i world0 -m 5 -e 99 -w 60
before=$(dropped g1 mtu)
guest g1 'dmvl-frames send -i dmvl0 -m 5 -l 5000 -c 3; dmvl-frames send -i dmvl0 -m 5 -l 99' >&2
check 'broadcasts of g1 end at g2' wait $big
check 'broadcasts of g1 end in the world' wait "$started"
like "$(cat big.out)" 'frames=3 bytes=15000 *' 'a guest of mtu 9000 gets large broadcasts'
like "$(cat world.out)" 'frames=0 *' 'the world gets no large broadcast'
is "$(($(dropped g1 mtu) - before))" 3 'large broadcasts are counted as mtu'

# The network is made larger: what the guest was told is forgotten.
guest g1 'ip route flush cache' >&2
check 'a ping of 8000 bytes reaches the world in fragments before the uplink grows' wait_for 30 big_ping g1 10.77.0.1
check 'an IPv6 ping reaches the world in fragments before the uplink grows' wait_for 30 big_ping g1 fd77::1
world ip link set world0 mtu 9000
ip link set up0 mtu 9000
ip link set dmvl-up mtu 9000
check 'the uplink announces that it carries larger packets' wait_for 30 key_is $uplink/mtu 9000
# knows_more ADDRESS: large pings are answered, and no limit is known.
knows_more()
{
	big_ping g1 "$1" && case $(path_mtu g1 "$1") in '' | 9000) ;; *) false ;; esac
}
check 'the guest forgets the limit of IPv4 when the uplink grows' wait_for 30 knows_more 10.77.0.1
check 'the guest forgets the limit of IPv6 when the uplink grows' wait_for 30 knows_more fd77::1
is "$(guest g1 cat /sys/class/net/dmvl0/mtu)" 9000 'the mtu of the interface is as before when the uplink has grown'
back_stop
done_testing
