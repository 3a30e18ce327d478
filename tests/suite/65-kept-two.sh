#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Two dmvl-back on a host, a guest with a device on each: neither touches what is the other's.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'many saves and restores, which take long on real Xen'

uplink_setup
back_start --tx-capacity 100mbit
second_start
check 'guest s1 is created' guest_create s1
dmvlctl attach s1 weight=300 mac=00:16:3e:00:00:01 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 >&2
dmvlctl attach s1/1 uplink=second weight=77 mac=00:16:3e:00:00:02 rx-max=6000000 mtu=1400 vlan=5 >&2
agent_start s1
first=$agent
agent_start s1 -i 1 --ifname dmvl1
both()
{
	connected s1 0 && connected s1 1
}
check 'both devices connect' wait_for 30 both
# What attach and the operator wrote of both devices.
settings()
{
	for _id in 0 1; do
		for _key in $(xenstore-list "$(be s1 $_id)" | sort); do
			case $_key in
			weight | [tr]x-m* | mac | mtu | vlan | via | spoof-check | allowed-* | uplink | served-by | guest-uuid)
				echo "$_id $_key $(xenstore-read "$(be s1 $_id)/$_key")"
				;;
			esac
		done
	done
}
settings >before
bad=0
for cycle in $(seq 30); do
	guest_save s1
	guest_restore s1
	wait_for 20 both && settings | cmp -s before - && continue
	diag "cycle $cycle: $(states s1 0) / $(states s1 1)"
	settings | diff before - | sed 's/^/#  /'
	bad=$((bad + 1))
	break
done
is $bad 0 'a guest with a device on each of two uplinks has all that was set after 30 restores'
like "$(xenstore-list "$uplink")" '*kept-path*' 'each uplink says where it remembers'
is "$(dmvlctl saved | grep -c ' s1 \|^s1 ')" 2 'both devices are remembered'
is "$(find /var/lib/dmvl/default /var/lib/dmvl/second -type f | wc -l)" 2 'each uplink remembers its own device'

# One daemon is away while the guest moves: the other leaves its device alone, and it comes back later.
old=$(guest_domid s1)
kill -9 "$second"
wait "$second"
guest_save s1
guest_restore s1
check 'the device of the first uplink connects without the second' wait_for 20 connected s1 0
check "the nodes of the second uplink's device stay until it starts" xenstore-exists "/local/domain/0/backend/dmvl/$old/1"
second_start
check 'the device of the second uplink connects when that is started' wait_for 20 both
check "the nodes of the second uplink's old device are gone" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
settings | cmp before - >&2
is $? 0 'all that was set is there when the second uplink is started again'

# A change of the key uplink counts when the device is attached again.
xenstore-write "$(be s1 0)/uplink" second
agent_kill TERM s1 "$first"
wait_for 20 agent_gone s1 "$first"
agent_start s1
check 'a device whose key uplink changes stays with its daemon' wait_for 20 both
is "$(xenstore-read "$(be s1 0)/served-by")" default 'xenstore says which uplink serves a device'
is "$(grep -c '/0: connected' back.second.log)" 0 'the other daemon never served it'

old=$(guest_domid s1)
guest_destroy s1
check 'a destroyed guest leaves no zombie with two daemons' wait_for 20 no_zombies
check 'a destroyed guest leaves no node with two daemons' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
kill "$second"
back_stop
done_testing
