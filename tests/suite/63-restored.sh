#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest saved and restored, as its processes and Dom0 see it: another domid, handles that are dead
# without a sign, watches that fire. Without dmvl: this compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# On Xen its server, which has no guard, makes the guest's kernel complain (docs/resume.md); all else
# held there. 30-resume restores guests there, with dmvl-front in them.
[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: the restored kernel warns of a stale page let go'

check 'guest r1 is created' guest_create r1
old=$(guest_domid r1)
uuid=$(xenstore-read "/local/domain/$old/vm")

# said FILE N WORD: line N of a file of the guest's.
said()
{
	[ "$(guest r1 "sed -n $2p /run/$1")" = "$3" ]
}
step()
{
	guest r1 "echo go >/run/$1.in"
}
guest r1 'mkfifo /run/server.in /run/trans.in'
guest_bg r1 'exec dmvl-vchan resume 0 data/v park <>/run/server.in >/run/server' >&2
check 'a server starts in r1' wait_for 60 said server 1 ready
mkfifo told
dmvl-vchan peek "$old" "/local/domain/$old/data/v" <>told >peek &
check 'a client in Dom0 connects to the server of r1' wait_for 60 said server 2 open
guest_bg r1 'exec xenstore-watch -n 2 data/w >/run/watch' >&2
check 'a watch in r1 is registered' wait_for 60 said watch 1 data/w
guest_bg r1 'exec dmvl-probe transaction <>/run/trans.in >/run/trans' >&2
check 'a transaction in r1 begins' wait_for 60 said trans 1 begun

check 'r1 is saved with a vchan, a watch and a transaction' guest_save r1
check 'r1 is restored with a vchan, a watch and a transaction' guest_restore r1
new=$(guest_domid r1)
[ -n "$new" ] && [ "$new" != "$old" ]
is $? 0 'a restored guest is another domain'
is "$(xenstore-read "/local/domain/$new/vm")" "$uuid" 'a restored guest has the same UUID'
is "$(guest r1 xenstore-read domid)" "$new" 'a restored guest reads its new domid'
check "a restored guest's watches fire" wait_for 60 said watch 2 data/w
step trans
check 'a transaction open over a restore ends with EAGAIN' wait_for 60 said trans 3 EAGAIN
unknown=ENOENT
[ "${XENSTORED:-}" != oxenstored ] || unknown=EIO # its answer to a transaction that it does not know
is "$(guest r1 sed -n 2p /run/trans)" "write: $unknown" 'a write in a transaction open over a restore fails'
check "a restored guest's nodes in data/ are gone" no_node "/local/domain/$new/data/v"

dying()
{
	[ -n "$(zombies)" ]
}
check "the old domain is a zombie while Dom0's client maps it" dying
echo go >told
check 'the client of the old domain goes on when told' wait_for 30 grep -q open= peek
is "$(sed -n 2p peek)" 'open=1 reads=before notify=0' 'the client of the old domain notices nothing of the restore'
step server
check "the restored guest's server goes on and sees its client live" wait_for 60 said server 3 'poll=0 open=1 live=1'
is "$(guest r1 sed -n 4p /run/server)" 'notify=0 unmask=0' "the restored guest's server notifies and unmasks its dead port without a sign"
is "$(guest r1 sed -n 5p /run/server)" 'reads=mine' 'what Dom0 writes into the old domain does not reach the restored guest'
check "the restored guest's server serves again with its old handle parked" wait_for 60 said server 7 serving
is "$(guest r1 sed -n 6p /run/server)" 'port=same' 'the new handle of a restored server gets the number of its dead port'
is "$(wc -l <peek)" 2 "the client of the old domain notices nothing of a new server"
echo go >told
check 'the client of the old domain closes' wait_for 30 grep -qx closed peek
check 'the old domain is no zombie when its client has closed' wait_for 30 no_zombies
is "$(dmvl-vchan client "$new" "/local/domain/$new/data/v" 0)" ok 'a client of the new server connects'
check 'a client of the new server is served' wait_for 60 said server 8 again
check 'the kernel of r1 does not complain' console_clean r1
guest_destroy r1
check 'a destroyed guest leaves no zombie' wait_for 30 no_zombies
done_testing
