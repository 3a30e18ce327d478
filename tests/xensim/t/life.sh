#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Domains come, suspend, are restored and migrate, as their processes and Dom0 see it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
instance 1 "$@"

state() { xensim list | sed -n "s/^$1 \([^ ]*\) \([^ ]*\) .*/\1 \2/p"; }
uuid=$(xensim list | sed -n "s/^$g1 .* //p")
name=$(xenstore-read /local/domain/"$g1"/name)

xenstore-watch @introduceDomain >$tmp/intro &
xenstore-watch @releaseDomain >$tmp/release &
until_in $tmp/release @releaseDomain
is "$(wc -l <$tmp/release)" 1 "@releaseDomain fires on registering"
new=$(xensim create fresh)
until [ "$(wc -l <$tmp/intro)" -ge 2 ]; do sleep 0.01; done
is "$(xenstore-read /local/domain/"$new"/name) $(state "$new")" "fresh fresh ------" "a new domain"
is "$(wc -l <$tmp/intro)" 2 "fires @introduceDomain"
xensim destroy fresh
is "$(line $tmp/release 2)$(state "$new")" @releaseDomain "a destroy fires @releaseDomain"
is "$(xenstore-exists /local/domain/"$new" && echo there)" "" "and its nodes are gone"

# Suspend and resume in place: nothing happened.
in-guest "$g1" "$probe" server 0 data/v >$tmp/s &
until_in $tmp/s ready
xensim suspend "$g1"
is "$(line $tmp/release 3) $(state "$g1")" "@releaseDomain $name ---ss-" \
	"a suspend fires @releaseDomain, the domain stays"
is "$(xenstore-read /local/domain/"$g1"/data/v/ring-ref | grep -c .)" 1 "with its nodes"
xensim resume "$g1"
is "$($probe client "$g1" /local/domain/"$g1"/data/v 10)" ok "resumed in place, a vchan works"
until_in $tmp/s closed

# Restore in a new domain.
path=/local/domain/$g1/data/v
mkfifo $tmp/fifo
exec 3<>$tmp/fifo
rm -f $tmp/s
in-guest "$g1" "$probe" resume 0 data/v park <$tmp/fifo >$tmp/s &
until_in $tmp/s ready
mkfifo $tmp/peek
exec 4<>$tmp/peek
$probe peek "$g1" "$path" <$tmp/peek >$tmp/c &
until_in $tmp/s open
in-guest "$g1" xenstore-watch -n 2 data/w >$tmp/w &
until_in $tmp/w data/w
mkfifo $tmp/trans
exec 5<>$tmp/trans
in-guest "$g1" "$probe" transaction <$tmp/trans >$tmp/t &
until_in $tmp/t begun
old=$g1
xensim suspend "$g1"
g1=$(xensim restore "$g1")
is "$([ "$g1" != "$old" ] && state "$g1")" "$name ------" "restored under a new domid"
is "$(xensim list | sed -n "s/^$g1 .* //p")" "$uuid" "with the same UUID"
is "$(state "$old")" "(null) --pssd" "the old one a zombie while Dom0's client maps it"
is "$(in-guest "$g1" xenstore-read domid)" "$g1" "the guest reads its new domid"
until [ "$(wc -l <$tmp/w)" -ge 2 ]; do sleep 0.01; done
is "$(cat $tmp/w)" "$(printf 'data/w\ndata/w')" "its watches fire once"
echo go >&5
line $tmp/t 3 >/dev/null
is "$(tail -n 2 $tmp/t | tr '\n' ' ')" "write: ENOENT EAGAIN " "an open transaction ends with EAGAIN"
echo go >&4
is "$(line $tmp/c 2)" "open=1 reads=before notify=0" "Dom0's client notices nothing"
echo go >&3
is "$(line $tmp/s 3)" "poll=0 open=1 live=1" "nor does the guest's server"
is "$(line $tmp/s 4)" "notify=0 unmask=0" "whose old port swallows everything"
is "$(line $tmp/s 5)" "reads=mine" "what Dom0 wrote went into the void"
until_in $tmp/s serving
is "$(line $tmp/s 6)" "port=same" "port numbers are used again"
echo go >&4
is "$(line $tmp/c 3)" "open=1" "not even the end of that server"
until_in $tmp/c closed
is "$(sleep 0.05; state "$old")" "" "the zombie goes when Dom0 unmaps"
is "$($probe client "$g1" /local/domain/"$g1"/data/v 0 | head -n 1)" ok "a new server beside the parked fd"
until_in $tmp/s again
is "$(xensim dmesg | grep -c BUG)" 0 "the parked fd outlives its process: no kernel BUG"

# Migration: both domains exist for a while, under two names and one UUID.
xenstore-watch /local/domain >$tmp/names &
until_in $tmp/names /local/domain
old=$g1
g1=$(xensim migrate "$g1")
is "$(state "$g1")$(state "$old")" "$name ------" "migrated under a new domid"
is "$(xenstore-read /vm/"$uuid"/name)" "$name" "renamed in the end"
is "$(grep -c "^/local/domain/$g1/name" $tmp/names)" 2 "from $name--incoming"

xensim shutdown "$g1" crash
is "$(state "$g1")" "$name ---sc-" "a crashed domain"
finish
