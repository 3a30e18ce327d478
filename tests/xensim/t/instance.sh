#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # the inner shell expands
# The instance itself: statuses, side by side, nothing left behind.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

here() { # what outside could show of an instance
	find /proc -maxdepth 1 -name '[0-9]*' -exec sh -c 'tr "\0" " " <"$1/cmdline"' sh {} \; 2>/dev/null |
		tr ' ' '\n' | grep -c "[x]${mark#x}" || :
}

mark=xensim-mark-$$ # not found in the search itself: see the brackets
"$run" true
is $? 0 "the status of a command that succeeds is 0"
"$run" sh -c 'exit 7'
is $? 7 "the status of a command that fails is passed on"
"$run" sh -c 'kill -9 $$'
is $? 137 "the signal that kills a command is passed on"
"$run" --guests 1 no-such-command 2>/dev/null
is $? 127 "a command that does not exist gives status 127"
is "$("$run" --guests 2 sh -c 'echo $DMVL_SIM_GUESTS')" "1 2" "DMVL_SIM_GUESTS lists the domids of the guests"
is "$("$run" --guests 1 sh -c 'in-guest guest1 sh -c "exit 5"; echo $?')" 5 "in-guest gives the status of its command"
is "$("$run" --guests 1 sh -c 'in-guest 1 sleep 9 & p=$!; is() { tr "\0" " " </proc/$p/cmdline; }
	i=0; until [ "$(is)" = "sleep 9 " ] || [ $((i += 1)) -gt 500 ]; do sleep 0.01; done; is')" \
	"sleep 9 " "in-guest becomes its command"

files() { # that an instance could leave; a macvtap's of another one comes and goes
	find /run /dev -maxdepth 1 ! -name 'tap*' | sort | cksum
}
here_is() { # wait for it, 5 s at most; -ge or -eq, a number
	tries=0
	until test "$(here)" "$@" || [ $((tries += 1)) -gt 500 ]; do sleep 0.01; done
	test "$(here)" "$@"
}
before=$(files)
"$run" --guests 2 sh -c "in-guest 1 sh -c 'sleep 1000; : $mark' & sleep 1000; : $mark" &
a=$!
"$run" --guests 2 sh -c 'xenstore-write /x b; sleep 0.2; xenstore-read /x' >/dev/null &
b=$!
is "$(here_is -ge 2 && echo running)" running "an instance runs in the background"
wait $b
is $? 0 "an instance runs beside another"
kill -9 $a
wait $a 2>/dev/null
is "$(here_is -eq 0 && echo none)" none "kill -9 of an instance ends all that is inside"
is "$(files)" "$before" "kill -9 of an instance leaves no file"

start=$(date +%s%N)
"$run" --guests 3 true
ms=$((($(date +%s%N) - start) / 1000000))
echo "# three guests from nothing to nothing: $ms ms"
start=$(date +%s%N)
"$run" --guests 100 true
ms=$((($(date +%s%N) - start) / 1000000))
echo "# 100 guests: $ms ms"
finish
