#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which folder may include which, by paths from the top, and no include cycle. tests/ are only held to
# the last.
#
# Usage: tests/lint-includes.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# From the top down: a folder may include what is named here, and itself.
cat >"$tmp/table" <<'TABLE'
backend           | backend/control backend/datapath backend/msg backend/kept backend/capture backend/credit backend/vif backend/uplink backend/policy backend/sched backend/stats backend/frame backend/xen xenstore-schema common
backend/control   | backend/msg backend/kept backend/capture backend/credit backend/vif backend/uplink backend/policy backend/sched backend/frame backend/xen xenstore-schema common
backend/datapath  | backend/msg backend/capture backend/credit backend/vif backend/uplink backend/sched backend/stats backend/frame common
backend/ctl       | backend/ctl/plot backend/ctl/record backend/rerun backend/kept backend/capture backend/credit backend/vif backend/policy backend/sched backend/stats backend/frame backend/xen xenstore-schema common
backend/exporter  | backend/stats common
backend/ctl/check | backend/ctl backend/vif backend/uplink backend/kept backend/credit backend/policy backend/frame backend/xen xenstore-schema common
backend/ctl/plot  | backend/ctl/record backend/sched backend/stats common
backend/ctl/record | backend/stats common
backend/rerun     | backend/credit backend/sched backend/stats backend/frame common
backend/msg       | backend/capture backend/credit backend/uplink backend/sched backend/frame common
backend/kept      | xenstore-schema common
backend/capture   | common
backend/credit    | backend/sched backend/frame common
backend/vif       | backend/uplink common
backend/uplink    | backend/sched backend/frame common
backend/xen       | backend/frame xenstore-schema common
backend/policy    | backend/sched backend/frame xenstore-schema common
backend/sched     |
backend/stats     | common
backend/frame     | common
frontend          | xenstore-schema common
xenstore-schema   | common
common            |
TABLE

# Every include of a file of ours, "FILE LINE INCLUDED" a line, the path as it is written.
includes()
{
	# shellcheck disable=SC2046
	awk '
	/^[ \t]*#[ \t]*include[ \t]*["<]/ {
		split($0, part, /["<>]/)
		if ($0 ~ /include[ \t]*"/ || part[2] ~ /^(\.|(backend|frontend|common|xenstore-schema|tests)\/)/)
			print FILENAME, FNR, part[2]
	}' $(files '*.c' '*.h')
}

# By the table, and no path that goes up.
allowed()
{
	awk '
	function folder(path) {
		if (path in generated) return generated[path]
		return sub(/\/[^\/]*$/, "", path) ? path : "?"
	}
	function bad(what) { print $1 ":" $2 ": " what; status = 1 }
	FILENAME ~ /generated$/ { generated[$1] = $2; next }
	FILENAME ~ /table$/ {
		known[$1] = 1
		for (i = 3; i <= NF; i++) ok[$1, $i] = 1
		next
	}
	$1 ~ /^tests\// { next }
	{ from = folder($1); to = $3 ~ /\.\.\// ? "?" : folder($3) }
	!(from in known) { next }
	to == "?" { bad("\"" $3 "\": write the path from the top"); next }
	from != to && !((from, to) in ok) {
		bad(from "/ may not include " to "/ (" $3 "): move what it needs down, or hand it in")
	}
	END { exit status }' "$tmp/generated" "$tmp/table" "$tmp/includes"
}

# A folder without an include is a folder all the same.
known_folders()
{
	local folder status=0
	for folder in $(product '*.c' '*.h' | sed 's,/[^/]*$,,' | sort -u); do
		grep -q "^$folder *|" "$tmp/table" && continue
		echo "$folder/ is not in the table of tests/lint-includes.sh"
		status=1
	done
	return $status
}

# A path that is not from the top is relative to the folder of the file: only tests have some.
cycles()
{
	awk '{
		file = $3
		if ((getline line <file) < 0) {
			file = $1
			sub(/[^\/]*$/, $3, file)
			while (sub(/[^\/]+\/\.\.\//, "", file)) {}
		}
		close(file)
		if (file != $1) print $1, file, "line:" $2
	}' "$tmp/includes" | loops
}

status=0
includes >"$tmp/includes"
generated >"$tmp/generated"
known_folders || status=1
allowed || status=1
cycles || status=1
exit $status
