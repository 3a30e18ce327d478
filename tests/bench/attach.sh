#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All guests of this instance attach to one backend: how long it takes, and what one notices that is
# attached already.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/hostile/many.sh
. "$SUITE_TOP/tests/hostile/many.sh"

steps='50 100 150 200'

# steady CASE: a thousand datagrams a second of g1's to the world, until steady_end.
steady()
{
	start "gap.$1" world chrt -f 1 dmvl-gap recv 5010
	receiver=$started
	in-guest g1 chrt -f 1 dmvl-gap send 10.77.0.1 5010 -w 600 2>sender.err &
	sender=$!
	# From a while later on: what the first one meets is the network's beginning.
	begun=$1
}

steady_end()
{
	kill $sender "$receiver"
	wait $sender "$receiver"
	for pair in $(cat "gap.$begun.out"); do
		metric '200 guests' "$begun" "${pair%%=*}" "${pair#*=}" \
			"$(case $pair in *max*) echo us ;; *) echo 1 ;; esac)"
	done
	diag "$begun: $(cat "gap.$begun.out")"
}

# uptime in seconds, in $up, without a process.
clock()
{
	read -r up _ </proc/uptime
}

# When the Nth device was connected, as the log says it.
connects_read()
{
	n=0
	while read -r line; do
		case $line in *': connected') ;; *) continue ;; esac
		n=$((n + 1))
		case " $steps " in *" $n "*) clock && echo "$n $up" ;; esac
	done
}

connects_watch()
{
	mkfifo log.fifo
	tail -n 0 -f "back.$_starts.log" >log.fifo &
	tail=$!
	connects_read <log.fifo >connects.out &
}

since_t0()
{
	echo "$1 $t0" | awk '{ print $1 - $2 }'
}

uplink_setup
back_start --log-level info --tx-capacity 1gbit
# shellcheck disable=SC2046
set -- $(guest_names)
shift
many_agents "$@" || bail 'all agents wait for their devices'
ldp g1 1
talks g1
# A guest, and whoever it talks to, has processors of its own; here all share those of this machine.
guest g1 chrt -a -f -p 1 "$(cat agent.g1)" || bail 'g1 gets its processor'

steady control
control_s=8
clock
end=$((${up%.*} + control_s))
wait_for $((control_s + 2)) sh -c "[ \$(cut -d. -f1 /proc/uptime) -ge $end ]"
steady_end

connects_watch
steady attach
clock
t0=$up
# By their numbers, as a toolstack does it.
# shellcheck disable=SC2046
many_attach $(xensim list | awk '$1 > 1 { print $1 }') || bail 'all are attached'
clock
metric '200 guests' attach dmvlctl-time "$(since_t0 "$up")" s
check 'all connect' wait_for 100 all_connected $(($# + 1))
steady_end
kill $tail
while read -r n up; do
	metric "$n guests" attach time "$(since_t0 "$up")" s
	diag "$n guests connected after $(since_t0 "$up") s"
done <connects.out
is "$(wc -l <connects.out)" 4 'as the log says too'
metric '200 guests' attach nodes-each \
	"$(xenstore-ls -f "/local/domain/$(guest_domid g2)/device/dmvl" | wc -l)" 1
metric '200 guests' attach memory "$(rss)" KiB
clock
t0=$up
back_stop
is $? 0 'dmvl-back ends well'
clock
metric '200 guests' end time "$(since_t0 "$up")" s
diag "dmvl-back ended within $(since_t0 "$up") s, $(count_closed) of $(($# + 1)) devices closed"
is "$(reports)" 0 'no sanitizer has anything to report'
done_testing
