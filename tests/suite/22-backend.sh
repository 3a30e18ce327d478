#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# dmvl-back ended, killed and started again: TCP connections live on.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1 weight=300' 'g2 2'
talks g1
check 'guest to guest' wait_for 30 reaches g1 10.77.1.2

# Of each thread of dmvl-back, the frame loop's first: 2 is SCHED_RR, 0 the default.
policies()
{
	for _task in "/proc/$back/task"/*; do
		awk '{ print $41 }' "$_task/stat"
	done | tr '\n' ' '
}

# It looks at itself when frames come.
realtime()
{
	reaches g1 10.77.1.2
	policies | grep -qxE '2 (0 )+'
}

if grep -q 'no real-time priority' "back.$_starts.log"; then
	skip 'not permitted here' 'real-time frame loop'
else
	check 'an idle frame loop is real-time, what writes xenstore is not' wait_for 30 realtime
fi

# again DESCRIPTION SIGNAL: with a file under way to the world and one between guests.
again()
{
	pipe_start g1 world 10.77.0.1 5001 1500000 '-b 3000000'
	pipe_start g1 g2 10.77.1.2 5002 1500000 '-b 3000000'
	check "$1: a file is under way" wait_for 30 pipe_past world 5001 50000
	check "$1: and one between guests" wait_for 30 pipe_past g2 5002 50000
	kill "-$2" "$back"
	check "$1: it ends" wait_for 20 ended "$back"
	wait "$back"
	status=$?
	if [ "$2" != 9 ]; then
		is $status 0 "$1: status 0"
		is "$(xenstore-read "$(be g1)/state") $(xenstore-read "$(be g2)/state")" '6 6' "$1: it has closed its side"
	fi
	check "$1: it starts again" back_start
	check "$1: g1 connects" wait_for 60 connected g1
	check "$1: g2 connects" wait_for 60 connected g2
	check "$1: the file arrives whole" pipe_wait g1 world 5001
	check "$1: the other too" pipe_wait g1 g2 5002
	is "$(xenstore-read "$(be g1)/weight")" 300 "$1: the weight is kept"
}
again 'SIGTERM' TERM
again 'kill -9' 9
again 'kill -9 once more' 9
is "$(xenstore-read "$(be g1)/error" 2>/dev/null)" '' 'no error'

# TCP would make up for what is lost. Here nobody does: what waits in a ring is sent to the next one.
start held world dmvl-frames recv -i world0 -m 1 -u 40 -w 200
hold_frames g1 1
kill -9 "$back"
wait "$back"
xenstore-write "$uplink/tx-capacity" 0
back_start
check 'killed with frames in the ring: g1 connects' wait_for 60 connected g1
wait "$started"
like "$(cat held.out)" '* unique=40' 'no frame is lost'

# A second instance of the same name is refused, and harms nothing.
dmvl-back --uplink tap:dmvl-up2,bridge=xenbr0 2>err
is $? 2 'a second one of this name is refused'
is "$(wc -l <err)" 1 'in one line'
check 'the first goes on' talks g1
back_stop
done_testing
