#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/tally makes of skipped tests.
tests=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

# is GOT WANTED NAME
is()
{
	n=$((n + 1))
	[ "$1" = "$2" ] && echo "ok $n - $3" && return
	echo "not ok $n - $3"
	echo "# got $1, wanted $2"
}

# tally STRICT FILE LINE..: its last line and its status, of these lines.
tally()
{
	strict=$1 tap=$dir/$2.tap
	shift 2
	printf '%s\n' "$@" >"$tap"
	STRICT=$strict "$tests/tally" "$tap" 2>"$dir/said" | tail -n 1
	STRICT=$strict "$tests/tally" "$tap" >"$dir/out" 2>&1 || echo failed
}

good='ok 1 - 43-top: q ends top'
no_tool='ok 2 - 43-top # SKIP there is no tmux'
is "$(tally 1 xensim "$good" "$no_tool")" "1 passed, 1 failed, 0 skipped
failed" 'STRICT: a tool is missing for a file that runs on xensim alone'
is "$(grep -c '43-top # SKIP there is no tmux (a failure' "$dir/out")" 1 'what was skipped is named'
is "$(tally 0 xensim "$good" "$no_tool")" '1 passed, 0 failed, 1 skipped' 'without STRICT a skipped test is no failure'
is "$(grep -c '43-top # SKIP there is no tmux' "$dir/out")" 1 'what was skipped is named without STRICT too'
is "$(tally 1 xensim 'ok 1 - 05-local: g1 pings # SKIP there is no ethtool here')" \
	'0 passed, 0 failed, 1 skipped' 'STRICT: the file runs on real Xen too'
is "$(tally 1 san-xensim 'ok 1 - 05-local: g1 pings # SKIP there is no ethtool here')" \
	'0 passed, 0 failed, 1 skipped' 'STRICT: the same under sanitizers'
is "$(tally 1 xen 'ok 1 - 05-local: g1 pings # SKIP there is no ethtool here')" "0 passed, 1 failed, 0 skipped
failed" 'STRICT: on real Xen nothing may be skipped'
is "$(tally 1 xen 'ok 1 - 52-ctl-alone # SKIP only on xensim: processes')" \
	'0 passed, 0 failed, 1 skipped' 'STRICT: what runs only on xensim was run there'
is "$(tally 1 xensim 'ok 1 - 34-macvtap-life # SKIP this kernel has no macvtap')" \
	'0 passed, 0 failed, 1 skipped' 'STRICT: the kernel of this machine lacks it'
is "$(tally 1 unit-test_x 'ok 1 - realtime # SKIP not permitted')" "0 passed, 1 failed, 0 skipped
failed" 'STRICT: a unit program skips'
is "$(tally 1 unit-test_x 'ok 1 - a' 'not ok 2 - b' 'ok 3 - c')" "2 passed, 1 failed, 0 skipped
failed" 'what passed and failed is counted'
echo "1..$n"
