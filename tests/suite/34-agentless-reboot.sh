#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# The life of a guest without an agent whose vif is netback's: saved, rebooted, with a vif that comes later.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xensim has no netback'

no_taps()
{
	[ -z "$(ip -o link show type macvtap)" ]
}

# has_net INTERFACE-INDEX: v1 has the address of that index on its vif, which may take a moment to be there.
has_net()
{
	guest -t 20 v1 'ip link show eth0' && guest_net v1 "$1" eth0
}

uplink_setup
check 'a guest with a vif boots' guest_create v1 "$(vif_line 9)" 'on_reboot="restart"'
has_net 9
back_start
ldp g1 1
check 'the guest is attached without an agent' dmvlctl attach v1 via=vif weight=100
check 'the guest connects' wait_for 60 agentless v1
check 'the guest pings the world' talks v1

old=$(guest_domid v1)
check 'the guest is saved' guest_save v1
check 'the guest is restored' guest_restore v1
check 'the restored guest connects' wait_for 100 agentless v1
is "$(xenstore-read "$(be v1)/weight")" 100 'the restored guest has its weight'
check 'the restored guest pings the world' talks v1
check 'no node of the saved domain stays' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"

old=$(guest_domid v1)
check 'xl reboots the guest' xl reboot v1
another()
{
	[ -n "$(guest_domid v1)" ] && [ "$(guest_domid v1)" != "$old" ] && has_net 9
}
check 'the guest comes up as another domain' wait_for "$((BENCH_BOOT + 60))" another
check 'the rebooted guest connects' wait_for 60 agentless v1
check 'the rebooted guest pings the world' talks v1

# A vif that is plugged later.
dmvlctl attach v1/1 via=vif >&2
check 'a device waits for a vif that is not there' wait_for 30 waits_for_vif v1 1
check 'the guest gets a second vif' xl network-attach v1 mac=00:16:3e:77:00:0a bridge=xenbr0 script=/bench/dom0/vif
check 'a vif that is plugged later is taken' wait_for 60 agentless v1 1
check 'the guest loses its second vif' xl network-detach v1 1
check 'a device whose vif was unplugged waits for it' wait_for 60 waits_for_vif v1 1

guest_destroy v1
check 'a destroyed guest leaves no macvtap' wait_for 30 no_taps
check 'a destroyed guest leaves no zombie' wait_for 30 no_zombies
check 'a guest with an agent still pings the world' talks g1
back_stop
done_testing
