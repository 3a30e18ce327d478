#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# libxenvchan between a guest's server and Dom0's client: echoes, and who learns of the other's end.
# Without dmvl: this compares the two drivers of these tests.
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

check 'a server starts for 200 echoes' serve
is "$(dmvl-vchan client "$(guest_domid g1)" "$path" 200)" ok 'a client gets 200 echoes of 1000 bytes'
check "the client's close wakes the server" wait_for 60 said closed
check "a server woken by a close removes its nodes" wait_for 30 no_node "$path"

check 'a server starts for a client that is killed' serve
check 'a client that is going to be killed connects' hang
kill -9 $client
wait $client
check "the client's kill -9 wakes the server" wait_for 60 said closed
check "a server woken by kill -9 of its client removes its nodes" wait_for 30 no_node "$path"

check 'a server that is going to be killed starts' serve
check 'a client connects to a server that is going to be killed' hang
guest g1 kill -9 "$server"
check "the server's kill -9 wakes the client" wait_for 60 grep -q 'woken' hang
is "$(tail -n 1 hang)" 'woken open=0' 'a client finds its killed server gone'
is "$(xenstore-exists "$path/ring-ref" && echo there)" there 'a killed server leaves its nodes'
echo go >told
wait $client
xenstore-rm "$path"

check 'a server starts that another guest tries to reach' serve
is "$(guest g2 xenstore-read "$path/ring-ref" 2>/dev/null)" '' "another guest does not read the server's ring reference"
like "$(guest g2 dmvl-vchan client "$(guest_domid g1)" "$path" 1 2>/dev/null)" 'E*' 'another guest does not connect to the server'
guest g1 kill -9 "$server"
xenstore-rm "$path"
done_testing
