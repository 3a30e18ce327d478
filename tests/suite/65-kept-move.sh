#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A device that gets to another uplink, by hand or by the policy, is remembered there alone, with what was set for it.
# No other daemon makes it when its guest comes back, whichever is faster.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'many guests that come back, which take long on real Xen'

# stays ROUNDS UPLINK WEIGHT: of r1, which has to have its spoof-check too.
stays()
{
	_round=0
	while [ $_round -lt "$1" ]; do
		_round=$((_round + 1))
		guest_again r1
		wait_for 20 key_is "$(be r1)/served-by" "$2" && key_is "$(be r1)/weight" "$3" &&
			key_is "$(be r1)/spoof-check" 1 && continue
		diag "round $_round: $(xenstore-read "$(be r1)/served-by" "$(be r1)/weight" | xargs)"
		return 1
	done
}
remembered()
{
	dmvlctl saved | awk '$1 == "r1" { print $4 }' | xargs
}
# is_on UPLINK..: for wait_for.
is_on()
{
	[ "$(remembered)" = "$*" ]
}
reload()
{
	_read=$(grep -c 'the policy was read' "$_log" back.second.log | xargs)
	kill -HUP "$back" "$second"
	wait_for 20 both_read "$_read"
}
# Each of the two has more such lines than before.
both_read()
{
	_now=$(grep -c 'the policy was read' "$_log" back.second.log | xargs)
	[ "${_now%% *}" != "${1%% *}" ] && [ "${_now##* }" != "${1##* }" ]
}

uplink_setup
: >policy.conf
back_start --policy "$PWD/policy.conf"
second_start --policy "$PWD/policy.conf"
check 'guest r1 is created' guest_create r1
dmvlctl attach r1 weight=111 spoof-check=1 >&2
check 'the first uplink remembers r1' wait_for 20 key_is "$(be r1)/served-by" default
back_stop
guest_again r1
like "$(dmvlctl attach r1 uplink=second weight=222 2>&1)" '*holds too: spoof-check=1*' \
	'a device that is attached to another uplink has what was set for it'
check 'the second uplink serves r1' wait_for 20 key_is "$(be r1)/served-by" second
check 'the first uplink does not remember a device that got to another one' wait_for 20 is_on second
back_start --policy "$PWD/policy.conf"
check 'a device that was attached to another uplink stays there' stays 5 second 222

# The policy gives it to the first uplink, and says nothing of its weight.
printf '[r1]\nuplink = default\n' >policy.conf
reload
check 'a device that the policy gave to another uplink has what was set for it' stays 5 default 222
is "$(remembered)" default 'a device that the policy gave to another uplink is remembered there alone'

# By hand it gets to the second again: that holds until the policy says another uplink than now.
dmvlctl detach r1 >&2
dmvlctl attach r1 uplink=second weight=333 spoof-check=1 >&2
check 'the second uplink serves r1 again' wait_for 20 key_is "$(be r1)/served-by" second
check 'a device that was attached by hand stays where the policy does not want it' stays 5 second 333
printf '[r1]\nuplink = default\nweight = 444\n' >policy.conf
reload
check 'it stays there too when the policy says something else of another key' stays 3 second 333
dmvlctl detach r1 >&2
is "$(remembered)" '' 'no uplink remembers a device that was detached'
guest_again r1
check 'a device that was detached is where the policy wants it' wait_for 20 key_is "$(be r1)/served-by" default
kill "$second"
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
