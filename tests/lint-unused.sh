#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every global symbol of the product is used by another of its files. What only tests use is unused.
# What its own file and tests use may stay global. The compiler reports static functions without use.
#
# Usage: tests/lint-unused.sh [DIR]     needs the objects (make); TREE=build/obj
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# used_in FILE SYMBOL: also behind its definition, comments left out.
used_in()
{
	[ "$(code "$1" | grep -ow "$2" | wc -l)" -gt 1 ]
}

used_by_tests()
{
	files '*.c' '*.h' | grep '^tests/' | xargs -r grep -qw "$1"
}

symbols >"$tmp/symbols" || exit 2
awk '$1 == "use" { used[$2] = 1 } $1 == "def" && $2 != "main" { file[$2] = $3 }
	END { for (name in file) if (!used[name]) print file[name], name }' "$tmp/symbols" |
	sort >"$tmp/unused"
status=0
while read -r file name; do
	used=0 tested=0
	used_in "$file" "$name" && used=1
	used_by_tests "$name" && tested=1
	case $used$tested in
	00) echo "$file: nobody uses $name: remove it" ;;
	01) echo "$file: only tests use $name: remove it" ;;
	10) echo "$file: no other file uses $name: make it static" ;;
	11) continue ;;
	esac
	status=1
done <"$tmp/unused"
exit $status
