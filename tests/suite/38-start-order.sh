#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvl-back is started before what it needs: it waits, says for what, and serves when all is there.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# begin NAME OPTION..: a dmvl-back whose log is NAME.log.
begin()
{
	_log=$1.log
	shift
	: >notify.out
	env ${xs_path:+"XENSTORED_PATH=$xs_path"} NOTIFY_SOCKET="$PWD/notify" dmvl-back --log-level debug "$@" 2>"$_log" &
	back=$!
}

# said TIMES TEXT: in the log.
said()
{
	[ "$(grep -c "$2" "$_log")" -ge "$1" ]
}

# waits WHAT TEXT [TIMES]: TIMES how often it has waited for that by now.
waits()
{
	check "dmvl-back says that $1" wait_for 30 said "${3:-1}" "waiting: $2"
	check "the service manager is told that $1" wait_for 30 grep -q "STATUS=waiting: $2" notify.out
	is "$(grep -c "waiting: $2" "$_log")" "${3:-1}" "dmvl-back says once that $1"
	check "dmvl-back is not ready while $1" sh -c '! grep -q READY=1 notify.out'
}

serves()
{
	check "dmvl-back serves $1" wait_for 30 grep -q 'version .*: uplink' "$_log"
	check "the service manager is told that it serves $1" wait_for 30 grep -q READY=1 notify.out
}

dmvl-sock notify "$PWD/notify" >notify.out 2>notify.err &
check 'a service manager listens' wait_for 30 grep -q ready notify.err

# ---- xenstored and the bridge, in this order
xs_path=$PWD/xs
begin all --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
waits 'xenstored does not run' 'xenstored does not run'
start relay dmvl-sock relay "$PWD/xs" /run/xenstored/socket
waits 'the bridge does not exist' 'the bridge xenbr0 does not exist'
is "$(xenstore-read "$uplink/state")" waiting 'the key state says that dmvl-back waits'
like "$(dmvlctl check 2>&1)" '*dmvl-back waits: the bridge xenbr0 does not exist*' 'dmvlctl check says what dmvl-back waits for'
kill -9 "$started"
wait "$started"
waits 'xenstored went away while it waited' 'xenstored does not run' 2
xenstore-write "$uplink/state" stopped
start relay dmvl-sock relay "$PWD/xs" /run/xenstored/socket
waits 'it waits for the bridge again' 'the bridge xenbr0 does not exist' 2
check 'the key state says again that dmvl-back waits' wait_for 30 key_is "$uplink/state" waiting
ip link add xenbr0 type bridge
serves 'when xenstored and the bridge are there'
check 'the key error says that the bridge is down' wait_for 30 key_is "$uplink/error" 'the bridge xenbr0 is down'
ip link set xenbr0 up
is "$(xenstore-read "$uplink/state")" running 'the key state says that dmvl-back runs'
check 'nothing is wrong any more when the bridge is up' wait_for 30 key_is "$uplink/error" ''
back_stop
is $? 0 'dmvl-back ends with status 0'
kill "$started"
ip link del xenbr0

# ---- Told to end while it waits
unset xs_path
begin stopped --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
waits 'there is no bridge' 'the bridge xenbr0 does not exist'
kill -HUP "$back"
back_stop
is $? 0 'dmvl-back ends with status 0 while it waits'
is "$(xenstore-read "$uplink/state")" stopped 'the key state says that it ended while it waited'
check 'dmvl-back leaves no TAP when it ends while it waits' test ! -e /sys/class/net/dmvl-up

# ---- The interface below a macvtap
ip link add probe0 type veth peer name far0
if ip link add link probe0 name probe1 type macvtap mode passthru; then
	begin macvtap --uplink macvtap:lower0 --tx-capacity 1gbit
	waits 'the interface below the macvtap does not exist' 'the interface lower0 does not exist'
	ip link add lower0 type veth peer name lower1
	serves 'when the interface below the macvtap is there'
	back_stop
	is $? 0 'dmvl-back ends with status 0 after it waited for an interface'
else
	skip 'the interface below a macvtap is waited for' 'this kernel has no macvtap'
fi

# ---- A TAP that another process holds for a moment
uplink_setup
ip tuntap add dmvl-up mode tap
dmvl-back -n other --uplink tap:dmvl-up --tx-capacity 1gbit 2>other.log &
other=$!
check 'another process holds the TAP' wait_for 30 grep -q 'version .*: uplink' other.log
begin busy --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
kill -9 $other
serves 'when the process that held its TAP was killed'
back_stop
dmvl-back -n other --uplink tap:dmvl-up --tx-capacity 1gbit 2>other.log &
other=$!
check 'another process holds the TAP again' wait_for 30 grep -q 'version .*: uplink' other.log
begin held --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 1gbit
check 'dmvl-back gives up a TAP that another process keeps' wait_for 30 ended "$back"
wait "$back"
is $? 2 'dmvl-back ends with status 2 if another process keeps its TAP'
like "$(cat held.log)" '*another process holds it*' 'dmvl-back says that another process holds the TAP'
kill $other
wait $other
done_testing
