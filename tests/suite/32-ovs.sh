#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The uplink's TAP in a bridge of Open vSwitch. Its daemons run here, on its userspace datapath, which
# needs no module of the kernel.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ -x /usr/sbin/ovs-vswitchd ] || skip_all 'there is no Open vSwitch here (package openvswitch-switch)'
export OVS_RUNDIR="$PWD" OVS_LOGDIR="$PWD" OVS_DBDIR="$PWD"

ovs()
{
	ovs-vsctl --timeout=20 "--db=unix:$PWD/ovsdb.sock" "$@" >&2
}

ovs_start()
{
	ovsdb-tool create ovs.db /usr/share/openvswitch/vswitch.ovsschema
	ovsdb-server ovs.db "--remote=punix:$PWD/ovsdb.sock" 2>ovs.err &
	wait_for 30 ovs --no-wait init || return 1
	ovs-vswitchd "unix:$PWD/ovsdb.sock" 2>>ovs.err &
	wait_for 30 ovs add-br br0 -- set bridge br0 datapath_type=netdev
}

# Of the usual uplink only up0 and the world behind it are wanted.
uplink_setup
ip link set up0 nomaster
ip link del xenbr0
ovs_start || skip_all "Open vSwitch does not start: $(tail -n 1 ovs.err)"
check 'Open vSwitch takes the port to the world' ovs add-port br0 up0

dmvl-back --uplink tap:dmvl-up,bridge=br0 --tx-capacity 1gbit 2>err
is $? 2 'bridge= with a bridge of Open vSwitch ends dmvl-back with status 2'
like "$(cat err)" '*br0 is no bridge of the kernel*add-port*' 'dmvl-back says how to use a bridge of Open vSwitch'
xenstore-write "$uplink/uplink-port" up0
dmvl-back --uplink tap:dmvl-up 2>err
is $? 2 'dmvl-back without a capacity ends with status 2 in a bridge of Open vSwitch'
like "$(cat err)" '*cannot be measured: no bridge of the kernel*up0*; give --tx-capacity' 'dmvl-back says why it needs a capacity with Open vSwitch'

back_run --uplink tap:dmvl-up --tx-capacity 1gbit
check 'Open vSwitch takes the uplink' ovs add-port br0 dmvl-up
check 'frames leave through the port of Open vSwitch that uplink-port names' wait_for 30 key_is "$uplink/exits" up0
check 'xenstore says that the operator chose the port of Open vSwitch' wait_for 30 key_is "$uplink/exits-by" chosen
check 'a chosen port of Open vSwitch is no error' wait_for 30 key_is "$uplink/error" ''
ldps 'g1 1' 'g2 2'
check 'g1 pings the world through Open vSwitch' talks g1
check 'the world pings g2 through Open vSwitch' talks g2
is "$(xenstore-read "$(be g1)/feature-csum") $(xenstore-read "$(be g1)/feature-tso4")" '0 0' \
	'guests are offered no offload where a program switches their frames'
# A card receives frames of the network whole. A veth gets them as the world's TCP made them.
if world ethtool -K world0 tx off >&2; then
	pipe_start g1 world 10.77.0.1 5001 1000000
	check 'a TCP file from g1 reaches the world whole through Open vSwitch' pipe_wait g1 world 5001
	pipe_start world g1 10.77.1.1 5001 1000000
	check 'a TCP file from the world reaches g1 whole through Open vSwitch' pipe_wait world g1 5001
else
	skip 'there is no ethtool here' 'a TCP file from g1 reaches the world whole through Open vSwitch'
	skip 'there is no ethtool here' 'a TCP file from the world reaches g1 whole through Open vSwitch'
fi
pipe_start g1 g2 10.77.1.2 5001 1000000
check 'a TCP file from g1 reaches g2 whole beside Open vSwitch' pipe_wait g1 g2 5001
xenstore-write "$uplink/uplink-port" nope0
check 'the error names a chosen port that does not exist' wait_for 30 key_like "$uplink/error" '*nope0 does not exist'
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM'
done_testing
