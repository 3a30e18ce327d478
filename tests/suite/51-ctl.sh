#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvlctl at its work: attach, list, show, set, detach, uplinks; plain and as JSON.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# A reader of JSON that both drivers have: pairs of quotes, braces and brackets.
json_ok()
{
	awk '{ text = text $0 "\n" }
		END {
			if (text !~ /^[ \n]*[[{]/)
				exit 1
			while (match(text, /"([^"\\]|\\.)*"/))
				text = substr(text, 1, RSTART - 1) "0" substr(text, RSTART + RLENGTH)
			gsub(/[ \n\t]+/, "", text)
			gsub(/true|false|null|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/, "0", text)
			while (gsub(/\[(0(,0)*)?\]|\{(0:0(,0:0)*)?\}/, "0", text))
				;
			exit text != "0"
		}' "$1"
}
printf '{"a": [1, {"b": "x\\"}"}], "c": null}\n' >good
check 'the JSON reader of this test takes JSON' json_ok good
printf '{"a": [1, {"b": }], "c": null}\n' >bad
json_ok bad
is $? 1 'the JSON reader of this test refuses what is not JSON'

json()
{
	dmvlctl "$@" --json >json.out
	_status=$?
	cat json.out >&2
	[ $_status -eq 0 ] && json_ok json.out
}

check 'dmvlctl list succeeds without devices and dmvl-back' dmvlctl list
check 'dmvlctl list --json succeeds without devices and dmvl-back' json list
uplink_setup
check 'dmvlctl attaches g1 before dmvl-back runs' dmvlctl attach g1 weight=100
back_start
agent_start g1
check 'a device attached before dmvl-back runs connects' wait_for 60 connected g1
check 'dmvlctl attach --json prints JSON' json attach g2 weight=200 tx-max=10mbit vlan=10,20 mtu=1400
is "$(xenstore-read "$(be g2)/tx-max")" 10000000 'a rate with a unit is written in bits per second'
is "$(xenstore-read "$(be g2)/mtu")" 1400 'the mtu given at attach is written'
agent_start g2
check 'a device attached with settings connects' wait_for 60 connected g2
is "$(guest g2 cat /sys/class/net/dmvl0/mtu)" 1400 "the guest's interface has the mtu given at attach"
check 'attach refuses a MAC that another device has' sh -c "! dmvlctl attach g3 mac=$(xenstore-read "$(be g1)/mac")"
check 'a refused attach leaves no node' no_node "$(be g3)"

like "$(dmvlctl list | sort)" '*g1*100*g2*200*' 'dmvlctl list shows both guests with their weights'
check 'dmvlctl list --json prints JSON' json list
like "$(grep '"domain"' json.out | sort)" '*"g1"*"g2"*' 'dmvlctl list --json names both guests'
like "$(dmvlctl show g2)" '*g2/0: connected*weight: 200 of 300*tx limits: at most 10mbit: tx-max*' 'dmvlctl show says what the device has'
between "$(dmvlctl show g2 | wc -l)" 5 14 'dmvlctl show is about a dozen lines'
like "$(dmvlctl show g2 --all)" '*weight*200*vchan/ring-ref*' 'dmvlctl show --all prints keys of both directories'
check 'dmvlctl show --json prints JSON' json show g2/0
like "$(dmvlctl uplinks)" '*default*dmvl-up*' 'dmvlctl uplinks shows the uplink and its device'
check 'dmvlctl uplinks --json prints JSON' json uplinks
like "$(cat json.out)" '*"default"*"dmvl-up"*' 'dmvlctl uplinks --json names the uplink and its device'

check 'dmvlctl show takes a domid' dmvlctl show "$(guest_domid g2)"
uuid=$(xenstore-read "/local/domain/$(guest_domid g2)/vm")
check 'dmvlctl show takes a UUID' dmvlctl show "${uuid#/vm/}"

check 'dmvlctl set changes two keys at once' dmvlctl set g1 weight=500 tx-max=5mbit
is "$(xenstore-read "$(be g1)/weight") $(xenstore-read "$(be g1)/tx-max")" '500 5000000' 'dmvlctl set writes both of its keys'
check 'dmvlctl set --json prints JSON' json set g1 weight=600
dmvlctl set g1 weight=700 tx-max=fast 2>err
is $? 2 'dmvlctl set with one bad value of two ends with status 2'
is "$(xenstore-read "$(be g1)/weight")" 600 'dmvlctl set with one bad value of two writes nothing'
dmvlctl set g1 tx-min=6mbit 2>err
is $? 2 'dmvlctl set of a tx-min above tx-max ends with status 2'
dmvlctl set g4 weight=1 2>err
is $? 1 'dmvlctl set for a guest without a device ends with status 1'
is "$(wc -l <err)" 1 'dmvlctl set for a guest without a device prints one line'
dmvlctl show nobody 2>err
is $? 1 'dmvlctl show of an unknown guest ends with status 1'
dmvlctl attach g1 2>err
is $? 1 'attaching a device twice ends with status 1'

check 'dmvlctl detach --json prints JSON' json detach g2 --timeout 60s
like "$(cat json.out)" '*"clean":*true*' 'dmvlctl detach --json tells a clean detach'
check 'detach removes the backend directory of g2' no_node "$(be g2)"
dmvlctl detach g2 2>err
is $? 1 'detaching a device twice ends with status 1'
check 'dmvlctl detaches g1 without options' dmvlctl detach g1
is "$(xenstore-exists /local/domain/0/backend/dmvl/"$(guest_domid g1)"; echo $?)" 1 'detach removes the backend directory of g1'
back_stop
check 'dmvlctl attaches g1 when dmvl-back has ended' dmvlctl attach g1
check 'detach waits for nobody when dmvl-back has ended' dmvlctl detach g1 --timeout 600s
done_testing
