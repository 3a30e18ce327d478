#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# xenstored ends in the middle of a command of dmvlctl, at each of its requests: the command ends too, with one
# error, or it had come to its end. It never says that something is missing which it could not read.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'the socket of xenstored is played here'

# relay_start REQUESTS: it ends at the request behind these.
relay_start()
{
	rm -f relay.err
	dmvl-sock relay "$PWD/xs" /run/xenstored/socket "$1" 2>relay.err &
	relay=$!
	wait_for 30 grep -q ready relay.err
}

relay_stop()
{
	kill -9 "$relay" 2>/dev/null
	wait "$relay" 2>/dev/null
}

# ended STATUS: did the command whose output is in out and err end as it should?
ended()
{
	[ "$1" = 1 ] && [ "$(grep -c 'dmvlctl: error: ' err)" = 1 ] &&
		grep -q 'dmvlctl: error: xenstored went away before the command had come to its end' err &&
		! grep -q -e 'no dmvl-back runs' -e 'has ended' err
}

# cut_all COMMAND..: cuts it off at each request; in `bad` what went wrong, in `cuts` how often it was cut off.
cut_all()
{
	n=0 cuts=0 bad=
	while [ $n -lt 200 ]; do
		[ -z "$before" ] || $before >/dev/null 2>&1
		relay_start $n
		XENSTORED_PATH=$PWD/xs timeout 30 dmvlctl "$@" >out 2>err
		status=$?
		relay_stop
		grep -q ended relay.err || break
		cuts=$((cuts + 1))
		# The first one is that with which a command looks whether there is a xenstored.
		[ $n -eq 0 ] || ended $status || bad="$bad$n: status $status: $(cat err); "
		n=$((n + 1))
	done
}

# cut NAME COMMAND..
cut()
{
	name=$1
	shift
	cut_all "$@"
	is "$bad" '' "$name is cut off at each of its requests, and says so"
	[ $cuts -gt 2 ] || status="$status, cut off $cuts times"
	is "$status$([ "$status" = 0 ] || cat err)" 0 "$name comes to its end where nothing cuts it off"
}

# A detach that was cut off may be under way: another one waits for its end.
attached()
{
	dmvlctl detach p1
	dmvlctl attach p1
}

uplink_setup
back_start --tx-capacity 100mbit
ldp g1 1
check 'p1 is created' guest_create p1
before=
cut 'dmvlctl list' list
cut 'dmvlctl show' show g1
cut 'dmvlctl uplinks' uplinks
cut 'dmvlctl groups' groups
cut 'dmvlctl saved' saved
cut 'dmvlctl set' set g1 weight=300
cut 'dmvlctl uplink' uplink default host-weight=200
cut 'dmvlctl group' group acme weight=5
cut 'dmvlctl admit' admit tx-min=1mbit
cut 'dmvlctl export' export g1
cut 'dmvlctl stat' stat
cut 'dmvlctl top' top --batch
before='dmvlctl detach p1'
cut 'dmvlctl attach' attach p1 weight=5
before=attached
cut 'dmvlctl detach' detach p1
back_stop
done_testing
