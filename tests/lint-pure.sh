#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A header whose first comment says "Pure" keeps its word, and so does the .c of its name: they
# include only what is pure themselves, ask nobody for the time and log nothing. In some folders all
# headers say so.
#
# Usage: tests/lint-pure.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

pure_folders='^backend/(frame|sched)/'

# The headers that say so above their guard, and the generated ones: they are tables.
pure_headers()
{
	# shellcheck disable=SC2046
	awk 'FNR == 1 { comment = 1 }
	/^#/ { comment = 0 }
	comment && /(^|[^A-Za-z])Pure([^A-Za-z]|$)/ { print FILENAME }' $(product '*.h') | sort -u
	generated | cut -d ' ' -f 1
}

impure()
{
	code "$1" | awk -v file="$1" '
	function bad(what) { print file ":" FNR ": " what; status = 1 }
	FILENAME != "-" { pure[$1] = 1; next }
	/^#[ \t]*include/ {
		split($0, part, /["<>]/)
		name = part[2]
		if ($0 ~ /"/ && !(name in pure))
			bad("is pure and includes " name ", which does not say so")
		if ($0 ~ /</ && name != "xen/io/xenbus.h" &&
		    name ~ /^(event2\/|xen|libxen|xs\.h|sys\/socket\.h|sys\/time\.h|time\.h)/)
			bad("is pure and includes <" name ">")
	}
	match($0, /(^|[^A-Za-z0-9_])(clock_gettime|gettimeofday|log_[a-z_]+)\(/) {
		name = substr($0, RSTART, RLENGTH)
		gsub(/[^a-z_]/, "", name)
		bad("is pure and calls " name "()")
	}
	END { exit status }' "$tmp/pure" -
}

pure_headers >"$tmp/pure"
status=0 n=0
for header in $(product '*.h' | grep -E "$pure_folders" | grep -vxFf "$tmp/pure"); do
	echo "$header: its first comment does not say Pure, as all of its folder do"
	status=1
done
for header in $(grep / "$tmp/pure"); do
	n=$((n + 1))
	for file in "$header" "${header%.h}.c"; do
		[ ! -f "$file" ] || impure "$file" || status=1
	done
done
[ $status -eq 0 ] ||
	echo 'Hand in what it needs as an argument; a header that keeps the rule and does not say so: add Pure.'
echo "$n pure headers"
exit $status
