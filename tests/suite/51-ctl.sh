#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
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
check 'the reader takes JSON' json_ok good
printf '{"a": [1, {"b": }], "c": null}\n' >bad
json_ok bad
is $? 1 'and refuses what is none'

json()
{
	dmvlctl "$@" --json >json.out
	_status=$?
	cat json.out >&2
	[ $_status -eq 0 ] && json_ok json.out
}

check 'list of nothing, without a backend' dmvlctl list
check 'as JSON' json list
uplink_setup
check 'attach before dmvl-back runs' dmvlctl attach g1 weight=100
back_start
agent_start g1
check 'it connects when it does' wait_for 60 connected g1
check 'attach as JSON' json attach g2 weight=200 tx-max=10mbit vlan=10,20 mtu=1400
is "$(xenstore-read "$(be g2)/tx-max")" 10000000 'a rate with a unit is written in bits per second'
is "$(xenstore-read "$(be g2)/mtu")" 1400 'the mtu too'
agent_start g2
check 'it connects' wait_for 60 connected g2
is "$(guest g2 cat /sys/class/net/dmvl0/mtu)" 1400 'the guest has the mtu'
check 'a MAC that another has is refused' sh -c "! dmvlctl attach g3 mac=$(xenstore-read "$(be g1)/mac")"
check 'and leaves no node' no_node "$(be g3)"

like "$(dmvlctl list | sort)" '*g1*100*g2*200*' 'list'
check 'list as JSON' json list
like "$(grep '"domain"' json.out | sort)" '*"g1"*"g2"*' 'with both names'
like "$(dmvlctl show g2)" '*weight*200*vchan/ring-ref*' 'show, both directories'
check 'show as JSON' json show g2/0
like "$(dmvlctl uplinks)" '*default*dmvl-up*' 'uplinks'
check 'uplinks as JSON' json uplinks
like "$(cat json.out)" '*"default"*"dmvl-up"*' 'with name and device'

check 'by domid' dmvlctl show "$(guest_domid g2)"
uuid=$(xenstore-read "/local/domain/$(guest_domid g2)/vm")
check 'by UUID' dmvlctl show "${uuid#/vm/}"

check 'set' dmvlctl set g1 weight=500 tx-max=5mbit
is "$(xenstore-read "$(be g1)/weight") $(xenstore-read "$(be g1)/tx-max")" '500 5000000' 'both are written'
check 'set as JSON' json set g1 weight=600
dmvlctl set g1 weight=700 tx-max=fast 2>err
is $? 2 'one bad value of two: status 2'
is "$(xenstore-read "$(be g1)/weight")" 600 'and nothing is written'
dmvlctl set g1 tx-min=6mbit 2>err
is $? 2 'min over max: status 2'
dmvlctl set g4 weight=1 2>err
is $? 1 'a guest without a device: status 1'
is "$(wc -l <err)" 1 'one line'
dmvlctl show nobody 2>err
is $? 1 'no such guest: status 1'
dmvlctl attach g1 2>err
is $? 1 'attach twice: status 1'

check 'detach as JSON' json detach g2 --timeout 60s
like "$(cat json.out)" '*"clean":*true*' 'cleanly'
check 'its nodes are gone' no_node "$(be g2)"
dmvlctl detach g2 2>err
is $? 1 'detach twice: status 1'
check 'detach' dmvlctl detach g1
is "$(xenstore-exists /local/domain/0/backend/dmvl/"$(guest_domid g1)"; echo $?)" 1 'nothing is left'
back_stop
check 'attach when dmvl-back is gone' dmvlctl attach g1
check 'detach then waits for nobody' dmvlctl detach g1 --timeout 600s
done_testing
