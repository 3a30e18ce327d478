#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# Wrong use of the three programs: each time one line on stderr, and exit status 2.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
up=tap:dmvl-up,bridge=xenbr0

# judge STATUS DESCRIPTION PATTERN: of the command whose stderr is in err.
judge()
{
	is "$1" 2 "$2: status 2"
	is "$(wc -l <err)" 1 "$2: one line"
	[ "$(wc -l <err)" -eq 1 ] || sed 's/^/# /' err
	like "$(cat err)" "$3" "$2: it says why"
	cat err >&2
}

# wrong DESCRIPTION PATTERN COMMAND..
wrong()
{
	_d=$1 _p=$2
	shift 2
	timeout 20 "$@" >out 2>err </dev/null
	judge $? "$_d" "$_p"
}

# wrong_in NAME ..: the same in a guest.
wrong_in()
{
	_g=$1 _d=$2 _p=$3
	shift 3
	guest -t 60 "$_g" "timeout 20 $*" >out 2>err
	judge $? "$_d" "$_p"
}

# dmvl-back
wrong 'back: unknown option' '*frobnicate*' dmvl-back --uplink $up --frobnicate
wrong 'back: unknown short option' '*x*' dmvl-back --uplink $up -x
wrong 'back: option without its value' '*uplink*' dmvl-back --uplink
wrong 'back: no uplink' '*--uplink*' dmvl-back
wrong 'back: two uplinks' '*twice*' dmvl-back --uplink $up --uplink $up
wrong 'back: an argument too many' '*surplus*' dmvl-back --uplink $up surplus
for rate in fast 10furlongs -1 '' 10mbits 1.5.2mbit 99999999999999gbit; do
	wrong "back: rate \"$rate\"" '*tx-capacity*' dmvl-back --uplink $up --tx-capacity "$rate"
done
wrong 'back: a kind of uplink that it does not know' '*bridge:x*' dmvl-back --uplink bridge:x
wrong 'back: a name that is too long' '*tap*' dmvl-back --uplink tap:a-name-beyond-fifteen
wrong 'back: a word that is no option of an uplink' '*tap:a,b=c*' dmvl-back --uplink tap:a,b=c
wrong 'back: no such bridge' '*xenbr9*not exist*' dmvl-back --uplink tap:dmvl-up,bridge=xenbr9
wrong 'back: bridge is no bridge' '*up0*' dmvl-back --uplink tap:dmvl-up,bridge=up0
wrong 'back: the device is of another type' '*up0*TAP*' dmvl-back --uplink tap:up0
wrong 'back: the device is the bridge' '*xenbr0*TAP*' dmvl-back --uplink tap:xenbr0
wrong 'back: macvtap over nothing' '*nope0*not exist*' dmvl-back --uplink macvtap:nope0
wrong 'back: --take-over without macvtap' '*take-over*' dmvl-back --uplink $up --take-over
wrong 'back: log level' '*chatty*' dmvl-back --uplink $up --log-level chatty
wrong 'back: a name that is none' '*name*' dmvl-back --uplink $up -n 'a b'
wrong 'back: a run directory that cannot be' '*/proc/nope*' dmvl-back --uplink $up --run-dir /proc/nope/x
check 'no TAP is left of all this' test ! -e /sys/class/net/dmvl-up
check 'back: --test-config' dmvl-back --uplink $up --test-config
check 'back: --version' dmvl-back --version
check 'back: --help' dmvl-back --help

# dmvl-front
wrong_in g1 'front: unknown option' '*frobnicate*' dmvl-front --frobnicate
wrong_in g1 'front: id' '*banana*' dmvl-front -i banana
wrong_in g1 'front: ring order' '*21*' dmvl-front --ring-order 21
wrong_in g1 'front: a name that is none' '*a/b*' dmvl-front --ifname a/b
wrong_in g1 'front: an argument too many' '*surplus*' dmvl-front surplus
guest g1 'ip link add dmy0 type veth peer name dmy1' >&2
wrong_in g1 'front: the device is of another type' '*dmy0*' dmvl-front --ifname dmy0
guest g1 'ip link del dmy0' >&2
check 'front: --version' guest g1 dmvl-front --version

# dmvlctl
wrong 'ctl: no command' '*command*' dmvlctl
wrong 'ctl: unknown command' '*frobnicate*' dmvlctl frobnicate
wrong 'ctl: unknown option' '*frobnicate*' dmvlctl list --frobnicate
wrong 'ctl: too few arguments' '*few*' dmvlctl attach
wrong 'ctl: too many arguments' '*many*' dmvlctl list g1
wrong 'ctl: no such key' '*colour*' dmvlctl attach g1 colour=blue
wrong 'ctl: bad value' '*weight*' dmvlctl attach g1 weight=banana
wrong 'ctl: ambiguous rate' '*tx-max*' dmvlctl attach g1 tx-max=10m
wrong 'ctl: bad MAC' '*mac*' dmvlctl attach g1 mac=01:00:00:00:00:01
wrong 'ctl: bad timeout' '*soon*' dmvlctl detach g1 --timeout soon
for command in attach detach list set show uplinks; do
	check "ctl: $command -h" dmvlctl $command -h
done

# Nobody may: programs that are not root's to run.
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
# shellcheck disable=SC2086
{
	wrong 'back: not root' '*' $as_nobody "$(command -v dmvl-back)" --uplink $up --run-dir /tmp
	wrong 'ctl: not root' '*' $as_nobody "$(command -v dmvlctl)" list
}
wrong_in g1 'front: not root' '*' "$as_nobody $(command -v dmvl-front || echo /usr/bin/dmvl-front)"

# Nothing of Xen: no xenstored, no devices. An empty /dev/xen and /run hide them.
hidden='mount -t tmpfs none /run'
[ "$BENCH_DRIVER" = xensim ] || hidden='mount -t tmpfs none /dev/xen; mount -t tmpfs none /proc/xen; mount -t tmpfs none /run'
wrong 'back: no xenstored' '*xenstore*' unshare -m sh -c "$hidden; exec dmvl-back --uplink $up"
wrong 'ctl: no xenstored' '*xenstore*' unshare -m sh -c "$hidden; exec dmvlctl list"
wrong_in g1 'front: no xenstore or no /dev/xen' '*xen*' "unshare -m sh -c '$hidden; exec dmvl-front'"
check 'no TAP is left' test ! -e /sys/class/net/dmvl-up
done_testing
