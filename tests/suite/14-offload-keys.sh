#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Offloads that the operator or the guest turns off; the checksums of DHCP, which are always filled in.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# offers NAME, takes NAME: checksums, TCP and UDP segments.
features()
{
	for _feature in csum tso4 uso; do
		xenstore-read "$1/feature-$_feature"
	done | xargs
}
offers()
{
	features "$(be "$1")"
}
takes()
{
	features "$(fe "$1")"
}

# seen FROM TO IF ADDRESS PORT: the checksum of a datagram as the kernel of FROM sends it and TO sees it.
seen()
{
	start seen at "$2" "exec dmvl-frames recv -i $3 -d $(mac "$2" "$3") -t 0800 -c 1 -w 30 -v"
	at "$1" "dmvl-flow udp $4 $5 -n 500 -l 500" >&2
	wait "$started"
	if grep -q partial seen.out; then echo partial; else echo complete; fi
}

uplink_setup
back_start
ldps 'g1 1' 'g2 2 offload-tso=0' 'g3 3'
all=$(offers g1)
like "$all" '1 1 [01]' 'a device is offered checksums and segments by default'
is "$(offers g2)" "1 0 ${all##* }" 'with offload-tso=0 no TCP segments are offered'
like "$(takes g2)" '1 0 *' 'with offload-tso=0 the guest takes no TCP segments'
talks g1
talks g2
talks g3
check 'g3 pings g1' wait_for 30 reaches g3 10.77.1.1

is "$(seen world g1 dmvl0 10.77.1.1 5000)" partial 'a datagram from the world comes with its checksum still to be filled in'
is "$(seen world g1 dmvl0 10.77.1.1 68)" complete 'a DHCP answer from the world comes with its checksum filled in'
is "$(seen g3 g1 dmvl0 10.77.1.1 5000)" partial 'a datagram from g3 comes with its checksum still to be filled in'
is "$(seen g3 g1 dmvl0 10.77.1.1 68)" complete 'a DHCP answer from g3 comes with its checksum filled in'

took=$(takes g1)
check 'set takes offload-csum' dmvlctl set g1 offload-csum=0 2>set.err
check 'set says when offload-csum takes effect' grep -q 'offload-csum takes effect when the device connects again' set.err
is "$(takes g1)" "$took" 'a connected guest keeps its offloads when a key changes'
check 'g1 talks on when a key changes' talks g1
agent_kill TERM g1
wait_for 30 agent_gone g1
agent_start g1
check 'g1 connects again' wait_for 60 connected g1
guest_net g1 1
is "$(offers g1)" '0 0 0' 'with offload-csum=0 nothing is offered'
is "$(takes g1)" '0 0 0' 'with offload-csum=0 the guest takes nothing'
talks g1
is "$(seen world g1 dmvl0 10.77.1.1 5000)" complete 'with offload-csum=0 a datagram comes with its checksum filled in'
is "$(seen g1 world world0 10.77.0.1 5000)" complete 'with offload-csum=0 a datagram leaves with its checksum filled in'
pipe_start g1 world 10.77.0.1 5001 300001
check 'with offload-csum=0 a TCP file leaves whole' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 300001
check 'with offload-csum=0 a TCP file comes whole' pipe_wait world g1 5001

agent_kill TERM g3
wait_for 30 agent_gone g3
agent_start g3 --offload-csum 0
check 'g3 connects with --offload-csum 0' wait_for 60 connected g3
guest_net g3 3
is "$(offers g3)" "$all" 'an option of the agent changes nothing of what is offered'
is "$(takes g3)" '0 0 0' 'with --offload-csum 0 the guest takes nothing'
talks g3
is "$(seen world g3 dmvl0 10.77.1.3 5000)" complete 'with --offload-csum 0 a datagram comes with its checksum filled in'
agent_kill TERM g3
wait_for 30 agent_gone g3
agent_start g3 --offload-tso 0 --offload-uso 0
check 'g3 connects with --offload-tso 0 --offload-uso 0' wait_for 60 connected g3
is "$(takes g3)" '1 0 0' 'with --offload-tso 0 --offload-uso 0 the guest takes checksums only'
for name in g1 g2 g3; do
	is "$(dropped $name offload)" 0 "no frame of $name is dropped as offload"
done
back_stop
done_testing
