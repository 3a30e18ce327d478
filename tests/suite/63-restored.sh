#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest saved and restored, as its processes and Dom0 see it: another domid, handles that are dead
# without a sign, watches that fire. No dmvl here: this compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# On Xen its server, which has no guard, makes the guest's kernel complain (docs/resume.md); all else
# held there. 30-resume restores guests there, with dmvl-front in them.
[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: the restored kernel warns of a stale page let go'

check 'make a guest' guest_create r1
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
check 'a server' wait_for 60 said server 1 ready
mkfifo told
dmvl-vchan peek "$old" "/local/domain/$old/data/v" <>told >peek &
check 'and a client' wait_for 60 said server 2 open
guest_bg r1 'exec xenstore-watch -n 2 data/w >/run/watch' >&2
check 'a watch' wait_for 60 said watch 1 data/w
guest_bg r1 'exec dmvl-probe transaction <>/run/trans.in >/run/trans' >&2
check 'a transaction' wait_for 60 said trans 1 begun

check 'save' guest_save r1
check 'restore' guest_restore r1
new=$(guest_domid r1)
[ -n "$new" ] && [ "$new" != "$old" ]
is $? 0 'it is another domain'
is "$(xenstore-read "/local/domain/$new/vm")" "$uuid" 'of the same UUID'
is "$(guest r1 xenstore-read domid)" "$new" 'the guest reads its new number'
check 'its watches fire' wait_for 60 said watch 2 data/w
step trans
check 'an open transaction ends with EAGAIN' wait_for 60 said trans 3 EAGAIN
is "$(guest r1 sed -n 2p /run/trans)" 'write: ENOENT' 'after all that was done in it had failed'
check 'what it had in data/ is gone' no_node "/local/domain/$new/data/v"

dying()
{
	[ -n "$(zombies)" ]
}
check "the old domain is a zombie, mapped by Dom0's client" dying
echo go >told
check 'which goes on' wait_for 30 grep -q open= peek
is "$(sed -n 2p peek)" 'open=1 reads=before notify=0' 'and notices nothing'
step server
check "the guest's server goes on" wait_for 60 said server 3 'poll=0 open=1 live=1'
is "$(guest r1 sed -n 4p /run/server)" 'notify=0 unmask=0' 'and notices nothing, its old port takes all'
is "$(guest r1 sed -n 5p /run/server)" 'reads=mine' 'what Dom0 wrote did not reach it'
check 'it serves anew, with the old handle parked' wait_for 60 said server 7 serving
is "$(guest r1 sed -n 6p /run/server)" 'port=same' 'on the number of the dead port'
is "$(wc -l <peek)" 2 "Dom0's client still notices nothing"
echo go >told
check 'it closes' wait_for 30 grep -qx closed peek
check 'and no zombie stays' wait_for 30 no_zombies
is "$(dmvl-vchan client "$new" "/local/domain/$new/data/v" 0)" ok 'a client of the new server connects'
check 'and is served' wait_for 60 said server 8 again
check 'the kernel did not complain' console_clean r1
guest_destroy r1
check 'no zombie stays' wait_for 30 no_zombies
done_testing
