#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xen
# set: rest
# other: yes
# The bench itself: real Xen, guests that take commands, netback as a known good path, restore.
# shellcheck source=tests/xen/lib.sh
. /bench/lib.sh

like "$(xl info)" "*xen_version*: $BENCH_XEN.*" "the hypervisor is Xen, of the release's version"
is "$(cat /sys/hypervisor/type)" xen "the kernel of Dom0 runs on Xen"

# Commands in guests.
is "$(guest g1 uname -s)" Linux 'g1 answers to a command'
is "$(guest g2 'cat /sys/hypervisor/type; test -c /dev/xen/gntalloc && echo gntalloc')" \
	"$(printf 'xen\ngntalloc')" 'g2 answers and has /dev/xen'
guest g1 'exit 7'
is $? 7 "the exit status of a guest's command is passed on"
is "$(guest g1 'echo out; echo err >&2' 2>/dev/null)" out "stdout and stderr of a guest's command stay apart"
is "$(guest g1 'sleep 100 & echo started')" started 'a child in the background is not waited for'
guest -t 3 g1 'exec sleep 123' 2>/dev/null
is $? 124 'a command that hangs is given up'
check 'a command that is given up ends in the guest' wait_for 20 guest g1 '! ps | grep "[s]leep 123"'

start sleeper guest g1 'echo ready >&2; exec sleep 100'
kill "$started"
wait "$started"
is $? 143 "SIGTERM is passed on to a guest's command"

for i in 1 2 3 4; do
	for g in g1 g2; do
		guest $g "sleep 1; echo $g $i" >"$g.$i" &
	done
done
wait
is "$(cat g?.? | sort | xargs)" 'g1 1 g1 2 g1 3 g1 4 g2 1 g2 2 g2 3 g2 4' \
	'eight commands run at once in two guests'

pid=$(guest_bg g2 'echo begun; exec sleep 100')
check 'guest_bg gives the process id' wait_for 20 guest g2 "grep -q sleep /proc/$pid/cmdline"
is "$(guest g2 "cat /tmp/bg.$pid")" begun "guest_bg keeps the command's output"

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
check 'a guest with a vif pings the world' guest v1 ping -c 2 -W 5 10.77.0.1
check 'a guest with a vif pings the world over IPv6' guest v1 ping6 -c 2 -W 5 fd77::1
check 'the world pings a guest with a vif' world ping -c 2 -W 5 10.77.1.9

# Save and restore, with a command under way.
before=$(guest_domid v1)
(guest v1 'sleep 8; echo survived; exit 5' >survivor; echo $? >>survivor) &
survivor=$!
sleep 1
check 'xl save of a guest succeeds' guest_save v1
is "$(guest_domid v1)" '' 'a saved guest is gone'
check 'xl restore of a guest succeeds' guest_restore v1
is "$(guest v1 'echo back')" back 'a restored guest takes commands'
[ "$(guest_domid v1)" != "$before" ]
is $? 0 'a restored guest is another domain'
wait $survivor
is "$(cat survivor)" "$(printf 'survived\n5')" 'a command under way goes on over save and restore'
check 'a restored guest with a vif pings the world' wait_for 20 guest v1 ping -c 1 -W 2 10.77.0.1

check 'xl destroy of a guest succeeds' guest_destroy v1
is "$(guest_all | sort | xargs)" "$(guest_names)" 'only the standing guests are left at the end'
done_testing
