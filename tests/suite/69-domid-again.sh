#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# Domids begin again after 32751, so a new guest may have the domid of an earlier one: nothing of that one is
# its own.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'thousands of domains, which take long on real Xen'

# kept GUEST-UUID: what is remembered, without its comments.
kept()
{
	grep -v '^#' "/var/lib/dmvl/default/$1" | tr '\n' ' '
}

uuid_of()
{
	xenstore-read "$(xenstore-read "/local/domain/$(guest_domid "$1")/vm")/uuid"
}

is_free()
{
	! xensim list | grep -q "^$1 "
}

# replace OLD NEW: OLD is destroyed, and NEW created with its domid.
replace()
{
	_domid=$(guest_domid "$1")
	guest_destroy "$1"
	wait_for 30 is_free "$_domid"
	xensim next "$_domid"
	guest_create "$2"
	is "$(guest_domid "$2")" "$_domid" "$2 has the domid that $1 had"
}

uplink_setup
back_start --tx-capacity 100mbit

# ---- The last domid, and the first after it

xensim next 32751
check 'the guest with the last domid is created' guest_create last
is "$(guest_domid last)" 32751 'it has the last domid'
check 'the next guest is created' guest_create first
check 'its domid is one of the first again' test "$(guest_domid first)" -lt 100
ldps 'last 8 weight=300' 'first 9 weight=77'
check 'the guest with the last domid passes traffic' talks last
check 'the guest with a domid after the last passes traffic' talks first
old=$(guest_domid last)
xensim next 5
guest_again last
check 'a guest comes back with a lower domid' wait_for 30 key_is "$(be last)/weight" 300
check 'its old nodes go' wait_for 30 no_node "/local/domain/0/backend/dmvl/$old"

# ---- The same domid within one look: dmvl-back stands still meanwhile

check 'guest o1 is created' guest_create o1
dmvlctl attach o1 weight=300 tx-max=7000000 >&2
o1=$(uuid_of o1)
before="[$o1] weight = 300 tx-max = 7000000 "
remembered()
{
	[ "$(kept "$o1")" = "$before" ]
}
check 'o1 is remembered' wait_for 30 remembered
back_pause
replace o1 n1
like "$(dmvlctl attach n1 weight=44 2>&1)" '*is that of an earlier guest with this domid: dmvl-back removes it when it runs*' \
	'attach says whose nodes are in its way'
xenstore-rm "$(be n1)"
dmvlctl attach n1 weight=44 >&2
kill -CONT "$back"
agent_start n1
check 'the new guest connects' wait_for 30 connected n1
guest_net n1 10
check 'the new guest passes traffic' talks n1
is "$(xenstore-read "$(be n1)/weight") $(xenstore-read "$(be n1)/tx-max" 2>&1)" "44 xenstore-read: couldn't read path $(be n1)/tx-max" \
	'the new guest has its own settings'
is "$(kept "$o1")" "$before" 'what was set for the old guest is remembered as it was'
is "$(kept "$(uuid_of n1)")" "[$(uuid_of n1)] weight = 44 " 'what was set for the new guest is remembered as its'
check 'the old guest is created again' guest_create o1 "uuid=$o1"
check 'the old guest gets its device back' wait_for 30 key_is "$(be o1)/weight" 300

# ---- Connected, and dmvl-back is away

agent_start o1
check 'o1 connects' wait_for 30 connected o1
kill -9 "$back"
wait "$back"
replace o1 n2
back_start --tx-capacity 100mbit
check 'the nodes of the old guest go' wait_for 30 no_node "$(be n2)"
check 'the new guest has no device' no_node "$(fe n2)"
is "$(kept "$o1")" "$before" 'the guest that lost its domid is remembered'

# ---- What is left of a guest is detached under the name of the next one

back_stop
check 'o1 is created again' guest_create o1 "uuid=$o1"
back_start --tx-capacity 100mbit
check 'o1 has its device' wait_for 30 key_is "$(be o1)/weight" 300
back_stop
replace o1 n3
like "$(dmvlctl detach n3 2>&1)" "*the device was that of an earlier guest with this domid, UUID $o1: what was set for that guest stays remembered*" \
	'detach says whose device it was'
check 'the nodes are gone' no_node "$(be n3)"
is "$(kept "$o1")" "$before" 'the guest whose device it was is remembered'

# ---- By a policy

printf '[p1]\nweight = 55\n' >policy.conf
back_run --uplink tap:dmvl-up,bridge=xenbr0 --tx-capacity 100mbit --policy policy.conf
check 'p1 is created' guest_create p1
check 'the policy attaches p1' wait_for 30 key_is "$(be p1)/weight" 55
back_pause
replace p1 q1
xensim rename q1 other
kill -CONT "$back"
check 'the nodes of p1 go' wait_for 30 no_node "$(be other)"
check 'p1 is created again under another domid' guest_create p1
check 'the policy attaches p1 again' wait_for 30 key_is "$(be p1)/weight" 55
check 'the guest that has its domid is not attached' no_node "$(be other)"
back_stop
done_testing
