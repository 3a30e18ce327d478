#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Outages of a dmvl-back with a run directory of its own: dmvlctl check finds each, as in 53-outages.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

uplink_setup
start_back --run-dir "$PWD/own"
ldps 'g1 1' 'g2 2'
check 'dmvlctl check finds nothing about a dmvl-back with a directory of its own' wait_for 30 finds_nothing
rm -r own
outage 'another directory of dmvl-back that was deleted' "default: its dmvl-back runs, and its files in $PWD/own were deleted,"

# ---- a frozen control group

if mount -t cgroup2 cgroup /sys/fs/cgroup >&2 && [ -d /sys/fs/cgroup ]; then
	group=$(mktemp -d /sys/fs/cgroup/dmvl.XXXXXX)
	echo "$back" >"$group/cgroup.procs"
	echo 1 >"$group/cgroup.freeze"
	outage 'a dmvl-back whose control group is frozen' 'default: dmvl-back stands still: its control group, .* is frozen$'
	check 'g1 pings the world when dmvl-back runs on' talks g1
	echo "$back" >/sys/fs/cgroup/cgroup.procs
	rmdir "$group"
else
	skip 'this kernel has no control groups to mount' 'dmvlctl check finds a frozen control group'
fi
back_stop

# ---- a directory whose name leaves no room for a socket

start_back --run-dir "$PWD/$(printf '%0100d' 0)"
check 'g1 pings the world by a dmvl-back with a long directory' wait_for 30 talks g1
check 'dmvlctl check misses no socket in a long directory' wait_for 30 finds_nothing || cat found >&2
back_stop
done_testing
