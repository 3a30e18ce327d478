#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl doctor on a machine: what it finds goes when its commands are followed. tests/unit/test_doctor.c
# has each finding.
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
check 'doctor says how to configure one' finds '    systemctl enable --now dmvl-back@default'
check 'doctor does not miss a xenstored that answers' lacks xenstored
check 'doctor prints JSON' sh -c 'dmvlctl --version >/dev/null; dmvlctl doctor --json | python3 -c "
import json, sys
f = json.load(sys.stdin)[\"findings\"]
sys.exit(not any(x[\"what\"] == \"no uplink\" and len(x[\"commands\"]) == 2 for x in f))"'
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
done_testing
