#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A header whose first comment says "Pure" keeps its word, and so does the .c of its name: they
# include only what is pure themselves, ask nobody for the time and log nothing. In some folders all
# headers say so. Of other objects and of libraries a pure one uses what pure ones define, and what
# can do nothing but compute and allocate.
#
# Usage: tests/lint-pure.sh [DIR]     looks into the objects that are there; TREE=build/obj
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

# Library functions that a pure object may use.
harmless='^(_*(mem|str)[a-z_0-9]*|malloc|calloc|realloc|free|aligned_alloc|posix_memalign|qsort|bsearch|
abs|labs|abort|__assert_fail|_*(v?sn?printf|isoc99_sscanf)(_chk)?|inet_(pton|ntop)|ether_aton_r|__errno_location|
__ctype_[a-z_]*|__cpu_[a-z_]*|toupper|tolower|getopt_long|opt[a-z]*|__stack_chk_fail|__(u?div|u?mod)[a-z0-9]*|_GLOBAL_OFFSET_TABLE_|
__fortify_fail|__(explicit_bzero|memcpy|memset)_chk|fnmatch|ini_parse_stream|fabs|floor|ceil|sqrt|log2|__(asan|ubsan|tsan|gcov|llvm)[a-z_0-9]*)$'
harmless=${harmless//$'\n'/}

# The objects of pure sources, where there are any.
pure_objects()
{
	local object
	for object in $(grep / "$tmp/pure" | sed "s,\.h$,.o,; s,^,${TREE:-build/obj}/,"); do
		[ ! -f "$object" ] || echo "$object"
	done
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
linked=$(pure_objects)
if [ -n "$linked" ]; then
	# shellcheck disable=SC2086
	nm -A -P -g $linked | awk -v harmless="$harmless" -v tree="${TREE:-build/obj}/" '
		$3 ~ /[Uw]/ { use[$1 " " $2] = 1; next }
		{ defined[$2] = 1 }
		END {
			for (u in use) {
				split(u, part)
				if (part[2] in defined || part[2] ~ harmless)
					continue
				sub(/\.o:$/, ".c", part[1])
				print substr(part[1], length(tree) + 1) ": is pure and uses " part[2] "()"
				status = 1
			}
			exit status
		}' || status=1
fi
[ $status -eq 0 ] ||
	echo 'Hand in what it needs as an argument; a header that keeps the rule and does not say so: add Pure.'
echo "$n pure headers"
exit $status
