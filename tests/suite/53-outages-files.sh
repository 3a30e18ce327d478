#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# The files of a dmvl-back that runs are deleted, as a clean-up of /run does: dmvlctl check finds it, as in 53-outages,
# and no command says that the daemon does not run.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/suite/lib-outages.sh
. "$(dirname "$SUITE_LIB")/lib-outages.sh"

# says STATUS TEXT WORD..: what dmvlctl ends with and prints.
says()
{
	_status=$1 _text=$2
	shift 2
	dmvlctl "$@" >out 2>&1
	is $? "$_status" "dmvlctl $1 ends with $_status when $deleted"
	like "$(cat out)" "*$_text*" "dmvlctl $1 is right when $deleted"
}

outages_setup

deleted='the files of dmvl-back were deleted'
rm -r /run/dmvl/*
check 'dmvl-back makes its credit log again' wait_for 30 test -e /run/dmvl/default.tx.log
says 0 'g1/0 *connected' list
says 0 'dmvl-back: running' uplink default
says 1 'default.capture was deleted: dmvlctl check says what to do' capture g1 --for 1s
says 1 'the dmvl-back of uplink default is running: stop it first' forget-uplink default
says 0 '' set g1 weight=300
is "$(cat out)" '' 'dmvlctl set waits for the answer of a dmvl-back whose files were deleted'
outage 'files of dmvl-back that were deleted' 'default: its dmvl-back runs, and its files in /run/dmvl were deleted, default.lock among them'
check 'g1 pings the world after dmvl-back was started again' talks g1
rm /run/dmvl/default.capture
outage 'a deleted socket for captures' 'default: its dmvl-back runs, .* in /run/dmvl were deleted, default.capture among them'

deleted='the directory of dmvl-back was deleted'
rm -r /run/dmvl
check 'dmvl-back says that it has no credit log' wait_for 30 no_node "$uplink/log-path"
says 0 'g1/0 *connected' list
says 1 'there are no statistics: dmvlctl check says what to do' stat
says 1 'nothing is recorded: dmvlctl check says what to do' report
says 1 'no uplink has a credit log: dmvlctl check says why' log
says 1 'the dmvl-back of uplink default is running: stop it first' forget-uplink default
outage 'a directory of dmvl-back that was deleted' 'default: its dmvl-back runs, and its files in /run/dmvl were deleted, default.lock among them'
check 'dmvlctl stat has numbers again after what dmvlctl check said' wait_for 30 dmvlctl stat

back_stop
done_testing
