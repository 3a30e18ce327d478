#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What Xen, Linux's drivers and xenstored refuse.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
instance 2 "$@"

reason() { xensim dmesg | tail -n 1 | sed 's/.*: //'; }

in-guest "$g1" "$probe" share 0 1 1 >$tmp/rw &
in-guest "$g1" "$probe" share 0 1 0 >$tmp/ro &
in-guest "$g1" "$probe" share "$g2" 1 1 >$tmp/g2 &
rw=$(line $tmp/rw 1) ro=$(line $tmp/ro 1) other=$(line $tmp/g2 1)
is "$($probe map "$g1" "$rw" rw)" hello "a page shared with us"
is "$($probe map "$g1" "$ro" ro)" hello "a read-only one"
is "$($probe map "$g1" "$ro" rw) $(reason)" "EINVAL shared read-only" "but not for writing"
is "$($probe map "$g1" "$other" ro) $(reason)" "EINVAL meant for another domain" "another's page"
is "$(in-guest "$g2" "$probe" map "$g1" "$other" rw)" hello "which that one maps"
is "$($probe map "$g1" 9999 ro) $(reason)" "EINVAL no such reference" "a reference that is not"
is "$($probe map 77 8 ro) $(reason)" "EINVAL no such domain" "a domain that is not"
in-guest "$g2" "$probe" share 0 1 1 >$tmp/same &
same=$(line $tmp/same 1)
is "$(echo " $rw $ro $other " | grep -c " $same ")" 1 "references collide between domains"

is "$(in-guest "$g1" "$probe" budget)" "$(printf '1021 ENOSPC\n1021 ENOSPC')" \
	"1024 pages a guest, 3 of them held above"
xensim limit "$g1" 100
is "$(in-guest "$g1" "$probe" budget | head -n 1)" "97 ENOSPC" "or as many as the module's limit says"

in-guest "$g1" "$probe" port 0 >$tmp/p &
port=$(line $tmp/p 1)
is "$(in-guest "$g2" "$probe" bind "$g1" "$port")" EINVAL "a port that is meant for Dom0"
is "$($probe bind "$g1" 999)" EINVAL "a port that is not"
is "$($probe bind 77 "$port")" ESRCH "a port of a domain that is not"
is "$($probe bind "$g1" "$port")" ok "a port of ours"
is "$($probe bind "$g1" "$port")" ok "unbound again when its user closed"

want="bind pends the local port: 1
and not the remote one: 0
three notifications, one event: 1 0
masked: 0
unmask delivers: 1
once: 1 0
unmasked: 1
notify a closed peer: 0
notify a port of another: ENOTCONN"
is "$($probe mask 0)" "$want" "event channels in Dom0"
is "$(in-guest "$g1" "$probe" mask "$g1")" "$want" "and in a guest"

is "$(in-guest "$g1" "$probe" open /dev/xen/evtchn)" ok "the device opens"
xensim fail "$g1" evtchn ENOENT 1
is "$(in-guest "$g1" "$probe" open /dev/xen/evtchn)" ENOENT "or fails as told"
is "$(in-guest "$g1" "$probe" open /dev/xen/evtchn)" ok "as often as told"
xensim fail "$g1" gntalloc EACCES 1
is "$(in-guest "$g1" "$probe" share 0 1 1)" EACCES "in the library too"

xenstore-write /local/domain/0/backend/dmvl/"$g1"/0/weight 256
xenstore-chmod -r /local/domain/0/backend/dmvl/"$g1" n0 "r$g1"
weight=/local/domain/0/backend/dmvl/$g1/0/weight
is "$(in-guest "$g1" xenstore-read "$weight")" 256 "a guest reads its weight"
in-guest "$g1" xenstore-write "$weight" 65535 2>/dev/null
is "$(xenstore-read "$weight")" 256 "and cannot write it"
is "$(in-guest "$g2" xenstore-read "$weight" 2>/dev/null)" "" "another guest does not see it"
in-guest "$g1" xenstore-write data/mine 1
is "$(xenstore-read /local/domain/"$g1"/data/mine)" 1 "relative paths are the guest's"
in-guest "$g1" xenstore-write device/dmvl/0/state 1 2>/dev/null
is "$(xenstore-exists /local/domain/"$g1"/device/dmvl && echo there)" "" \
	"a guest cannot make nodes under device/"
is "$(in-guest "$g2" xenstore-read /local/domain/"$g1"/data/mine 2>/dev/null)" "" \
	"a guest's data are its own"
# xenstored 4.17 refuses the one after 129; the guest's kernel has 4.
is "$(in-guest "$g1" "$probe" watches)" "125 E2BIG" "the quota of watches is a domain's"
is "$(in-guest "$g1" "$probe" watches)" "125 E2BIG" "they go with the process"
finish
