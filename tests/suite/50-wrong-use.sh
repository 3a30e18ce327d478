#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Wrong use of the three programs: each time one line on stderr, and exit status 2.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
up=tap:dmvl-up,bridge=xenbr0

# judge STATUS DESCRIPTION PATTERN: of the command whose stderr is in err. DESCRIPTION names the command.
judge()
{
	is "$1" 2 "$2 ends with status 2"
	is "$(wc -l <err)" 1 "$2 prints one line"
	[ "$(wc -l <err)" -eq 1 ] || sed 's/^/# /' err
	like "$(cat err)" "$3" "$2 says why"
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

# wrong_in NAME ..: as wrong, in a guest.
wrong_in()
{
	_g=$1 _d=$2 _p=$3
	shift 3
	guest -t 60 "$_g" "timeout 20 $*" >out 2>err
	judge $? "$_d" "$_p"
}

# dmvl-back
wrong 'dmvl-back with an unknown option' '*frobnicate*' dmvl-back --uplink $up --frobnicate
wrong 'dmvl-back with an unknown short option' '*x*' dmvl-back --uplink $up -x
wrong 'dmvl-back with --uplink without a value' '*uplink*' dmvl-back --uplink
wrong 'dmvl-back without an uplink' '*--uplink*' dmvl-back
wrong 'dmvl-back with two uplinks' '*twice*' dmvl-back --uplink $up --uplink $up
wrong 'dmvl-back with two capacities' '*--tx-capacity is given twice*' dmvl-back --uplink $up --tx-capacity 1mbit --tx-capacity 2mbit
wrong 'dmvl-back with an argument too many' '*surplus*' dmvl-back --uplink $up surplus
for rate in fast 10furlongs -1 '' 10mbits 1.5.2mbit 99999999999999gbit; do
	wrong "dmvl-back with the rate \"$rate\"" '*tx-capacity*' dmvl-back --uplink $up --tx-capacity "$rate"
done
wrong 'dmvl-back with an unknown kind of uplink' '*bridge:x*' dmvl-back --uplink bridge:x
wrong 'dmvl-back with a TAP name that is too long' '*tap*' dmvl-back --uplink tap:a-name-beyond-fifteen
wrong 'dmvl-back with an unknown option of its uplink' '*tap:a,b=c*' dmvl-back --uplink tap:a,b=c
wrong 'dmvl-back with a bridge that is no bridge' '*up0*no bridge*ovs-vsctl*' dmvl-back --uplink tap:dmvl-up,bridge=up0
wrong 'dmvl-back on a device that is no TAP' '*up0*TAP*' dmvl-back --uplink tap:up0
wrong 'dmvl-back on a TAP that is the bridge' '*xenbr0*TAP*' dmvl-back --uplink tap:xenbr0
wrong 'dmvl-back with --take-over and no macvtap' '*take-over*' dmvl-back --uplink $up --take-over
wrong 'dmvl-back with an unknown log level' '*chatty*' dmvl-back --uplink $up --log-level chatty
wrong 'dmvl-back with a malformed name' '*name*' dmvl-back --uplink $up -n 'a b'
wrong 'dmvl-back with a run directory that cannot be made' '*/proc/nope*' dmvl-back --uplink $up --run-dir /proc/nope/x
check 'dmvl-back leaves no TAP after wrong use' test ! -e /sys/class/net/dmvl-up
check 'dmvl-back --test-config is right use' dmvl-back --uplink $up --test-config
check 'dmvl-back --version is right use' dmvl-back --version
check 'dmvl-back --help is right use' dmvl-back --help

# dmvl-front
wrong_in g1 'dmvl-front with an unknown option' '*frobnicate*' dmvl-front --frobnicate
wrong_in g1 'dmvl-front with an id that is no number' '*banana*' dmvl-front -i banana
wrong_in g1 'dmvl-front with a ring order out of range' '*21*' dmvl-front --ring-order 21
wrong_in g1 'dmvl-front with a malformed interface name' '*a/b*' dmvl-front --ifname a/b
wrong_in g1 'dmvl-front with an argument too many' '*surplus*' dmvl-front surplus
guest g1 'ip link del dmvl0' >&2 # that an earlier test's agent may have left
guest g1 'ip link add dmy0 type veth peer name dmy1' >&2
wrong_in g1 'dmvl-front on a device that is no TAP' '*dmy0*' dmvl-front --ifname dmy0
guest g1 'ip link del dmy0' >&2
check 'dmvl-front --version is right use' guest g1 dmvl-front --version

# dmvlctl
wrong 'dmvlctl without a command' '*command*' dmvlctl
wrong 'dmvlctl with an unknown command' '*frobnicate*' dmvlctl frobnicate
wrong 'dmvlctl with an unknown option' '*frobnicate*' dmvlctl list --frobnicate
wrong 'dmvlctl with too few arguments' '*few*' dmvlctl attach
wrong 'dmvlctl with too many arguments' '*many*' dmvlctl list g1
wrong 'dmvlctl attach with an unknown key' '*colour*' dmvlctl attach g1 colour=blue
wrong 'dmvlctl attach with a malformed weight' '*weight*' dmvlctl attach g1 weight=banana
wrong 'dmvlctl attach with an ambiguous rate' '*tx-max*' dmvlctl attach g1 tx-max=10m
wrong 'dmvlctl attach with a group address as MAC' '*mac*' dmvlctl attach g1 mac=01:00:00:00:00:01
wrong 'dmvlctl detach with a malformed timeout' '*soon*' dmvlctl detach g1 --timeout soon
for command in attach detach list set show uplinks; do
	check "dmvlctl $command -h is right use" dmvlctl $command -h
done

# Run by a user who is not root.
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
mkdir -m 1777 /run/nobody
# shellcheck disable=SC2086
{
	wrong 'dmvl-back not run by root' '*' $as_nobody "$(command -v dmvl-back)" --uplink $up --run-dir /run/nobody
	wrong 'dmvlctl not run by root' '*' $as_nobody "$(command -v dmvlctl)" list
}
wrong_in g1 'dmvl-front not run by root' '*' "$as_nobody $(command -v dmvl-front || echo /usr/bin/dmvl-front)"

# A host without Xen: no xenstored, no devices. An empty /dev/xen and /run hide them.
hidden='mount -t tmpfs none /run'
[ "$BENCH_DRIVER" = xensim ] || hidden='mount -t tmpfs none /dev/xen; mount -t tmpfs none /proc/xen; mount -t tmpfs none /run'
wrong 'dmvl-back without xenstored' '*xenstore*' unshare -m sh -c "$hidden; exec dmvl-back --uplink $up"
wrong 'dmvlctl without xenstored' '*xenstore*' unshare -m sh -c "$hidden; exec dmvlctl list"
wrong_in g1 'dmvl-front without xenstore or /dev/xen' '*xen*' "unshare -m sh -c '$hidden; exec dmvl-front'"
check 'dmvl-back leaves no TAP without xenstored' test ! -e /sys/class/net/dmvl-up
done_testing
