#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# What dmvl-back lacks to map a guest's rings is named: a device file, descriptors. It lives on.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# limit_for N: the limit that leaves dmvl-back N descriptors. The kernel counts numbers, and some below the
# highest may be free. One that is open for a moment, of a file that is read, does not count.
limit_for()
{
	for _look in $(seq 20); do
		find "/proc/$back/fd" -mindepth 1 -maxdepth 1 -printf '%f\n'
	done | sort -n | uniq -c | awk -v n="$1" '$1 == 20 { used[$2] } END { i = 0; while (n > 0 || i in used) n -= !(i++ in used); print i }'
}

uplink_setup
back_start

for device in gntdev evtchn; do
	xensim fail 0 $device ENOENT 1000
	dmvlctl attach g1 >&2
	agent_start g1
	check "a missing $device is named" wait_for 30 key_like "$(be g1)/error" "*/dev/xen/$device*module xen_$device*"
	like "$(dmvlctl check)" "*/dev/xen/$device*" "dmvlctl check names the missing $device"
	xensim fail 0 $device ENOENT 0
	check "g1 connects when $device is there" wait_for 60 connected g1
	agent_kill TERM g1
	wait_for 30 agent_gone g1
	dmvlctl detach g1 >&2
done

# Some free descriptors, but too few: libxenvchan would free what it has not set.
dmvlctl attach g1 >&2
agent_start g1
check 'g1 connects while descriptors are left' wait_for 60 connected g1
for free in 0 0 0 1 2 3 4 5; do
	prlimit --pid "$back" --nofile="$(limit_for $free):" >&2
	ip link set dmvl-up alias "$free" # dmvl-back looks at its interfaces
	dmvlctl attach g2 >&2
	agent_start g2
	check "the error tells that with $free descriptors left there are too few" \
		wait_for 30 key_like "$(be g2)/error" '*Too many open files*'
	check "dmvl-back lives on with $free descriptors left" kill -0 "$back"
	prlimit --pid "$back" --nofile=4096: >&2
	check "g2 connects after there were only $free descriptors left" wait_for 60 connected g2
	agent_kill TERM g2
	wait_for 30 agent_gone g2
	dmvlctl detach g2 >&2
done
prlimit --pid "$back" --nofile="$(limit_for 6):" >&2
dmvlctl attach g2 >&2
agent_start g2
check 'g2 connects with six descriptors left' wait_for 60 connected g2
check 'g1 stays connected through all that' connected g1
# What cannot be looked at has not changed.
# shellcheck disable=SC2154 # _log: back_run's
is "$(grep -E 'moved to another|no port besides|guests have no carrier|tc failed' "$_log")" '' \
	'a host that cannot be looked at is not taken for another one'
check 'the log says that the host cannot be looked at' grep -q 'no file descriptors are left to look at the host' "$_log"
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
