#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sixteen guests on a healthy host for $CHURN_SECONDS, while all that happens on a host happens: guests are created,
# destroyed, rebooted, saved, restored and migrated, agents and dmvl-back started again, settings changed. Does
# dmvlctl check, each second, find anything? Run by tests/bench/run.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

# With these guests nothing happens but that they send; with the others everything does.
senders='g9 g10 g11 g12'
kinds='create weight agent-stopped agent-killed group destroy attach save reboot migrate policy uplink daemon crash idle'

back_again()
{
	back_start --log-level info --policy "$PWD/policy/policy.conf"
}

agent_again_in()
{
	agent_kill "$1" "$2"
	wait_for 30 agent_gone "$2" && agent_start "$2" && wait_for 60 connected "$2"
}

# change KIND N: one change of the host; it ends when all guests that it was about talk to dmvl-back again.
change()
{
	case $1 in
	create) guest_create "c$2" && dmvlctl attach "c$2" && agent_start "c$2" && wait_for 60 connected "c$2" && last=c$2 ;;
	weight) dmvlctl set g1 weight=$((100 + $2 % 900)) tx-max="$((10 + $2 % 90))mbit" ;;
	agent-stopped) agent_again_in TERM g2 ;;
	agent-killed) agent_again_in KILL g3 ;;
	group) dmvlctl group acme weight=$((100 + $2 % 900)) && dmvlctl set g4 group=acme ;;
	destroy) guest_destroy "$last" ;;
	attach) dmvlctl detach g16 --timeout 60s && dmvlctl attach g16 weight=300 && wait_for 60 connected g16 ;;
	save) guest_save g5 && guest_restore g5 && wait_for 60 connected g5 ;;
	reboot) guest_again g6 reboot && agent_start g6 && wait_for 60 connected g6 ;;
	migrate) guest_migrate g7 && wait_for 60 connected g7 ;;
	policy) dmvlctl set --save g13 weight=$((100 + $2 % 900)) ;;
	uplink) dmvlctl uplink default tx-capacity="$((1 + $2 % 9))gbit" ;;
	daemon) back_stop && back_again && all_connected ;;
	crash) guest_again g8 crash && agent_start g8 && wait_for 60 connected g8 ;;
	esac >&2
}

# churn: $changes and $failed count. The kind of the change that is under way is in the file change.
churn()
{
	while [ "$(up)" -lt "$end" ]; do
		for _kind in $kinds; do
			echo "$changes $_kind" >change
			change "$_kind" $changes || { diag "failed: change $changes, $_kind"; failed=$((failed + 1)); }
			changes=$((changes + 1))
			sleep "$CHURN_PAUSE"
		done
	done
}

# look: dmvlctl check again and again, until the file churning is gone; what it finds goes to findings.
look()
{
	: >findings
	while [ -e churning ]; do
		dmvlctl check >found 2>&1 || echo "status $?" >>found
		sed "s/^/$(date +%T) change $(cat change): /" found >>findings
		echo >>looks
		sleep 1
	done
}

up()
{
	cut -d. -f1 /proc/uptime
}

_all_connected()
{
	for _guest in $(guest_names); do
		connected "$_guest" || return 1
	done
}

all_connected()
{
	wait_for 120 _all_connected
}

uplink_setup
mkdir policy
: >policy/policy.conf
back_again
agent_options='--log-level info'
for guest in $(guest_names); do
	dmvlctl attach "$guest" >&2 || bail "attach $guest"
	agent_start "$guest"
done
check 'sixteen guests are connected' all_connected
start sink world dmvl-flow sink 5001 -I 10
index=0
for guest in $senders; do
	index=$((index + 1))
	guest_net "$guest" $index >&2
	sends "$guest" udp -w $((CHURN_SECONDS + 600)) -b 200000
done
check 'dmvlctl check finds nothing at the beginning' dmvlctl check

: >churning
echo '0 none' >change
look &
looker=$!
changes=0 failed=0 end=$(($(up) + CHURN_SECONDS))
churn
rm churning
wait $looker
looks=$(wc -l <looks) findings=$(wc -l <findings)
cat findings
diag "$looks checks, $findings findings, $changes changes, $failed of them failed, in $CHURN_SECONDS s"
is "$findings" 0 'dmvlctl check finds nothing on a healthy host'
is $failed 0 'each change of the host succeeds'
between "$looks" $((CHURN_SECONDS / 10)) 1000000 'dmvlctl check looked again and again'
check 'sixteen guests are connected at the end' all_connected
check 'dmvlctl check finds nothing at the end' dmvlctl check
metric churn '16 guests' checks "$looks" 1
metric churn '16 guests' findings "$findings" 1
metric churn '16 guests' changes $changes 1
metric churn '16 guests' failed-changes $failed 1
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
