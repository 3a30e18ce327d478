#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The length of functions, tests included: lines between the braces. Prints the median, the 90th
# percentile and the maximum, and names those that are too long. As clang-format leaves them, a body
# stands between a "{" and a "}" that are alone on their lines.
#
# Usage: tests/lint-functions.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

median_max=10 p90_max=25 max=60

# "LINES FILE:LINE NAME" for each function, the longest last.
lengths()
{
	# shellcheck disable=SC2046
	awk '
	FNR == 1 { body = 0 }
	!body && /^[A-Za-z_].*\(/ {
		head = $0
		gsub(/__attribute__\(\(.*\)\) ?/, "", head)
		sub(/\(.*/, "", head)
		sub(/.*[^A-Za-z0-9_]/, "", head)
	}
	/^\{$/ { body = FNR }
	/^\}$/ && body { print FNR - body - 1, FILENAME ":" body, head; body = 0 }' \
		$(files '*.c' '*.h') | sort -n -k 1,1
}

lengths | awk -v median_max=$median_max -v p90_max=$p90_max -v max=$max '
	function percentile(p) { return lines[int((NR * p + 99) / 100)] }
	{ lines[NR] = $1 }
	$1 > max { print $2 ": " $3 "() has " $1 " lines, at most " max ": divide it"; bad = 1 }
	END {
		if (NR == 0) { print "no function here"; exit 1 }
		printf "%d functions: median %d lines (at most %d), 90 %% have at most %d (%d), longest %d (%d)\n",
			NR, percentile(50), median_max, percentile(90), p90_max, lines[NR], max
		exit bad || percentile(50) > median_max || percentile(90) > p90_max
	}'
