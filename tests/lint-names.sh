#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One meaning a name: no global symbol but main is defined twice in the product, although the programs
# are linked apart, and no two headers have the same include guard.
#
# Usage: tests/lint-names.sh [DIR]     needs the objects (make); TREE=build/obj
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# Reads "NAME FILE" a line.
twice()
{
	sort | awk -v advice="$1" '
	$1 == name { print name ": " file " and " $2 ": " advice; bad = 1 }
	{ name = $1; file = $2 }
	END { exit bad }'
}

guards()
{
	local header
	for header in $(files '*.h'); do
		echo "$(sed -n 's/^#ifndef //p;/^#/q' "$header") $header"
	done
}

symbols >"$tmp/symbols" || exit 2
status=0
awk '$1 == "def" && $2 != "main" { print $2, $3 }' "$tmp/symbols" | twice 'rename one' || status=1
guards >"$tmp/guards"
awk 'NF < 2 { print $1 ": no include guard before all else"; bad = 1 } END { exit bad }' \
	"$tmp/guards" || status=1
awk 'NF == 2' "$tmp/guards" | twice 'name each guard after its file' || status=1
exit $status
