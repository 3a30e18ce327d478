#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# libxenvchan between a guest's server and Dom0's client: echoes, and who learns of whose end. No
# dmvl here: this compares the two drivers of these tests.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

path=/local/domain/$(guest_domid g1)/data/v

# serve: a server in g1; $server is its process id.
serve()
{
	guest g1 rm -f /run/server
	server=$(guest_bg g1 'exec dmvl-vchan server 0 data/v >/run/server')
	wait_for 60 said ready
}
said()
{
	guest g1 "grep -qx $1 /run/server"
}
# hang: a client that waits for the server's end; a line into the fifo told is its next step.
hang()
{
	rm -f told hang
	mkfifo told
	dmvl-vchan hang "$(guest_domid g1)" "$path" <>told >hang &
	client=$!
	wait_for 60 grep -qx ok hang
}

check 'a server' serve
is "$(dmvl-vchan client "$(guest_domid g1)" "$path" 200)" ok '200 echoes of 1000 bytes'
check "the client's close wakes the server" wait_for 60 said closed
check "the server's close removes its nodes" wait_for 30 no_node "$path"

check 'another' serve
check 'a client' hang
kill -9 $client
wait $client
check "the client's kill -9 wakes the server" wait_for 60 said closed
check "the server's close removes its nodes" wait_for 30 no_node "$path"

check 'another' serve
check 'a client' hang
guest g1 kill -9 "$server"
check "the server's kill -9 wakes the client" wait_for 60 grep -q 'woken' hang
is "$(tail -n 1 hang)" 'woken open=0' 'which finds it gone'
is "$(xenstore-exists "$path/ring-ref" && echo there)" there 'its nodes stay'
echo go >told
wait $client
xenstore-rm "$path"

check 'another' serve
is "$(guest g2 xenstore-read "$path/ring-ref" 2>/dev/null)" '' 'another guest cannot read where it is'
like "$(guest g2 dmvl-vchan client "$(guest_domid g1)" "$path" 1 2>/dev/null)" 'E*' 'and cannot connect'
guest g1 kill -9 "$server"
xenstore-rm "$path"
done_testing
