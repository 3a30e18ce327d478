#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What xensim adds to what tests/suite/62-domains.sh and 63-restored.sh compare with Xen: its own
# commands, their states, and migration.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
instance 1 "$@"

state() { xensim list | sed -n "s/^$1 \([^ ]*\) \([^ ]*\) .*/\1 \2/p"; }
# A domain goes when xenstored too has unmapped its ring, in a moment.
gone() {
	tries=0
	until [ -z "$(state "$1")" ] || [ $((tries += 1)) -gt 500 ]; do sleep 0.01; done
	[ -z "$(state "$1")" ] && echo gone
}
uuid=$(xensim list | sed -n "s/^$g1 .* //p")
name=$(xenstore-read /local/domain/"$g1"/name)
idle=$(xensim stat 0)

new=$(xensim create fresh)
is "$(xenstore-read /local/domain/"$new"/name) $(state "$new")" "fresh fresh ------" "a created domain has a name and runs"
xensim destroy fresh
is "$(gone "$new")" gone "a destroyed domain is gone"
is "$(xenstore-exists /local/domain/"$new" && echo there)" "" "the nodes of a destroyed domain are gone"

xensim suspend "$g1"
is "$(state "$g1")" "$name ---ss-" "a suspended domain has the state suspended"
xensim resume "$g1"
is "$(state "$g1")" "$name ------" "a resumed domain runs"

# A server with a client in Dom0; its guest moves to a new domain.
mkfifo $tmp/server.in $tmp/client.in
exec 3<>$tmp/server.in 4<>$tmp/client.in
in-guest "$g1" dmvl-vchan resume 0 data/v park <$tmp/server.in >$tmp/server &
server=$!
until_in $tmp/server ready
dmvl-vchan hang "$g1" /local/domain/"$g1"/data/v <$tmp/client.in >$tmp/client &
client=$!
until_in $tmp/client ok
old=$g1
xensim suspend "$g1"
g1=$(xensim restore "$g1")
is "$([ "$g1" != "$old" ] && state "$g1")" "$name ------" "a restored domain runs under a new domid"
is "$(xensim list | sed -n "s/^$g1 .* //p")" "$uuid" "a restored domain has the same UUID"
is "$(state "$old")" "(null) --pssd" "the old domain is a zombie while Dom0's client maps it"
is "$(kill -0 $server && echo alive)" alive "the processes of a restored domain live on"
kill $client
wait $client
is "$(gone "$old")" gone "the old domain goes with Dom0's client"
is "$(xensim stat 0)" "$idle" "Dom0 holds no more after a restore than before"

# Migration: both domains exist for a while, under two names and one UUID.
xenstore-watch /local/domain >$tmp/names &
until_in $tmp/names /local/domain
old=$g1
g1=$(xensim migrate "$g1")
is "$(state "$g1") $(gone "$old")" "$name ------ gone" "a migrated domain runs under a new domid, and the old one is gone"
is "$(xenstore-read /vm/"$uuid"/name)" "$name" "a migrated domain has its own name in the end"
is "$(grep -c "^/local/domain/$g1/name" $tmp/names)" 2 "a migrated domain is renamed from --incoming"

# Domids are used again when they have all been used, but not that of a domain that is there.
xensim next 32751
last=$(xensim create last)
is "$last $(xensim create first)" "32751 1" "the domids begin again behind the largest"
xensim next "$g1"
is "$(xensim create beside)" "$((g1 + 1))" "the domid of a domain that is there is not given to another"

xensim shutdown "$g1" crash
is "$(state "$g1")" "$name ---sc-" "a crashed domain has the state crashed"
xensim destroy "$g1"
is "$(gone "$g1")" gone "a crashed domain that is destroyed is gone"
is "$(kill -0 $server 2>/dev/null && echo alive)" "" "the processes of a destroyed domain end"
finish
