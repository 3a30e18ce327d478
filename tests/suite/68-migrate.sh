#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# A PVH guest migrates to this host by xl while a file is sent: live, with all that was set. The tests that
# take long run this MIGRATIONS times.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xen ] || skip_all 'xl is the subject; 68-export.sh plays it'

whole()
{
	for _key in weight=300 tx-min=100000 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 mac=00:16:3e:00:00:09; do
		[ "$(xenstore-read "$(be p1)/${_key%%=*}")" = "${_key#*=}" ] || return 1
	done
}

# port_of MAC: the port behind which the switch has the address.
port_of()
{
	bridge fdb show br xenbr0 | awk -v mac="$1" '$1 == mac && !/permanent/ { print $3; exit }'
}
port_is()
{
	[ "$(port_of "$1")" = "$2" ]
}

# p1_new: a guest for the migrations.
p1_new()
{
	check 'the PVH guest p1 is created' guest_create p1 'type="pvh"'
	ldp p1 9 weight=300 tx-min=100000 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 mac=$mac
	check 'p1 pings the world' talks p1
	uuid=$(xenstore-read "$(be p1)/guest-uuid")
}

back_or_broken()
{
	connected p1 || broken
}

mac=00:16:3e:00:00:09
uplink_setup
back_start --tx-capacity "$SUITE_RATE"
p1_new

# What the emulator has broken is done again, with a new guest: half of the migrations and one more at most.
cycle=1 again=0 faults=$(emulator_faults)
while [ "$cycle" -le "${MIGRATIONS:-1}" ]; do
	pipe_start p1 world 10.77.0.1 5001 1500000 "-b $((SUITE_RATE / 4))"
	check "migration $cycle: a file is under way" wait_for 60 pipe_past world 5001 50000
	# The switch believes that the guest is elsewhere, as on another host until now.
	world dmvl-frames send -i world0 -s $mac >&2
	old=$(guest_domid p1)
	read -r begun _ </proc/uptime
	check "migration $cycle: xl migrates p1" guest_migrate p1
	read -r moved _ </proc/uptime
	wait_for 300 back_or_broken
	if broken; then
		faults=$(emulator_faults) again=$((again + 1))
		diag "migration $cycle: the emulator broke p1, the migration is done again"
		[ "$again" -le $((${MIGRATIONS:-1} / 2 + 1)) ] || bail 'the emulator breaks too many guests'
		guest_destroy p1
		pipe_stop 5001
		p1_new
		continue
	fi
	[ "$(guest_domid p1)" != "$old" ]
	is $? 0 "migration $cycle: p1 is another domain"
	check "migration $cycle: p1 connects by itself" connected p1
	read -r back_again _ </proc/uptime
	diag "$(echo "$begun $moved $back_again" | awk '{ printf "xl took %.1f s, p1 was connected %.1f s later", $2 - $1, $3 - $2 }')"
	check "migration $cycle: p1 has all that was set" whole
	check "migration $cycle: the switch has the address of p1 behind the uplink" wait_for 20 port_is $mac dmvl-up
	check "migration $cycle: the file arrives whole" pipe_wait p1 world 5001
	check "migration $cycle: no node of the old domain stays" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
	check "migration $cycle: no zombie stays" wait_for 30 no_zombies
	check "migration $cycle: what was set is remembered" grep -qx 'weight = 300' "/var/lib/dmvl/default/$uuid"
	check "migration $cycle: the kernel of p1 does not complain" console_clean p1
	cycle=$((cycle + 1))
done
check 'p1 pings the world in the end' talks p1
guest_destroy p1
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
