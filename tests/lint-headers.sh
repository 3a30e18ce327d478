#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One header a .c: what FILE.c gives to others is in FILE.h beside it, which it includes first.
#
# Usage: tests/lint-headers.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# FILES.. : HEADER: why they share it.
cat >"$tmp/shared" <<'SHARED'
admit attach capture check/check complete detach doctor export forget forget_uplink group groups import list log plot record release_vifs report saved set show stat top uplink uplinks whatif: backend/ctl/commands.h: a subcommand is one entry of its table
SHARED

# header_of FILE: which header FILE has to include first.
header_of()
{
	local header
	header=$(awk -F ': *' -v file="${1%.c}" '
		{ folder = $2; sub(/[^\/]*$/, "", folder) }
		index(file, folder) == 1 &&
			index(" " $1 " ", " " substr(file, length(folder) + 1) " ") { print $2 }' "$tmp/shared")
	echo "${header:-${1%.c}.h}"
}

status=0
for file in $(product '*.c' | grep -v '/main\.c$'); do
	header=$(header_of "$file")
	[ "$(grep -m 1 '^#include' "$file")" != "#include \"$header\"" ] || continue
	if [ -f "$header" ]; then
		echo "$file: include \"$header\" first"
	else
		echo "$file: has no $header"
	fi
	status=1
done
exit $status
