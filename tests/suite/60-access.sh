#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What Xen, Linux's drivers and xenstored grant and refuse, as dmvl relies on it. Without dmvl: this
# compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

d1=$(guest_domid g1) d2=$(guest_domid g2)
nobody=30000 # no such domain

# in_bg NAME FILE COMMAND..: beside the test; $pid is its process id in the guest, the fifo /run/FILE.in
# its input.
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
is "$(map "$d1" "$ro" ro)" hello 'Dom0 maps a page shared with it read-only'
is "$(map "$d1" "$ro" rw)" EINVAL 'Dom0 does not map a read-only page for writing'
is "$(map "$d1" "$other" ro)" EINVAL 'Dom0 does not map a page shared with another domain'
is "$(guest g2 "dmvl-probe map $d1 $other rw -")" hello 'g2 maps a page shared with it'
is "$(guest g2 "dmvl-probe map $d1 $rw ro -")" EINVAL 'g2 does not map a page shared with Dom0'
is "$(map "$d1" 9999 ro)" EINVAL 'a reference that does not exist is not mapped'
is "$(map $nobody 8 ro)" EINVAL 'a page of a domain that does not exist is not mapped'
dmvl-probe map "$d1" "$rw" rw written </dev/null >&2
step g1 rw
check 'the owner of a page notices what Dom0 writes' wait_for 30 answered g1 rw 2
is "$(answer g1 rw 2)" written 'the owner of a page reads just what Dom0 wrote'

# A page outlives its owner's process for those who have it mapped, and for nobody else.
mkfifo told
dmvl-probe map "$d1" "$rw" rw later <>told >mapped &
holder=$!
wait_for 30 grep -q written mapped
guest g1 "kill -9 $owners"
owners_gone()
{
	! guest g1 "for p in $owners; do kill -0 \$p && exit; done; exit 1"
}
check 'the owners of shared pages end on kill -9' wait_for 30 owners_gone
echo go >told
check "a mapped page outlives its owner's process" wait_for 30 grep -q later mapped
is "$(map "$d1" "$ro" ro)" EINVAL "a page whose owner's process has ended is not mapped"
kill $holder
wait $holder

# On real Xen g3 may have had agents before, whose guards keep a page each (docs/resume.md).
most=$(guest g3 dmvl-probe budget | awk '{ print $1; exit }')
between "$most" 1015 1024 'a guest shares 1024 pages'
is "$(guest g3 dmvl-probe budget)" "$(printf '%d ENOSPC\n%d ENOSPC' "$most" "$most")" \
	'a guest shares as many pages again when they are taken back'
in_bg g3 some dmvl-probe share 0 24 1
some=$pid
is "$(guest g3 dmvl-probe budget | tail -n 1)" "$((most - 24)) ENOSPC" "pages of another process count towards a guest's limit"
guest g3 kill -9 "$some"
budget_is()
{
	[ "$(guest g3 dmvl-probe budget | tail -n 1)" = "$1" ]
}
check 'pages of a process that has ended do not count towards the limit' wait_for 30 budget_is "$most ENOSPC"

# ---- Event channels ----
in_bg g1 port dmvl-probe port 0
port=$(answer g1 port 1)
is "$(guest g2 "dmvl-probe bind $d1 $port")" EINVAL 'g2 does not bind a port meant for Dom0'
is "$(dmvl-probe bind "$d1" 3000)" EINVAL 'a port that does not exist is not bound'
is "$(dmvl-probe bind $nobody "$port")" ESRCH 'a port of a domain that does not exist is not bound'
is "$(dmvl-probe bind "$d1" "$port")" ok 'Dom0 binds a port meant for it'
is "$(dmvl-probe bind "$d1" "$port")" ok 'Dom0 binds a port that its last user has closed'
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
is "$(dmvl-probe mask 0)" "$masking" 'events can be masked in Dom0 as the kernel promises'
is "$(guest g1 "dmvl-probe mask $d1")" "$masking" 'events can be masked in a guest as the kernel promises'

# ---- xenstore ----
dir=/local/domain/0/backend/dmvl/$d1/0
xenstore-write "$dir/weight" 256
xenstore-chmod -r "$dir" n0 "r$d1"
is "$(guest g1 xenstore-read "$dir/weight")" 256 'a guest reads a node that is shown to it'
guest g1 xenstore-write "$dir/weight" 65535 2>/dev/null
is "$(xenstore-read "$dir/weight")" 256 'a guest does not write a node that is shown to it'
is "$(guest g2 xenstore-read "$dir/weight" 2>/dev/null)" '' 'another guest does not read a node shown to the first'
guest g1 xenstore-write data/mine 1
is "$(xenstore-read "/local/domain/$d1/data/mine")" 1 "a guest's relative path is in its own directory"
is "$(guest g2 xenstore-read "/local/domain/$d1/data/mine" 2>/dev/null)" '' "another guest does not read a guest's own data"
guest g1 xenstore-write device/dmvl/0/state 1 2>/dev/null
check 'a guest makes no nodes under device/' no_node "/local/domain/$d1/device/dmvl"
xenstore-rm "$dir"
guest g1 xenstore-rm data/mine

# 128, of which the guest's kernel and others have a few.
like "$(guest g1 dmvl-probe watches)" '1[0-2][0-9] E*' "a domain's watches are limited in number"
like "$(guest g1 dmvl-probe watches)" '1[0-2][0-9] E*' "a domain's watches end with their process"
done_testing
