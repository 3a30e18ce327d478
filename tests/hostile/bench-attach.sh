#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All guests of this instance attach to one backend: how long it takes, and what one notices that is
# attached already. Then agents are killed and their devices attached anew, a thousand times.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/hostile/many.sh
. "$SUITE_TOP/tests/hostile/many.sh"

steps='50 100 150 200'
cycles=${CYCLES:-1000}
workers=4

# steady CASE: a thousand datagrams a second of g1's to the world, until steady_end.
steady()
{
	start "gap.$1" world dmvl-gap recv 5010
	receiver=$started
	in-guest g1 dmvl-gap send 10.77.0.1 5010 -w 600 2>sender.err &
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
many_attach "$@" || bail 'all are attached'
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
many_end
agent_kill TERM g1
for g in $(guest_names); do
	dmvlctl detach "$g" --timeout 5s || break
done >&2

# Killed and attached anew, with nothing else at the backend.
each=$((cycles / workers))
work()
{
	for w in $(seq 2 $((workers + 1))); do
		cycles "$1" "g$w" "$(guest_domid "g$w")" &
		eval "work$w=$!"
	done
	for w in $(seq 2 $((workers + 1))); do
		eval "wait \$work$w" || return 1
	done
}

offered()
{
	for w in $(seq 2 $((workers + 1))); do
		key_is "$(be "g$w")/state" 2 || return 1
	done
}

same()
{
	holdings >after
	diff before after
}

for w in $(seq 2 $((workers + 1))); do
	dmvlctl attach "g$w" >&2
done
check 'the first times' work $((each / 10 + 1))
wait_for 10 offered
holdings >before
memory=$(rss)
check "$((each * workers)) times killed and attached anew" work $each
wait_for 10 offered
check 'nothing is left behind' wait_for 10 same
while read -r what count; do
	metric "$cycles cycles" before "$what" "$(echo "$count" | tr -dc 0-9)" 1
done <before
while read -r what count; do
	metric "$cycles cycles" after "$what" "$(echo "$count" | tr -dc 0-9)" 1
done <after
metric "$cycles cycles" before memory "$memory" KiB
metric "$cycles cycles" after memory "$(rss)" KiB
diag "memory: $memory KiB before, $(rss) KiB after"
back_stop
is $? 0 'dmvl-back ends well'
is "$(reports)" 0 'no sanitizer has anything to report'
done_testing
