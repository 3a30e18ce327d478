#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# SIGHUP, which a lost terminal sends too, has dmvl-back read all settings again; SIGUSR1 has it
# report. Neither ends it nor disturbs its frames.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1' 'g2 2'
talks g1

# logs PATTERN: dmvl-back logs such a line within some seconds.
logs()
{
	wait_for 30 grep -qE "$1" "$_log"
}

pipe_start g1 world 10.77.0.1 5001 1000000 "-b $SUITE_RATE"
check 'a file is under way' wait_for 60 pipe_past world 5001 50000
kill -HUP "$back"
kill -USR1 "$back"
check 'SIGHUP logs what is read again' logs 'reload: .* read again'
check 'SIGUSR1 reports the capacity of the uplink' logs 'uplink dmvl-up: capacity=[0-9]+ estimate=[0-9]+'
check 'SIGUSR1 reports malformed frames of the uplink' logs 'uplink dmvl-up: .* malformed=[0-9]+'
check 'SIGUSR1 reports the counters of a device' logs "$(guest_domid g1)/0: tx frames=[1-9][0-9]* bytes="
check 'a file that is under way during both signals arrives whole' pipe_wait g1 world 5001

for _ in 1 2 3 4 5 6 7 8 9 10; do
	kill -HUP "$back"
done
xenstore-write "$(be g2)/tx-max" nonsense
kill -HUP "$back"
check 'a malformed value is named after a reload' wait_for 30 key_like "$(be g2)/error" "*tx-max*"
xenstore-write "$(be g2)/tx-max" 0
kill -HUP "$back"
check 'the error of a mended value is gone after a reload' wait_for 30 key_is "$(be g2)/error" ''
check 'the first device stays connected over ten reloads' connected g1
check 'the second device stays connected over ten reloads' connected g2
check 'a guest pings the world after ten reloads' talks g2
back_stop
is $? 0 'dmvl-back ends well after its signals'
done_testing
