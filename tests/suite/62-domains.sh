#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# What Dom0 learns of a domain's birth, suspend and death; memory that it has mapped at the end. No
# dmvl here: this compares the two drivers of these tests.
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
check '@introduceDomain too' wait_for 30 fired introduce 0
n=$(wc -l <introduce)
check 'make a guest' guest_create d1
check '@introduceDomain fires for it' wait_for 30 fired introduce "$n"
domid=$(guest_domid d1)
is "$(xenstore-read "/local/domain/$domid/name")" d1 'its nodes are there'

# Suspended and going on in the same domain: for the guest nothing has happened.
path=/local/domain/$domid/data/v
ready()
{
	guest d1 "grep -q ready /run/$1"
}
server=$(guest_bg d1 'exec dmvl-vchan server 0 data/v >/run/first')
check 'a server in it' wait_for 60 ready first
n=$(wc -l <release)
check 'a checkpoint' guest_checkpoint d1
check '@releaseDomain fires for a suspend' wait_for 30 fired release "$n"
is "$(guest_domid d1)" "$domid" 'with the domain still there'
is "$(dmvl-vchan client "$domid" "$path" 10)" ok 'and its server serves'
check 'to the end' wait_for 60 guest d1 "! kill -0 $server"

# A page and a vchan of it that Dom0 has mapped, when it is destroyed.
guest d1 'dmvl-probe share 0 1 1 >/run/share </dev/null &'
shared()
{
	guest d1 grep -q . /run/share
}
check 'it shares a page' wait_for 60 shared
guest_bg d1 'exec dmvl-vchan server 0 data/v >/run/second' >&2
check 'and serves' wait_for 60 ready second
mkfifo told.map told.hang
dmvl-probe map "$domid" "$(guest d1 cat /run/share)" ro - <>told.map >mapped &
mapper=$!
dmvl-vchan hang "$domid" "$path" <>told.hang >hang &
client=$!
check 'Dom0 maps the page' wait_for 60 grep -qx hello mapped
check 'and connects' wait_for 60 grep -qx ok hang
n=$(wc -l <release)
check 'destroy it' guest_destroy d1
check '@releaseDomain fires' wait_for 30 fired release "$n"
is "$(guest_domid d1)" '' 'the domain has no name any more'
check 'and no nodes' wait_for 30 no_node "/local/domain/$domid"
dying()
{
	[ -n "$(zombies)" ]
}
check 'it stays a zombie' wait_for 30 dying
echo go >told.hang
check "Dom0's client goes on when told" wait_for 30 grep -q open= hang
is "$(tail -n 1 hang)" 'told open=1' 'it was not woken, and sees no end'
echo go >told.map
check 'the page is still there' wait_for 30 fired mapped 1
is "$(tail -n 1 mapped)" hello 'with what was in it'
kill $mapper
wait $mapper
check 'still a zombie' dying
echo go >told.hang
wait $client
check 'and none when nothing is mapped' wait_for 30 no_zombies
done_testing
