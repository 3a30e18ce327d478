#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# The bench itself: real Xen, guests that take commands, netback as a known good path, restore.
# shellcheck source=tests/xen/lib.sh
. /bench/lib.sh

like "$(xl info)" '*xen_version*: 4.17*' 'the hypervisor is Xen'
is "$(cat /sys/hypervisor/type)" xen "Dom0's kernel runs on it"

# Commands in guests.
is "$(guest g1 uname -s)" Linux 'g1 answers'
is "$(guest g2 'cat /sys/hypervisor/type; test -c /dev/xen/gntalloc && echo gntalloc')" \
	"$(printf 'xen\ngntalloc')" 'g2 answers and has /dev/xen'
guest g1 'exit 7'
is $? 7 'the exit status crosses'
is "$(guest g1 'echo out; echo err >&2' 2>/dev/null)" out 'stdout and stderr stay apart'
is "$(guest g1 'sleep 100 & echo started')" started 'a child in the background is not waited for'
guest -t 3 g1 'exec sleep 123' 2>/dev/null
is $? 124 'a command that hangs is given up'
check 'and ended' wait_for 20 guest g1 '! ps | grep "[s]leep 123"'

start sleeper guest g1 'echo ready >&2; exec sleep 100'
kill "$started"
wait "$started"
is $? 143 'SIGTERM is passed on'

for i in 1 2 3 4; do
	for g in g1 g2; do
		guest $g "sleep 1; echo $g $i" >"$g.$i" &
	done
done
wait
is "$(cat g?.? | sort | xargs)" 'g1 1 g1 2 g1 3 g1 4 g2 1 g2 2 g2 3 g2 4' \
	'eight commands at once in two guests'

pid=$(guest_bg g2 'echo begun; exec sleep 100')
check 'guest_bg gives the process id' wait_for 20 guest g2 "grep -q sleep /proc/$pid/cmdline"
is "$(guest g2 "cat /tmp/bg.$pid")" begun 'and keeps the output'

head -c 100000 /dev/urandom >file
start=$(cut -d' ' -f1 /proc/uptime)
guest_put g1 file /tmp/file
guest_get g1 /tmp/file back
diag "100 kB there and back: $(cut -d' ' -f1 /proc/uptime | awk -v s="$start" '{ print $1 - s }') s"
check 'a file crosses both ways' cmp file back

start=$(cut -d' ' -f1 /proc/uptime)
for i in 1 2 3 4 5 6 7 8 9 10; do
	guest g1 true
done
diag "ten commands: $(cut -d' ' -f1 /proc/uptime | awk -v s="$start" '{ print $1 - s }') s"

# A netback vif through bridge and veth to the world.
uplink_setup
check 'a guest with a vif boots' guest_create v1 "$(vif_line 9)"
guest_net v1 9 eth0
check 'it pings the world' guest v1 ping -c 2 -W 5 10.77.0.1
check 'over IPv6 too' guest v1 ping6 -c 2 -W 5 fd77::1
check 'the world pings it' world ping -c 2 -W 5 10.77.1.9

# Save and restore, with a command under way.
before=$(guest_domid v1)
(guest v1 'sleep 8; echo survived; exit 5' >survivor; echo $? >>survivor) &
survivor=$!
sleep 1
check 'xl save' guest_save v1
is "$(guest_domid v1)" '' 'the guest is gone'
check 'xl restore' guest_restore v1
is "$(guest v1 'echo back')" back 'the guest takes commands again'
[ "$(guest_domid v1)" != "$before" ]
is $? 0 'as another domain'
wait $survivor
is "$(cat survivor)" "$(printf 'survived\n5')" 'the command under way went on'
check 'its vif pings the world again' wait_for 20 guest v1 ping -c 1 -W 2 10.77.0.1

check 'xl destroy' guest_destroy v1
is "$(guest_all | sort | xargs)" "$(guest_names)" 'only the standing guests are left'
done_testing
