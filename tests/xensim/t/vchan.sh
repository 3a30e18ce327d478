#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# libxenvchan between a guest's server and Dom0's client: echoes, and who learns of whose end.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
instance 2 "$@"

path=/local/domain/$g1/data/v
serve() { # FILE: a server in guest 1; sets $server
	rm -f "$1"
	in-guest "$g1" "$probe" server 0 data/v >"$1" &
	server=$!
	until_in "$1" ready
}

serve $tmp/s
is "$($probe client "$g1" "$path" 1000)" ok "1000 echoes of 1000 bytes"
until_in $tmp/s closed
is "$(tail -n 1 $tmp/s)" closed "the client's close wakes the server"
wait $server
is "$(xenstore-exists "$path" && echo there)" "" "the server's close removes its nodes"

serve $tmp/s
rm -f $tmp/c
PROBE_HOLD=1 $probe client "$g1" "$path" 0 >$tmp/c &
client=$!
until_in $tmp/c ok
kill -9 $client
until_in $tmp/s closed
is "$(tail -n 1 $tmp/s)" closed "the client's kill -9 wakes the server"
wait $server

serve $tmp/s
rm -f $tmp/c
$probe client "$g1" "$path" 0 >$tmp/c &
client=$!
until_in $tmp/c ok
kill -9 $server
wait $client
is "$(tail -n 2 $tmp/c | tr '\n' ' ')" "woken open=0 " "the server's kill -9 wakes the client"
xenstore-rm "$path"

serve $tmp/s
is "$(in-guest "$g2" "$probe" client "$g1" "$path" 1)" EACCES "another guest cannot read where"

rm -f $tmp/c
PROBE_HOLD=1 $probe client "$g1" "$path" 0 >$tmp/c &
client=$!
until_in $tmp/c ok
xensim destroy "$g1"
line $tmp/c 3 >/dev/null
is "$(tail -n 2 $tmp/c | tr '\n' ' ')" "not woken open=1 " "Dom0's client is not woken by a destroy"
is "$(xensim list | sed -n "s/^$g1 \([^ ]* [^ ]*\).*/\1/p")" "(null) --p--d" \
	"and keeps the domain a zombie"
is "$(kill -0 $server 2>/dev/null && echo alive)" "" "whose processes are gone"
kill -9 $client
wait $client 2>/dev/null
sleep 0.05
is "$(xensim list | grep -c "^$g1 ")" 0 "until it unmaps"
is "$(xensim stat 0)" "handles=3 ports=$(xensim stat 0 | sed 's/.*ports=\([0-9]*\).*/\1/') shared=0 mapped=1" \
	"nothing is left but what xenstored holds"
finish
