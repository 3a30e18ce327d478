#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What Dom0 learns of a domain's birth, suspend and death; what becomes of its memory that Dom0 has mapped.
# Without dmvl: this compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# fired FILE N: a watch's output has more than N lines.
fired()
{
	[ "$(wc -l <"$1")" -gt "$2" ]
}

xenstore-watch @introduceDomain >introduce &
xenstore-watch @releaseDomain >release &
check '@releaseDomain fires on registering' wait_for 30 fired release 0
check '@introduceDomain fires on registering' wait_for 30 fired introduce 0
n=$(wc -l <introduce)
check 'guest d1 is created' guest_create d1
check '@introduceDomain fires for a new guest' wait_for 30 fired introduce "$n"
domid=$(guest_domid d1)
is "$(xenstore-read "/local/domain/$domid/name")" d1 'the nodes of a new guest are there'

# A checkpoint, suspended and resumed in the same domain: for the guest nothing has happened.
path=/local/domain/$domid/data/v
ready()
{
	guest d1 "grep -q ready /run/$1"
}
server=$(guest_bg d1 'exec dmvl-vchan server 0 data/v >/run/first')
check 'a server starts before the checkpoint' wait_for 60 ready first
n=$(wc -l <release)
check 'a checkpoint of d1 succeeds' guest_checkpoint d1
check '@releaseDomain fires for a suspend' wait_for 30 fired release "$n"
is "$(guest_domid d1)" "$domid" 'a checkpoint leaves the domain its domid'
is "$(dmvl-vchan client "$domid" "$path" 10)" ok 'a server serves after a checkpoint of its guest'
check 'a server ends with its client after a checkpoint' wait_for 60 guest d1 "! kill -0 $server"

# d1 is destroyed while Dom0 has a page and a vchan of it mapped.
guest d1 'dmvl-probe share 0 1 1 >/run/share </dev/null &'
shared()
{
	guest d1 grep -q . /run/share
}
check 'd1 shares a page with Dom0' wait_for 60 shared
guest_bg d1 'exec dmvl-vchan server 0 data/v >/run/second' >&2
check 'a server starts in a guest that is going to be destroyed' wait_for 60 ready second
mkfifo told.map told.hang
dmvl-probe map "$domid" "$(guest d1 cat /run/share)" ro - <>told.map >mapped &
mapper=$!
dmvl-vchan hang "$domid" "$path" <>told.hang >hang &
client=$!
check 'Dom0 maps the page of d1' wait_for 60 grep -qx hello mapped
check 'Dom0 connects to the server of d1' wait_for 60 grep -qx ok hang
n=$(wc -l <release)
check 'd1 is destroyed while Dom0 maps its memory' guest_destroy d1
check '@releaseDomain fires for a destroyed guest' wait_for 30 fired release "$n"
is "$(guest_domid d1)" '' 'a destroyed guest has no name any more'
check 'a destroyed guest has no nodes any more' wait_for 30 no_node "/local/domain/$domid"
dying()
{
	[ -n "$(zombies)" ]
}
check 'a destroyed guest stays a zombie while Dom0 maps its memory' wait_for 30 dying
echo go >told.hang
check "a client of a destroyed server goes on when told" wait_for 30 grep -q open= hang
is "$(tail -n 1 hang)" 'told open=1' "a client is not woken by the end of its server's guest, and sees no end"
echo go >told.map
check 'a mapped page of a destroyed guest is still readable' wait_for 30 fired mapped 1
is "$(tail -n 1 mapped)" hello 'a mapped page of a destroyed guest keeps its content'
kill $mapper
wait $mapper
check 'a destroyed guest is a zombie as long as a client has its ring' dying
echo go >told.hang
wait $client
check 'a destroyed guest is no zombie when nothing of it is mapped' wait_for 30 no_zombies
done_testing
