#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Limits at which a full frame takes seconds: who sets one is told so, and dmvlctl check finds each, as in 53-outages.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

# told TEXT WORD..: dmvlctl takes the limit, and says how long a frame takes.
told()
{
	_text=$1
	shift
	dmvlctl "$@" 2>err
	is $? 0 "dmvlctl takes $*"
	like "$(cat err)" "*notice: $_text" "dmvlctl tells how long a frame takes after $*"
}

outages_setup

for key in tx-max rx-max; do
	told "$key 10bit: a full frame takes 1211 s" set g1 $key=10bit
	outage "a device with $key of 10 bit/s" "g1/0: $key is 10bit: a full frame takes 1211 s"
	told "$key 12kbit: a full frame takes 1 s" group acme $key=12kbit
	outage "a group with $key of 12 kbit/s" "group acme of uplink default: $key is 12kbit: a full frame takes 1 s"
done
check 'g1 pings the world without its limits' talks g1
dmvlctl set g1 flood-rate=0
outage 'a guest that may send no broadcasts' 'g1/0: flood-rate is 0: the guest may send no broadcasts'
dmvlctl uplink default flood-rate=0
outage 'guests that get no broadcasts' 'uplink default: flood-rate is 0: guests get no broadcasts from outside'
dmvlctl set g1 tx-max=13kbit rx-max=13kbit 2>err
is "$?$(cat err)" 0 'dmvlctl set says nothing about a limit at which a frame takes less than a second'
check 'dmvlctl check finds nothing about a limit at which a frame takes less than a second' wait_for 30 finds_nothing
dmvlctl set g1 tx-max=0 rx-max=0 >&2
told 'tx-capacity 1kbit: a full frame takes 12 s' uplink default tx-capacity=1kbit
outage 'a capacity of 1 kbit/s' 'uplink default: tx-capacity is 1kbit: a full frame takes 12 s' \
	'dmvlctl uplink default tx-capacity=10gbit >&2' # that of this link cannot be measured
told 'rx-max 100bit: a full frame takes 121 s' attach g3 rx-max=100bit
check 'dmvlctl check finds the limit of a device that is not connected' wait_for 30 finds 'g3/0: rx-max is 100bit: .* 121 s'
back_stop
done_testing
