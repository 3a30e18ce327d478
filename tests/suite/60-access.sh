#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What Xen, Linux's drivers and xenstored grant and refuse, as dmvl relies on it. No dmvl here: this
# compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

d1=$(guest_domid g1) d2=$(guest_domid g2)
nobody=30000 # no such domain

# in_bg NAME FILE COMMAND..: beside the test; $pid is its process id in the guest, its input the
# fifo /run/FILE.in.
in_bg()
{
	_name=$1 _file=$2
	shift 2
	guest "$_name" "rm -f /run/$_file /run/$_file.in && mkfifo /run/$_file.in"
	pid=$(guest_bg "$_name" "exec $* <>/run/$_file.in >/run/$_file")
	wait_for 30 guest "$_name" "grep -q . /run/$_file"
}
step()
{
	guest "$1" "echo go >/run/$2.in"
}
# answer NAME FILE N: its line N.
answer()
{
	guest "$1" "sed -n $3p /run/$2"
}
answered()
{
	[ -n "$(answer "$@")" ]
}
map()
{
	dmvl-probe map "$@" - </dev/null
}

# ---- Grants ----
in_bg g1 rw dmvl-probe share 0 1 1
owners=$pid
rw=$(answer g1 rw 1)
in_bg g1 ro dmvl-probe share 0 1 0
owners="$owners $pid"
ro=$(answer g1 ro 1)
in_bg g1 other dmvl-probe share "$d2" 1 1
owners="$owners $pid"
other=$(answer g1 other 1)
is "$(map "$d1" "$rw" rw)" hello 'Dom0 maps a page shared with it'
is "$(map "$d1" "$ro" ro)" hello 'a read-only one too'
is "$(map "$d1" "$ro" rw)" EINVAL 'but not for writing'
is "$(map "$d1" "$other" ro)" EINVAL 'not a page meant for another'
is "$(guest g2 "dmvl-probe map $d1 $other rw -")" hello 'which that one maps'
is "$(guest g2 "dmvl-probe map $d1 $rw ro -")" EINVAL 'nor does that one map what Dom0 may'
is "$(map "$d1" 9999 ro)" EINVAL 'no reference that is not'
is "$(map $nobody 8 ro)" EINVAL 'no page of a domain that is not'
dmvl-probe map "$d1" "$rw" rw written </dev/null >&2
step g1 rw
check 'the owner sees what Dom0 writes' wait_for 30 answered g1 rw 2
is "$(answer g1 rw 2)" written 'just that'

# A page outlives its owner's process for who has it mapped, and for nobody else.
mkfifo told
dmvl-probe map "$d1" "$rw" rw later <>told >mapped &
holder=$!
wait_for 30 grep -q written mapped
guest g1 "kill -9 $owners"
owners_gone()
{
	! guest g1 "for p in $owners; do kill -0 \$p && exit; done; exit 1"
}
check 'all owners end' wait_for 30 owners_gone
echo go >told
check 'what is mapped stays' wait_for 30 grep -q later mapped
is "$(map "$d1" "$ro" ro)" EINVAL "no page whose owner's process has ended"
kill $holder
wait $holder

is "$(guest g3 dmvl-probe budget)" "$(printf '1024 ENOSPC\n1024 ENOSPC')" \
	'a guest shares 1024 pages, and as many again when they are taken back'
in_bg g3 some dmvl-probe share 0 24 1
some=$pid
is "$(guest g3 dmvl-probe budget | tail -n 1)" '1000 ENOSPC' 'those of another process count'
guest g3 kill -9 "$some"
budget_is()
{
	[ "$(guest g3 dmvl-probe budget | tail -n 1)" = "$1" ]
}
check 'until it ends' wait_for 30 budget_is '1024 ENOSPC'

# ---- Event channels ----
in_bg g1 port dmvl-probe port 0
port=$(answer g1 port 1)
is "$(guest g2 "dmvl-probe bind $d1 $port")" EINVAL 'a port that is meant for Dom0'
is "$(dmvl-probe bind "$d1" 3000)" EINVAL 'a port that is not'
is "$(dmvl-probe bind $nobody "$port")" ESRCH 'a port of a domain that is not'
is "$(dmvl-probe bind "$d1" "$port")" ok 'a port of ours'
is "$(dmvl-probe bind "$d1" "$port")" ok 'unbound again when its user closed'
guest g1 kill -9 "$pid"

masking="bind pends the local port: 1
and not the remote one: 0
three notifications, one event: 1 0
masked: 0
unmask delivers: 1
once: 0
unmasked: 1
notify a closed peer: 0
notify a port of another: ENOTCONN"
is "$(dmvl-probe mask 0)" "$masking" 'events in Dom0'
is "$(guest g1 "dmvl-probe mask $d1")" "$masking" 'and in a guest'

# ---- xenstore ----
dir=/local/domain/0/backend/dmvl/$d1/0
xenstore-write "$dir/weight" 256
xenstore-chmod -r "$dir" n0 "r$d1"
is "$(guest g1 xenstore-read "$dir/weight")" 256 'a guest reads what is shown to it'
guest g1 xenstore-write "$dir/weight" 65535 2>/dev/null
is "$(xenstore-read "$dir/weight")" 256 'and cannot write it'
is "$(guest g2 xenstore-read "$dir/weight" 2>/dev/null)" '' 'another guest cannot read it'
guest g1 xenstore-write data/mine 1
is "$(xenstore-read "/local/domain/$d1/data/mine")" 1 "relative paths are the guest's own"
is "$(guest g2 xenstore-read "/local/domain/$d1/data/mine" 2>/dev/null)" '' 'nobody else reads them'
guest g1 xenstore-write device/dmvl/0/state 1 2>/dev/null
check 'a guest makes no nodes under device/' no_node "/local/domain/$d1/device/dmvl"
xenstore-rm "$dir"
guest g1 xenstore-rm data/mine

# 128, of which the guest's kernel and others have a few.
like "$(guest g1 dmvl-probe watches)" '1[0-2][0-9] E*' "a domain's watches are counted"
like "$(guest g1 dmvl-probe watches)" '1[0-2][0-9] E*' 'and go with the process'
done_testing
