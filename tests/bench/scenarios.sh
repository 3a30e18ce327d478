#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest, its agent or dmvl-back ends and comes back, or moves, in every way there is: is its device back by itself,
# after what time, with all that was set for it and with its TCP flows, and what is left over? The same script runs
# over xensim and on real Xen. Each line "# json {..}" of its output is a scenario; tests/bench/scenarios collects them,
# and scenarios.awk makes docs/scenarios.md of them. The last one is "# json end".
#
#   SCENARIO_KEYS='weight ..'   the keys that an operator may set
#   SCENARIO_GUEST=pvh          a guest of another type, on real Xen
#   SCENARIO_TWO=N              restores with two daemons
#   SCENARIO_FLOWS=N            of 50 times of one scenario, how many with TCP flows
#   SCENARIOS='restore ..'      these only
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

: "${SCENARIO_TWO:=200}" "${SCENARIO_FLOWS:=50}" "${SCENARIO_GUEST:=pv}" "${SCENARIOS:=}"
rate=$((SUITE_RATE / 4))
uuid=6fa459ea-ee8a-3ca4-894e-db77e160355e
words='weight=300 tx-min=100000 tx-max=7000000 rx-max=6000000 latency=low spoof-check=1 allowed-ip=10.77.1.9,10.77.1.10
	flood-rate=77 keep-balance=0 mac=00:16:3e:00:00:09'

# ---- What is looked at ----

# uptime: in hundredths of a second.
uptime_cs()
{
	read -r _up _ </proc/uptime
	echo "${_up%.*}${_up#*.}"
}

# settings NAME: all that an operator may set, of all its devices.
settings()
{
	for _id in $devices; do
		xenstore-ls "$(be "$1" "$_id")" 2>/dev/null | awk -v keys="$SCENARIO_KEYS" -v id="$_id" '
			{ value[$1] = substr($0, index($0, "=") + 2) }
			END {
				n = split(keys, key, " ")
				for (i = 1; i <= n; i++)
					print id, key[i], value[key[i]]
			}'
	done
}

whole()
{
	settings "$guest" >now
	cmp -s was now
}

# connections: how many there were so far, with all daemons.
connections()
{
	cat back.*.log 2>/dev/null | grep -c '/[0-9]*: connected'
}

# all_back: each device has a connection that is new, unless the event leaves it alone. What xenstore says is
# not enough: the states of a dead daemon or agent stay for a moment.
all_back()
{
	[ "$(connections)" -ge $((had + new)) ] || return 1
	for _id in $devices; do
		connected "$guest" "$_id" || return 1
	done
}

# leftovers: what a domain that is gone has left, and nothing else: nodes, zombies, files, and descriptors of the
# daemon. One line.
leftovers()
{
	for _domid in $(xenstore-list /local/domain/0/backend/dmvl 2>/dev/null); do
		xenstore-exists "/local/domain/$_domid/name" || echo "nodes of domain $_domid"
	done
	zombies | sed 's/^.*$/a zombie/'
	find /var/lib/dmvl -type f -name '*.new' | sed 's/^.*$/a file/'
	[ "$(back_fds)" -le "$fds" ] || echo "$(($(back_fds) - fds)) descriptors"
	console_clean "$guest" >/dev/null || echo 'a trace on the console'
}

nothing_left()
{
	[ -z "$(leftovers)" ]
}

# ---- TCP flows ----

# Two seconds of traffic each way.
flows_start()
{
	guest_net "$guest" 9
	talks "$guest"
	pipe_start "$guest" world 10.77.0.1 5001 $((rate / 4)) "-b $rate"
	pipe_start world "$guest" 10.77.1.9 5002 $((rate / 4)) "-b $rate"
	wait_for 60 pipe_past world 5001 10000
	wait_for 60 pipe_past "$guest" 5002 10000
}

flows_arrive()
{
	pipe_wait "$guest" world 5001 && pipe_wait world "$guest" 5002
}

# ---- A scenario ----

# chosen NAME: is it to be run?
chosen()
{
	[ -z "$SCENARIOS" ] || case " $SCENARIOS " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

back_or_broken()
{
	all_back || broken
}

# once WITH-FLOWS EVENT: one time of it; counts in $times, $back_ok, $whole_ok, $flows_ok, and a line of `seconds'.
# What the emulator broke does not count: its domain was restarted.
once()
{
	[ "$1" = no ] || flows_start
	had=$(connections) new=$(echo "$devices" | wc -w) ready='' faults=$(emulator_faults) could=yes
	"$2" >&2 || could=no
	_from=${ready:-$(uptime_cs)}
	wait_for 60 back_or_broken
	_to=$(uptime_cs)
	if broken; then
		repaired "$1"
		return
	fi
	times=$((times + 1))
	[ $could = yes ] || echo 'it could not be done' >>left
	if all_back; then
		echo $((_to - _from)) >>seconds
		back_ok=$((back_ok + 1))
	fi
	! wait_for 10 whole || whole_ok=$((whole_ok + 1))
	[ "$1" = no ] || ! flows_arrive || flows_ok=$((flows_ok + 1))
	wait_for 30 nothing_left || leftovers >>left
}

# repaired WITH-FLOWS
repaired()
{
	diag "the emulator has broken $guest"
	if [ "$1" = yes ]; then
		pipe_stop 5001
		pipe_stop 5002
	fi
	wait_for "$BENCH_BOOT" guest -t 20 "$guest" true
	had=$(connections)
	agent_start "$guest"
	wait_for 60 all_back
}

# scenario NAME TIMES WITH-FLOWS EVENT TEXT..: TIMES times, the first WITH-FLOWS of them with TCP flows. Ends early
# when a device was not back three times, since each of these takes a minute.
scenario()
{
	_scenario=$1 _most=$2 with=$3 _event=$4
	shift 4
	chosen "$_scenario" || return 0
	settings "$guest" >was
	fds=$(back_fds)
	: >seconds
	: >left
	times=0 back_ok=0 whole_ok=0 flows_ok=0
	while [ $times -lt "$_most" ] && [ $((times - back_ok)) -lt 3 ]; do
		_with=no
		[ $times -ge "$with" ] || _with=yes
		once $_with "$_event"
	done
	[ $times -gt "$with" ] || with=$times
	report "$_scenario" "$*"
}

# report NAME TEXT
report()
{
	_line=$(sort -n seconds | awk '{ s[NR] = $1 } END {
		printf "\"median\":%.2f,\"worst\":%.2f", s[int((NR + 1) / 2)] / 100, s[NR] / 100 }')
	_left=$(sort left | uniq -c | awk '{ n = $1; $1 = ""; printf "%s%s (%d)", sep, substr($0, 2), n; sep = ", " }')
	diag "json $(printf '{"scenario":"%s","text":"%s","times":%s,"back":%s,"whole":%s,"with":%s,"flows":%s,%s,"left":"%s"}' \
		"$1" "$2" "$times" "$back_ok" "$whole_ok" "$with" "$flows_ok" "$_line" "$_left")"
	is "$back_ok $whole_ok $(cat left)" "$times $times " "$2: $times times back by itself, with all that was set, and nothing left over"
	[ "$with" -eq 0 ] || is "$flows_ok" "$with" "$2: $with times its TCP flows go on"
}

# ---- Events; when one returns, all is there that the device needs. One that fails did not happen ----

e_reboot()
{
	guest_reboot && agent_start "$guest"
}

guest_reboot()
{
	if [ "$BENCH_DRIVER" = xen ]; then
		_again=$(guest_domid "$guest")
		xl reboot "$guest" && wait_for $((BENCH_BOOT + 60)) _another "$guest" "$_again"
	else
		guest_again "$guest" reboot
	fi
}

e_crash()
{
	guest_again "$guest" crash && agent_start "$guest"
}

e_create()
{
	guest_again "$guest" && agent_start "$guest"
}

# The configuration has no uuid=, so the new guest has another one; the policy names it.
e_name()
{
	guest_destroy "$guest" && guest_create "$guest" "$type" && agent_start "$guest"
}

e_restore()
{
	guest_save "$guest" && guest_restore "$guest"
}

back_kill()
{
	kill -9 "$back"
	wait "$back"
	: # that of a killed process is no success
}

# A connection of the daemon before does not count. Where nothing follows, seconds count from here: back_start waits
# for the daemon's first line.
starts()
{
	had=$(connections) ready=$(uptime_cs)
	back_start --tx-capacity "$SUITE_RATE" --policy "$PWD/policy.conf"
}

e_absent_before()
{
	back_kill && guest_save "$guest" && starts && guest_restore "$guest" && ready=
}

e_absent_during()
{
	back_stop && guest_save "$guest" && guest_restore "$guest" && starts
}

e_absent_after()
{
	guest_save "$guest" && guest_restore "$guest" && back_kill && starts
}

# Its nodes go, as they do with a xenstore that is new after a boot; so does what is in /run.
e_host()
{
	guest_save "$guest" && back_kill || return
	xenstore-rm /local/domain/0/backend/dmvl
	xenstore-rm /local/domain/0/data/dmvl
	rm -f /run/dmvl/*.policy
	guest_restore "$guest" && starts
}

# All that a boot of the host does to xenstore, in the order of a boot: there is no other guest.
e_store()
{
	guest_save "$guest" && back_kill && store_new || return
	rm -f /run/dmvl/*.policy
	starts && guest_restore "$guest" && ready=
}

store_new()
{
	for _daemon in xenconsoled xenstored; do
		_pid=$(cat /run/$_daemon.pid)
		kill -9 "$_pid"
		wait_for 10 ended "$_pid" || return
	done
	_outside "$XENSTORED" --pid-file /run/xenstored.pid && wait_for 20 xenstore-exists / &&
		no_node /local/domain/0/data/dmvl && _outside xen-init-dom0 &&
		_outside xenconsoled --log=guest --log-dir=/bench/log/console --pid-file=/run/xenconsoled.pid
}

e_migrate()
{
	_last=$(guest_domid "$guest")
	guest_migrate "$guest" && [ "$(guest_domid "$guest")" != "$_last" ]
}

# Its connection stays as it was.
e_rename()
{
	new=0
	case $guest in
	k1) _to=k9 ;;
	*) _to=k1 ;;
	esac
	guest_rename "$guest" $_to || return
	cp "agent.$guest" "agent.$_to"
	guest=$_to
}

guest_rename()
{
	if [ "$BENCH_DRIVER" = xen ]; then
		xl rename "$1" "$2"
	else
		xensim rename "$1" "$2"
	fi
}

# The domid of its last domain is another guest's, before its own device is back.
e_wrap()
{
	_last=$(guest_domid "$guest")
	guest_destroy "$guest"
	wait_for 20 no_node "/local/domain/0/backend/dmvl/$_last"
	xensim next "$_last"
	guest_create x1
	xensim next 32751
	guest_create "$guest" "uuid=\"$uuid\""
	agent_start "$guest"
	guest_save "$guest"
	guest_restore "$guest"
	[ "$(guest_domid x1)" = "$_last" ] || echo 'the domid is not used again' >>left
	[ "$(guest_domid "$guest")" -lt 32751 ] || echo 'domids do not begin again' >>left
	no_node "$(be x1)" || echo 'another guest has its device' >>left
	guest_destroy x1
}

e_agent()
{
	agent_kill 9 "$guest" && agent_start "$guest"
}

e_backend()
{
	back_kill && starts
}

# ---- All of them ----

type='#'
[ "$SCENARIO_GUEST" = pv ] || type="type=\"$SCENARIO_GUEST\""
uplink_setup
printf '[k2]\nweight = 200\ntx-max = 6000000\n' >policy.conf
starts
guest=k1 devices=0
check 'the guest is created' guest_create k1 "$type" "uuid=\"$uuid\"" 'on_crash="restart"' 'on_reboot="restart"'
# shellcheck disable=SC2086
ldp k1 9 $words
talks k1

scenario reboot 3 0 e_reboot 'xl reboot'
scenario crash 3 0 e_crash 'crash, on_crash=restart'
scenario create 3 0 e_create 'destroyed, and created with the same UUID'
scenario restore 8 8 e_restore 'saved and restored'
scenario absent-before 3 3 e_absent_before 'restored; dmvl-back is killed before the save, and starts before the restore'
scenario absent-during 3 3 e_absent_during 'restored; dmvl-back ended in order before, and starts after'
scenario absent-after 3 3 e_absent_after 'restored; dmvl-back is killed right after'
scenario host 3 3 e_host 'restored where xenstore has no node of dmvl, as after a boot of the host'
# Commands reach a guest of real Xen over xenstore, and a flow is one.
[ "$BENCH_DRIVER" = xensim ] || scenario store 3 0 e_store 'restored with a new xenstored, as after a boot of the host'
# Debian's Xen cannot migrate paravirtual guests.
[ "$BENCH_DRIVER$SCENARIO_GUEST" = xenpv ] || scenario migrate 10 10 e_migrate 'live migration to the same host'
scenario rename 4 4 e_rename renamed
scenario agent 50 "$SCENARIO_FLOWS" e_agent 'the agent killed (-9)'
scenario backend 50 "$SCENARIO_FLOWS" e_backend 'dmvl-back killed (-9)'
[ "$BENCH_DRIVER" = xen ] || scenario wrap 3 0 e_wrap 'domids begin again after 32751, and its old one is given to another guest'

# A guest with a device on each of two uplinks.
second_start()
{
	ip link add xenbr1 type bridge
	ip link set xenbr1 up
	dmvl-back -n second --uplink tap:dmvl-up2,bridge=xenbr1 --tx-capacity 50mbit --log-level debug 2>back.second.log &
	second=$!
	wait_for 30 grep -q 'version .*: uplink' back.second.log
	dmvlctl attach "$guest/1" uplink=second weight=77 rx-max=6000000 mtu=1400 vlan=5 >&2
	guest_bg "$guest" "exec dmvl-front -i 1 --ifname dmvl1 2>>/run/front1.log" >&2
	devices='0 1'
	had=0 new=0
	wait_for 60 all_back
}
if chosen two; then
	check 'the second device connects' second_start
	scenario two "$SCENARIO_TWO" 0 e_restore 'saved and restored, a device on each of two uplinks'
	dmvlctl detach "$guest/1" >&2
	kill "$second"
fi

# One that the policy names, and whose configuration has no UUID.
guest_destroy "$guest"
guest=k2 devices=0
if chosen name; then
	check 'the guest of the policy is created' guest_create k2 "$type"
	agent_start "$guest"
	wait_for 60 connected k2
	SCENARIO_KEYS=$(echo " $SCENARIO_KEYS " | sed 's/ mac / /') # made from the UUID
	scenario name 3 0 e_name 'destroyed, and created without a UUID; the policy names it'
fi
back_stop
diag 'json end'
done_testing
