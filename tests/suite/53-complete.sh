#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl complete, and the completion of bash that asks it.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: it needs bash and the source tree'

script=${SUITE_LIB%/*}/../../backend/ctl/completion.bash

# words WORD..: what may follow, in one line, sorted.
words()
{
	dmvlctl complete -- "$@" | sort | tr '\n' ' '
}

# offers CANDIDATE WORD..; no_offer likewise
offers()
{
	_c=$1
	shift
	words "$@" | grep -qE "(^| )$_c( |$)"
}

no_offer()
{
	! offers "$@"
}

# bash_says LINE: what bash would put in the place of the last word of LINE.
bash_says()
{
	# shellcheck disable=SC2016 # for the other bash
	bash -c 'source "$1"; COMP_WORDBREAKS=" =:"; COMP_LINE=$2; COMP_POINT=${#2}; _dmvlctl 2>/dev/null; echo "${COMPREPLY[*]}"' \
		bash "$script" "$1"
}

# ---- commands and options: xenstored is not asked

is "$(words sho)" 'show ' 'the beginning of a command is completed'
is "$(words group)" 'group groups ' 'a word that begins two commands gives both'
for command in $(dmvlctl -h | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
	check "$command is among the commands" offers "$command" ''
	for option in $(dmvlctl "$command" -h | grep -oE -- '--[a-z]+'); do
		check "$command offers its option $option" offers "$option" "$command" --
	done
done
is "$(words list --f)" '' 'list does not offer --follow'
is "$(words nonsense '')" '' 'a command that does not exist offers nothing'
is "$(words list '')" '' 'a command without arguments offers none'

is "$(words --json sho)" 'show ' 'a command is completed behind an option'
is "$(words -B 0 sho)" 'show ' 'a command is completed behind an option and its value'
is "$(words --backend=0 sho)" 'show ' 'a command is completed behind an option with its value'
check 'options may begin the line' offers --json --
check 'options may follow one before the command' offers --uplink -B 0 --
is "$(words plot x.rec --what s)" 'shares ' 'a kind of picture is completed'
is "$(words plot x.rec --dir '')" 'rx tx ' 'so are directions'
is "$(words -B 0 list --f)" '' 'list does not offer --follow behind an option'
is "$(words -B 0 uplink default switch=l)" 'switch=local ' 'a value is completed behind an option'
is "$(words --json nonsense '')" '' 'a command that does not exist offers nothing behind an option'

# ---- keys and values

check 'attach offers the key weight' offers weight= attach g1 ''
check 'attach offers the key uplink' offers uplink= attach g1 ''
check 'set does not offer the key uplink, which takes effect at attach only' no_offer uplink= set g1 ''
check 'set offers a key after another setting' offers tx-max= set g1 weight=1 ''
check 'no key that operators do not write is offered' no_offer credit= set g1 ''
check 'uplink offers the keys of uplinks' offers tx-capacity= uplink default ''
check 'uplink does not offer keys of devices' no_offer weight= uplink default ''
is "$(words uplink default switch=)" 'switch=local switch=off switch=uplink ' 'a key of an uplink with few words offers them'
is "$(words group web tx-)" 'tx-max= tx-min= ' 'group offers the keys of groups'
is "$(words set g1 latency=)" 'latency=low latency=normal ' 'a key with few words offers them'
is "$(words set g1 spoof-check=)" 'spoof-check=0 spoof-check=1 ' 'a key that is on or off offers 0 and 1'
is "$(words set g1 weight=)" '' 'the value of a number is left to the operator'
is "$(words set g1 frobnicate=)" '' 'an unknown key offers no value'

# What -h lists is what is offered.
for command in attach set group; do
	is "$(dmvlctl $command -h | awk 'on { print $1 "=" } $1 == "KEY" { on = 1 }' | sort | tr '\n' ' ')" \
		"$(words $command x '')" "the keys that $command -h lists are those that are offered"
done

# ---- names

for name in g1 g2 g3 g4; do
	check "attach offers $name" offers $name attach ''
done
is "$(words show '')" '' 'show offers no guest without a device'
dmvlctl attach g1 >attached
dmvlctl attach g2/3 >>attached
is "$(words show '')" 'g1 g2/3 ' 'show offers the devices there are'
is "$(words log g2)" 'g2/3 ' 'log offers them too'
is "$(words -B 0 show '')" 'g1 g2/3 ' 'show offers them behind an option'
is "$(words --json log g2)" 'g2/3 ' 'log offers them behind an option'
check 'the option -B offers guests' offers g3 list -B ''
dmvlctl attach -B g3 g4/5 >>attached
is "$(words -B g3 show '')" 'g4/5 ' 'with -B before the command show offers what that domain serves'
is "$(words show -B g3 '')" 'g4/5 ' 'with -B behind the command show offers what that domain serves'
is "$(words show -B nosuch '')" '' 'with a -B that does not exist nothing is offered'
dmvlctl detach -B g3 g4/5 --timeout 100ms >>attached 2>&1
is "$(words show 1)" '1 ' 'a digit begins a domid'
xenstore-write "/local/domain/2/name" 'a b;c'
is "$(words show '')" 'g1 ' 'a name that a shell would take apart is not offered'
xenstore-write "/local/domain/2/name" g2

is "$(words groups '')" '' 'no uplink is offered where none is'
uplink_setup
back_start --tx-capacity "$SUITE_RATE"
dmvlctl group web weight=3
is "$(words groups '')" 'default ' 'groups offers the uplinks'
is "$(words uplink '')" 'default ' 'uplink offers the uplinks'
is "$(words forget-uplink '')" 'default ' 'forget-uplink offers the uplinks'
is "$(words saved --uplink '')" 'default ' 'the option --uplink offers them too'
is "$(words attach g3 uplink=)" 'uplink=default ' 'and so does the key uplink'
is "$(words group '')" 'web ' 'group offers the groups'
is "$(words set g1 group=w)" 'group=web ' 'the key group offers them too'
dmvlctl set g1 weight=77
check 'forget offers the UUID of a guest that is remembered' \
	wait_for 10 offers "$(dmvlctl show --json g1 | sed -n 's/.*"uuid": *"\([^"]*\)".*/\1/p')" forget ''
back_stop

# ---- bash

is "$(bash_says 'dmvlctl sho')" show 'bash completes a command'
is "$(bash_says 'dmvlctl  set g1 tx-ma')" tx-max= 'bash completes a key'
is "$(bash_says 'dmvlctl -B 0 set g1 tx-ma')" tx-max= 'bash completes a key where an option is before the command'
is "$(bash_says 'dmvlctl set g1 latency=lo')" low 'bash completes a value, without the key before it'
is "$(bash_says 'dmvlctl show ')" 'g1 g2/3' 'bash offers what may begin the next word'
is "$(bash_says 'dmvlctl set g1 nonsense')" '' 'bash offers nothing where nothing fits'
done_testing
