#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvl-back ended, killed and started again: TCP connections live on.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1 weight=300' 'g2 2'
talks g1
check 'g1 pings g2 over IPv4' wait_for 30 reaches g1 10.77.1.2

# Of each thread of dmvl-back, the frame loop's first: 1 and 2 are real-time. The others have what these tests run with.
# Threads are sorted as text, so 100 goes before 99.
policies()
{
	policy "$back"
	for _task in "/proc/$back/task"/*; do
		[ "${_task##*/}" = "$back" ] || policy "${_task##*/}"
	done
}

# policy THREAD
policy()
{
	awk '{ printf "%s ", $41 }' "/proc/$back/task/$1/stat"
}

# The frame loop chooses its priority while it runs: frames must come.
realtime()
{
	reaches g1 10.77.1.2
	policies | grep -qxE '2 ([^12] )+'
}

if grep -q 'no real-time priority' "back.$_starts.log"; then
	skip 'not permitted here' 'an idle frame loop is real-time, what writes xenstore is not'
else
	check 'an idle frame loop is real-time, what writes xenstore is not' wait_for 30 realtime
fi

noticed()
{
	[ "$(xenstore-read "$(fe g1)/state")" != 4 ]
}

# again HOW SIGNAL: with a file under way to the world and one between guests.
again()
{
	pipe_start g1 world 10.77.0.1 5001 1500000 '-b 3000000'
	pipe_start g1 g2 10.77.1.2 5002 1500000 '-b 3000000'
	check "before $1 a file to the world is under way" wait_for 30 pipe_past world 5001 50000
	check "before $1 a file between guests is under way" wait_for 30 pipe_past g2 5002 50000
	kill "-$2" "$back"
	check "$1 ends dmvl-back in time" wait_for 20 ended "$back"
	wait "$back"
	status=$?
	if [ "$2" != 9 ]; then
		is $status 0 "$1 gives exit status 0"
		is "$(xenstore-read "$(be g1)/state") $(xenstore-read "$(be g2)/state")" '6 6' "$1 closes the backend's side of both devices"
	fi
	check "the agent of g1 notices $1" wait_for 20 noticed
	is "$(xenstore-read "$(fe g1)/error" 2>/dev/null)" '' "the agent of g1 calls $1 no error of its own"
	check "dmvl-back starts after $1" back_start
	check "g1 connects after $1" wait_for 60 connected g1
	check "g2 connects after $1" wait_for 60 connected g2
	check "a file to the world arrives whole over $1" pipe_wait g1 world 5001
	check "a file between guests arrives whole over $1" pipe_wait g1 g2 5002
	is "$(xenstore-read "$(be g1)/weight")" 300 "the weight of g1 stays over $1"
}
again 'SIGTERM' TERM
again 'kill -9' 9
again 'a second kill -9' 9
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'restarts of dmvl-back are no error of g1'

# TCP would make up for a loss; here nothing does. What waits in a ring is sent to the next dmvl-back. CoDel would drop
# some of what waits behind the ring.
agent_again g1 1 --flows 0
start held world dmvl-frames recv -i world0 -m 1 -u 40 -w 200
hold_frames g1 1
kill -9 "$back"
wait "$back"
xenstore-write "$uplink/tx-capacity" 0
back_start
check 'g1 connects when dmvl-back was killed with frames in the ring' wait_for 60 connected g1
wait "$started"
like "$(cat held.out)" '* unique=40' 'no frame in the ring is lost over kill -9 of dmvl-back'

# A second instance of the same name is refused, and harms nothing.
dmvl-back --uplink tap:dmvl-up2,bridge=xenbr0 2>err
is $? 2 'a second dmvl-back of the same name ends with status 2'
is "$(wc -l <err)" 1 'a second dmvl-back of the same name prints one line'
check 'the first dmvl-back works on when a second is refused' talks g1
lock=$(dirname "$(xenstore-read "$uplink/log-path")")/default.lock
back_stop
# Who looks goes when dmvl-back has opened the lock, too.
start looker flock -s "$lock" sh -c 'exec 3>&-; echo ready >&2
	until [ "$(ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c "$1")" -gt 1 ]; do :; done' sh "$lock"
check 'dmvl-back starts while somebody looks at its lock' back_start
back_stop
done_testing
