#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl doctor on a machine: what it finds goes when its commands are followed; and dmvl-front --doctor in
# a guest. tests/unit/test_doctor.c has each finding.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# finds TEXT: a line of dmvlctl doctor has it.
finds()
{
	dmvlctl doctor | grep -qF -- "$1"
}

lacks()
{
	! finds "$1"
}

uplink_setup
conf=$(ls /etc/dmvl/*.conf 2>/dev/null)
[ -z "$conf" ] || skip_all 'this machine has a configuration of its own'
dmvlctl doctor >out
is $? 1 'doctor ends with status 1 where something is missing'
check 'doctor finds that no uplink is configured' finds 'no uplink is configured'
check 'doctor says how to configure one' finds '>/etc/dmvl/default.conf'
check 'doctor says how to start a daemon for it' grep -qxE \
	'    (systemctl enable --now dmvl-back@default|service dmvl-back restart|dmvl-back --name default --config /etc/dmvl/default.conf &)' out
check 'doctor does not miss a xenstored that answers' lacks xenstored
check 'doctor prints JSON' sh -c 'dmvlctl --version >/dev/null; dmvlctl doctor --json | python3 -c "
import json, sys
f = json.load(sys.stdin)[\"findings\"]
sys.exit(not any(x[\"what\"] == \"no uplink\" and len(x[\"commands\"]) == 2 for x in f))"'
cp "$(command -v dmvlctl)" /run/dmvlctl
chmod 755 /run/dmvlctl
setpriv --reuid 65534 --clear-groups /run/dmvlctl doctor >out
is $? 1 'doctor ends with status 1 where it may not use xenstore'
like "$(cat out)" '*xenstored: only root may use it*' 'doctor says that only root may use xenstore'
check 'doctor of another user does not call xenstored silent' sh -c '! grep -q "does not answer" out'
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
	check 'doctor does not mind bridges that call no iptables' lacks bridge-nf-call
	bridge_filter 1
	check 'doctor finds bridges that call iptables' finds 'bridge-nf-call-iptables is 1'
	command=$(dmvlctl doctor | grep 'sysctl -w net.bridge.bridge-nf-call-iptables')
	check 'the command of doctor runs' sh -c "$command"
	check 'doctor finds nothing of iptables any more' lacks bridge-nf-call-iptables
fi
dmvlctl doctor extra 2>err
is $? 2 'doctor with an argument is wrong use'

# guest_doctor COMMAND: in g1, with a /sys of Xen that shows the device 0, after the command.
guest_doctor()
{
	guest g1 "exec unshare -m sh -c 'mount -t tmpfs sys /sys && mkdir -p /sys/hypervisor /sys/kernel \
		/sys/bus/xen/devices/dmvl-0 /sys/module/xen_gntalloc/parameters && echo xen >/sys/hypervisor/type &&
		echo 8192 >/sys/module/xen_gntalloc/parameters/limit && $1; exec dmvl-front --doctor'" >out
}

guest_doctor true
is $? 1 'dmvl-front --doctor ends with status 1 where something is missing'
check 'it finds that no agent runs' grep -q 'no dmvl-front serves the device 0' out
check 'it says how to start one' grep -qxE '    (systemctl restart dmvl-front@0|service dmvl-front restart|dmvl-front --id 0 &)' out
is "$(grep -c . out)" "$(grep -cE '^(dmvl-front: no dmvl-front serves|    )' out)" 'it finds nothing else'
guest_doctor 'rmdir /sys/bus/xen/devices/dmvl-0'
like "$(cat out)" '*no device: Dom0 has attached no device*' 'it finds that no device is attached'
guest_doctor 'echo 1024 >/sys/module/xen_gntalloc/parameters/limit'
like "$(cat out)" '*limit of xen_gntalloc: *limit is 1024*    echo 8192 >*' 'it finds the limit of xen_gntalloc'
back_start
ldps 'g1 1'
guest_doctor true
is $? 0 'dmvl-front --doctor ends with status 0 where an agent serves the device'
is "$(cat out)" '' 'and says nothing'
done_testing
