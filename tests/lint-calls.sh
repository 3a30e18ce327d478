#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No call loops: no object file of a program uses, in however many steps, a symbol of an object file
# that uses one of its own. Calls through function pointers are not seen: that is how a lower part
# calls a higher one.
#
# Usage: tests/lint-calls.sh [DIR]     needs the objects (make); TREE=build/obj
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# dmvl-back and dmvlctl have common/, xenstore-schema/ and no name twice, so one graph does for both.
# The agent's names are looked up in the agent.
arrows()
{
	awk -v other="^$1/" '
	$3 ~ other { next }
	$1 == "def" { definer[$2] = $3; next }
	($2 in definer) && definer[$2] != $3 && !seen[$3, definer[$2]]++ {
		print $3, definer[$2], $2
	}' "$tmp/symbols"
}

symbols >"$tmp/symbols" || exit 2
status=0
arrows frontend | loops >"$tmp/found" || status=1
arrows backend | loops >>"$tmp/found" || status=1
# A loop within common/ is in both.
[ $status -eq 0 ] || {
	echo 'Break a loop at the arrow that goes up: let the lower file return a result, or hand it a callback.'
	cat "$tmp/found"
}
exit $status
