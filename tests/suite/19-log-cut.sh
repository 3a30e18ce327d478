#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What is done to the files of the run directory: logs removed, cut, without room; links in their place.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

run=$PWD/files
tx=$run/default.tx.log rx=$run/default.rx.log
log_size=$((4096 + 4194304))

# is_log FILE: a log of full size that this daemon's accounts are in.
is_log()
{
	[ "$(stat -c %s "$1")" = $log_size ] && head -c 7 "$1" | grep -q DMVLLOG
}

# fresh N FILE: a log is at FILE, and the daemon has told of it N times.
fresh()
{
	is_log "$2" && [ "$(grep -c "$2 was cut, removed or replaced" back.1.log)" = "$1" ]
}

well()
{
	kill -0 "$back" && dmvlctl check
}

mkdir "$run"
mount -t tmpfs -o size=40m none "$run" || skip_all 'no tmpfs can be mounted'
uplink_setup
back_start --run-dir "$run"
ldps 'g1 1' 'g2 2'
talks g1
# Epochs go on while there is traffic, and the logs are looked after in them.
for name in g1 g2; do
	guest_bg $name 'while :; do ping -c 1 -W 1 10.77.0.1; sleep 0.1; done' >&2
done
dmvlctl log --follow >follow.out 2>follow.err &
reader=$!
check 'dmvlctl log --follow has the log' wait_for 30 grep -q "$tx" "/proc/$reader/maps"
check 'there are logs' wait_for 30 is_log "$tx"
rm "$tx"
check 'a log that was removed is made again' wait_for 30 fresh 1 "$tx"
: >"$tx"
check 'a log that was cut to nothing is made again' wait_for 30 fresh 2 "$tx"
: >"$rx"
check 'the log of reception that was cut to nothing is made again' wait_for 30 fresh 1 "$rx"
truncate -s 5000 "$tx"
check 'a log that was cut within is made again' wait_for 30 fresh 3 "$tx"
truncate -s 0 "$tx"
truncate -s $log_size "$tx"
check 'a log that became a hole is made again' wait_for 30 fresh 4 "$tx"
cp "$tx" "$run/copy" && mv "$run/copy" "$tx"
check 'a log that another file replaced is made again' wait_for 30 fresh 5 "$tx"
check 'check finds no fault when the logs were made again' well
check 'dmvlctl log --follow lives on' kill -0 $reader
check 'dmvlctl log --follow reads the fresh log' wait_for 30 grep -q 'is a fresh log' follow.err
check 'dmvlctl log reads the fresh log' dmvlctl log g1

# No room: the file is a hole again, and the rest of the file system is full. The daemon stands still meanwhile,
# or it might make a fresh log before all room is taken.
kill -STOP "$back"
truncate -s 0 "$tx"
truncate -s $log_size "$tx"
head -c 100000000 /dev/zero >"$run/full" 2>/dev/null
kill -CONT "$back"
check 'without room for the log the uplink says so' wait_for 30 key_like "$uplink/error" '*no credit log*space*'
check 'without room for the log the guests go on' talks g1
like "$(dmvlctl check 2>&1)" '*no credit log*' 'check tells that there is no log'
rm "$run/full"
check 'when there is room again the error is cleared' wait_for 30 key_is "$uplink/error" ''
check 'when there is room again the log is made again' wait_for 30 is_log "$tx"
check 'check finds no fault when there is room again' well
kill $reader
back_stop
is $? 0 'dmvl-back ends with status 0'

rm "$run/default.lock"
ln -s "$run/elsewhere" "$run/default.lock"
dmvl-back --run-dir "$run" --uplink tap:dmvl-up,bridge=xenbr0 2>lock.err
is $? 2 'a lock file that is a symbolic link is refused'
like "$(cat lock.err)" "*$run/default.lock is a symbolic link*" 'the refusal names the link'
check 'the link was not followed' [ ! -e "$run/elsewhere" ]
rm "$run/default.lock" "$tx"
ln -s "$run/elsewhere" "$tx"
back_start --run-dir "$run"
check 'a log is made in the place of a link' is_log "$tx"
check 'the link of the log was not followed' [ ! -e "$run/elsewhere" ]
back_stop
umount "$run"
done_testing
