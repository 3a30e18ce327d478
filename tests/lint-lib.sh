# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the scripts tests/lint-*.sh share; they read it with ".". Each of them checks one rule:
#
#   tests/lint-NAME.sh [DIR]    check the tree DIR (this one): findings on stdout, exit status 1
#
# No file of this project has a space in its name.
set -uo pipefail

tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# files PATTERN..: the paths of all files of these names, from the top. Logs are what tests leave.
files()
{
	local name names=()
	for name; do
		names+=(-o -name "$name")
	done
	find . \( -path ./build -o -path ./.git -o -path ./tests/fuzz/corpus -o -name '*.log' \) -prune -o \
		-type f \( "${names[@]:1}" \) -print | sed 's,^\./,,' | sort
}

# The same for what is installed: the product without its tests.
product()
{
	files "$@" | grep -v '^tests/'
}

# The headers that make writes into build/gen, and the folder that each belongs to.
generated()
{
	echo 'schema_keys.h xenstore-schema'
	echo 'schema_table.inc xenstore-schema'
	echo 'version_text.h common'
}

# code FILE: without its comments; lines keep their numbers.
code()
{
	sed 's,/\*.*\*/,,; /^[ \t]*\/\*/,/\*\//s/.*//' "$1"
}

# Every global symbol that an object of the product defines or uses, one a line:
#   def SYMBOL FILE.c
#   use SYMBOL FILE.c
# All "def" lines come first. Libraries' symbols have a "use" line alone.
symbols()
{
	local tree=${TREE:-build/obj} source object objects=()
	for source in $(product '*.c'); do
		object=$tree/${source%.c}.o
		if [ ! -f "$object" ] || [ "$source" -nt "$object" ]; then
			echo "$object is missing or older than its source: run make" >&2
			return 2
		fi
		objects+=("$object")
	done
	[ "${#objects[@]}" -gt 0 ] || {
		echo 'no C source here' >&2
		return 2
	}
	nm -A -P -g "${objects[@]}" | awk -v tree="$tree/" '{
		file = substr($1, length(tree) + 1)
		sub(/\.o:$/, ".c", file)
		print $3 ~ /[Uwv]/ ? "use" : "def", $2, file
	}' | sort -u
}

# loops: reads arrows, "FROM TO WHY" a line. Names each loop they make, arrow by arrow, and fails if
# there is one.
loops()
{
	cat >"$tmp/arrows"
	cut -d ' ' -f 1,2 "$tmp/arrows" | tsort >/dev/null 2>"$tmp/loops" && return 0
	awk '
	function close_loop(    i, next_one) {
		if (n) print "a loop:"
		for (i = 1; i <= n; i++) {
			next_one = node[i % n + 1]
			print "  " node[i] " -> " next_one " (" why[node[i], next_one] ")"
		}
		n = 0
	}
	FILENAME ~ /arrows$/ { why[$1, $2] = $3; next }
	/loop:$/ { close_loop(); next }
	{ node[++n] = $2 }
	END { close_loop() }' "$tmp/arrows" "$tmp/loops"
	return 1
}
