#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Each of the operator's keys, malformed: nothing changes, `error' names it, and clears when mended.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldp g1 1 weight=300
talks g1
dir=$(be g1)

# bad KEY GOOD BAD..: each BAD shows in error, and GOOD clears it.
bad()
{
	_key=$1 _good=$2
	shift 2
	for _value; do
		xenstore-write -- "$dir/$_key" "$_value"
		check "$_key \"$_value\" shows in error" wait_for 30 key_like "$dir/error" "*$_key*"
		xenstore-write "$dir/$_key" "$_good"
		check "the error of $_key \"$_value\" clears when the key is mended" wait_for 30 key_is "$dir/error" ''
	done
}
bad weight 300 banana 0 65536 -1 '' 1e3 ' 7' 99999999999999999999
bad tx-min 0 10mbit -5 1000000000001
bad tx-max 0 fast
bad rx-min 0 x
bad rx-max 0 '1 2'
bad tx-burst 0 many 1073741825
bad rx-burst 0 -1
bad latency normal fast ''
bad flood-rate 1000 none 1000001
bad flood-max 2000000 2mbit -1
bad unknown-groups 1 no 2 ''
bad spoof-check 1 yes 2 ''
bad allowed-mac '' 02:00:00:00:00 01:00:5e:00:00:01 any
bad control-frames 0 yes 2 ''
bad guest-services 0 dhcp -1 ''
bad group '' 'a b' -a ../x abcdefghijklmnopqrstuvwxyz0123456
bad offload-csum 1 off 2
bad offload-tso 1 off ''
bad offload-uso 1 -1
bad allowed-ip '' 10.77.1 10.77.1.1/33 fd77::/129 localhost
bad vlan none banana 4095 0 7- 9-7 '1,,2' '' untagged-7 untagged,none

# Two at once: the second shows when the first is mended.
xenstore-write "$dir/weight" banana
xenstore-write "$dir/vlan" banana
check 'one of two malformed keys shows in error' wait_for 30 key_like "$dir/error" '*banana*'
xenstore-write "$dir/weight" 300
check 'the second of two malformed keys shows when the first is mended' wait_for 30 key_like "$dir/error" '*vlan*'
xenstore-write "$dir/vlan" none
check 'the error clears when both malformed keys are mended' wait_for 30 key_is "$dir/error" ''

# The error is short and printable whatever was written.
xenstore-write "$dir/weight" "$(printf '\001\033[31m%0200d' 0)"
check 'a long value with control characters shows in error' wait_for 30 key_like "$dir/error" '*weight*'
is "$(xenstore-read "$dir/error" | tr -d ' -~\n')" '' 'the error about control characters is printable'
between "$(xenstore-read "$dir/error" | wc -c)" 10 256 'the error about a long value is short'
like "$(dmvlctl show g1)" '*weight*' 'dmvlctl show takes a value with control characters'
xenstore-write "$dir/weight" 300
check 'the error clears when the value with control characters is mended' wait_for 30 key_is "$dir/error" ''

# A removed key has its default again; an unknown key is ignored.
xenstore-rm "$dir/weight"
xenstore-write "$dir/frobnicate" 7
check 'a removed key and an unknown key are no error' key_is "$dir/error" ''
check 'g1 pings the world after a key was removed' talks g1
check 'malformed keys do not make the device connect again' sh -c '[ "$(grep -c "1/0: connected\|/0: connected" back.1.log)" = 1 ]'
back_stop
done_testing
