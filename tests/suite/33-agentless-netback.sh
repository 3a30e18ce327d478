#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# Netback's vif of a guest without an agent, beside guests with one.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xensim has no netback'

# has_net INTERFACE-INDEX: v1 has the address of that index on its vif, which may take a moment to be there.
has_net()
{
	guest -t 20 v1 'ip link show eth0' && guest_net v1 "$1" eth0
}

uplink_setup
ip link set xenbr0 addr 02:00:00:00:00:01 # or ports that come and go would change its id
ip link set xenbr0 type bridge vlan_filtering 1
check 'a guest with a vif boots' guest_create v1 "$(vif_line 9)" 'on_reboot="restart"'
has_net 9
check 'the guest pings the world through its vif' talks v1
bridge link set dev "$(vif v1)" isolated on mcast_flood off cost 77
bridge vlan add dev "$(vif v1)" vid 20-30
bridge vlan add dev "$(vif v1)" vid 7 untagged
port_picture "$(vif v1)" >before
back_start --tx-capacity "$SUITE_RATE"
ldp g1 1 weight=200
talks g1

check 'the guest is attached without an agent' dmvlctl attach v1 via=vif weight=100
check 'the vif of netback is taken' wait_for 60 agentless v1
check 'the guest pings the world through its device' talks v1
check 'the world pings the guest through its device' wait_for 30 reaches world 10.77.1.9
check 'the guest pings one with an agent' wait_for 30 reaches v1 10.77.1.1
is "$(xenstore-read "$(be v1)/vif-mac")" 00:16:3e:77:00:09 'the device has the MAC of the vif'
like "$(dmvlctl list)" '*v1*connected to its vif*' 'dmvlctl list shows that there is no agent'
pipe_start v1 world 10.77.0.1 5001 300000
check 'a TCP file from the guest reaches the world whole' pipe_wait v1 world 5001
pipe_start world v1 10.77.1.9 5001 300000
check 'a TCP file from the world reaches the guest whole' pipe_wait world v1 5001
pipe_start g1 v1 10.77.1.9 5001 300000
check 'a TCP file from a guest with an agent reaches the guest whole' pipe_wait g1 v1 5001

# Paused, while the world sends to it.
xl pause v1
world ping -c 20 -i 0.05 -W 1 10.77.1.9 >&2
check 'a guest with an agent pings the world while the guest is paused' talks g1
pipe_start g1 world 10.77.0.1 5002 200000
check 'a guest with an agent sends a file while the guest is paused' pipe_wait g1 world 5002
xl unpause v1
check 'the guest pings the world after a pause' talks v1

sink_start
sends v1 udp -b $((SUITE_RATE * 2))
sends g1 udp -b $((SUITE_RATE * 2))
settle 2
shares 'guests without and with an agent share 1:2' 8 10.77.1.9=1 10.77.1.1=2
kill "$sink"
guest v1 'killall dmvl-flow'
guest g1 'killall dmvl-flow'

# ---- kill -9, release-vifs, SIGTERM

pipe_start v1 world 10.77.0.1 5003 500000 '-b 1000000'
check 'a file of the guest is under way' wait_for 60 pipe_past world 5003 50000
kill -9 "$back"
wait "$back"
back_start --tx-capacity "$SUITE_RATE"
check 'the guest connects after kill -9' wait_for 60 agentless v1
check 'a file of the guest arrives whole over kill -9' pipe_wait v1 world 5003
kill -9 "$back"
wait "$back"
like "$(dmvlctl release-vifs)" "$(vif v1): back in xenbr0" 'dmvlctl release-vifs says what it puts back'
port_picture "$(vif v1)" >now
check 'dmvlctl release-vifs puts the vif back as it was' diff before now
check 'the guest pings the world through its vif without dmvl-back' talks v1
back_start --tx-capacity "$SUITE_RATE"
check 'the vif is taken again' wait_for 60 agentless v1
back_stop
is $? 0 'dmvl-back ends with status 0'
port_picture "$(vif v1)" >now
check 'SIGTERM puts the vif back as it was' diff before now
check 'the guest pings the world through its vif after SIGTERM' talks v1
back_start --tx-capacity "$SUITE_RATE"
check 'the vif is taken when dmvl-back starts again' wait_for 60 agentless v1

guest_destroy v1
back_stop
done_testing
