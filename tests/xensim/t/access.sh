#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What xensim adds to what tests/suite/60-access.sh compares with Xen: reasons, and failures to order.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
instance 2 "$@"

refused() { # why a mapping is
	dmvl-probe map "$1" "$2" "$3" - </dev/null
	xensim dmesg | tail -n 1 | sed 's/.*: //'
}

in-guest "$g1" dmvl-probe share 0 1 1 </dev/null >$tmp/rw &
in-guest "$g1" dmvl-probe share 0 1 0 </dev/null >$tmp/ro &
in-guest "$g1" dmvl-probe share "$g2" 1 1 </dev/null >$tmp/g2 &
rw=$(line $tmp/rw 1) ro=$(line $tmp/ro 1) other=$(line $tmp/g2 1)
is "$(refused "$g1" "$ro" rw)" "$(printf 'EINVAL\nshared read-only')" "mapping a read-only page for writing is refused with its reason"
is "$(refused "$g1" "$other" ro)" "$(printf 'EINVAL\nmeant for another domain')" "mapping a page meant for another domain is refused with its reason"
is "$(refused "$g1" 9999 ro)" "$(printf 'EINVAL\nno such reference')" "mapping a reference that does not exist is refused with its reason"
is "$(refused 77 8 ro)" "$(printf 'EINVAL\nno such domain')" "mapping a page of a domain that does not exist is refused with its reason"
in-guest "$g2" dmvl-probe share 0 1 1 </dev/null >$tmp/same &
same=$(line $tmp/same 1)
is "$(echo " $rw $ro $other " | grep -c " $same ")" 1 "references of two domains are the same numbers"

xensim limit "$g1" 100
is "$(in-guest "$g1" dmvl-probe budget | head -n 1)" "97 ENOSPC" \
	"a guest shares as many pages as the module's limit says"

is "$(in-guest "$g1" dmvl-probe open /dev/xen/evtchn)" ok "a device opens when no failure is ordered"
xensim fail "$g1" evtchn ENOENT 1
is "$(in-guest "$g1" dmvl-probe open /dev/xen/evtchn)" ENOENT "a device fails to open when a failure is ordered"
is "$(in-guest "$g1" dmvl-probe open /dev/xen/evtchn)" ok "a device fails to open only as often as ordered"
xensim fail "$g1" gntalloc EACCES 1
is "$(in-guest "$g1" dmvl-probe share 0 1 1)" EACCES "a failure that is ordered reaches a library too"

# xenstored 4.17 refuses the one after 129; the guest's kernel has 4.
is "$(in-guest "$g1" dmvl-probe watches)" "125 E2BIG" "a guest has as many watches as a small kernel leaves"
finish
