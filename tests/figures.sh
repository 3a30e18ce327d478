#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The figures that documents quote are constants of the code: docs/figures.txt says which, and where.
#
# Usage: figures.sh table [DIR]    print docs/figures.md
#        figures.sh check [DIR]    print what documents say otherwise; exit status 1 if anything
here=$(cd "$(dirname "$0")" && pwd)
mode=${1-}
cd "${2:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"
declare -A text defined
bad=0 everywhere=

complain()
{
	printf '%s\n' "$*" >&2
	bad=1
}

# ---- Values from the code ----

# defines FOLDER: NAME=EXPRESSION for each constant there that is a number. The expressions are
# arithmetic as bash has it, which looks up by itself what they name.
defines()
{
	files '*.c' '*.h' | grep -E "^$1(/|$)" | xargs sed -nE '
		:join; /\\$/ { N; s/\\\n/ /; b join }
		s@/[*/].*@@; s/\(uint64_t\)//g; s/([0-9a-fA-F])u?l?l?\b/\1/g
		s/^#define[ \t]+([A-Z][A-Z0-9_]*)[ \t]+(-?[0-9A-Z][0-9A-Za-z_]*|\([-0-9A-Za-z_ ()+*<]+\))[ \t]*$/\1=\2/p'
}

# load: what is defined in each folder that docs/figures.txt names, into defined[FOLDER].
load()
{
	local folder
	while read -r folder; do
		defined[$folder]=$(defines "$folder" | sort -u)
		everywhere+=${defined[$folder]}$'\n'
	done < <(sed -nE 's/^[A-Z][^|]*\| *([^ |]+) .*/\1/p' docs/figures.txt | sort -u)
}

# constant NAME FOLDER: its value, if it has one and only one there.
constant()
{
	local name expression
	[ "$(grep -c "^$1=" <<<"${defined[$2]}")" -eq 1 ] || return 1
	# What has the same name in another folder comes first and does not count.
	(
		while IFS='=' read -r name expression; do
			declare "$name=$expression"
		done <<<"$everywhere${defined[$2]}"
		echo $(($1))
	)
}

# of_key AREA/NAME FIELD: min, max or default, from xenstore-schema/keys.txt.
of_key()
{
	awk -F '|' -v key="$1" -v field="$2" '
		BEGIN { at["min"] = 5; at["max"] = 6; at["default"] = 7 }
		{ gsub(/[ \t]/, "") }
		$1 "/" $2 == key { print $at[field] }' xenstore-schema/keys.txt
}

value_of()
{
	case $1 in
	*/*) of_key "${1% *}" "${1#* }" ;;
	*) constant "$1" "$2" ;;
	esac
}

# ---- Values as documents say them ----

# decimal NUMERATOR DENOMINATOR: without needless zeros.
decimal()
{
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.15g", a / b }'
}

ns()
{
	if [ "$1" -ge 1000000000 ]; then
		echo "$(decimal "$1" 1000000000) s"
	elif [ "$1" -ge 1000000 ]; then
		echo "$(decimal "$1" 1000000) ms"
	else
		echo "$(decimal "$1" 1000) us"
	fi
}

bytes()
{
	if [ $(($1 % 1048576)) -eq 0 ]; then
		echo "$(($1 / 1048576)) MiB"
	elif [ "$1" -gt 4096 ] && [ $(($1 % 1024)) -eq 0 ]; then
		echo "$(($1 / 1024)) KiB"
	else
		echo "$1 bytes"
	fi
}

log2()
{
	local n=0
	while [ $((1 << n)) -lt "$1" ]; do n=$((n + 1)); done
	echo "$n"
}

words=(no one two three four five six seven eight nine ten)

form()
{
	case $2 in
	n) echo "$1" ;;
	word) echo "${words[$1]}" ;;
	,) sed -E ':a; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; ta' <<<"$1" ;;
	s) echo "$(decimal "$1" 1000000000) s" ;;
	ms) ns "$(($1 * 1000000))" ;;
	us) ns "$(($1 * 1000))" ;;
	ns) ns "$1" ;;
	bytes) bytes "$1" ;;
	percent) echo "$1 %" ;;
	of) echo "1/$1" ;;
	shift) echo "1/$((1 << $1))" ;;
	power) echo "2^$1" ;;
	log2) echo "2^$(log2 "$1")" ;;
	*) return 1 ;;
	esac
}

# text_of PAGE: into text[PAGE], in one line, without the markup of manual pages.
text_of()
{
	[ -z "${text[$1]-}" ] || return 0
	text[$1]=$(sed -E 's/^\.[A-Za-z]+ //; s/\\f.//g; s/\\-/-/g; s/\\&//g; s/"//g' "$1" | tr -s '\n\t ' ' ')
}

# ---- docs/figures.txt, line by line ----

# quote "PAGE: PHRASE": the page must say it, with the value of the row above.
quote()
{
	local page=${1%%: *} phrase=${1#*: }
	if ! [[ $phrase =~ \{([a-z0-9,]*)\} ]] || [ ! -f "$page" ]; then
		complain "docs/figures.txt: no such page, or no {} in: $1"
		return
	fi
	phrase=${phrase/"${BASH_REMATCH[0]}"/$(form "$value" "${BASH_REMATCH[1]:-$form}")}
	text_of "$page"
	[[ ${text[$page]} == *"$phrase"* ]] ||
		complain "$page does not say \"$phrase\", as $name in $folder has it"
}

# row "NAME | FOLDER | FORM | WHAT": sets name, folder, form, value.
row()
{
	local what shown
	IFS='|' read -r name folder form what <<<"$1"
	name=${name% } folder=${folder// /} form=${form// /}
	if ! value=$(value_of "$name" "$folder") || [ -z "$value" ] || ! shown=$(form "$value" "$form"); then
		complain "docs/figures.txt: $name: not one number in $folder, or no form \"$form\""
		value=
	elif [ "$mode" = table ]; then
		# shellcheck disable=SC2016 # backquotes of Markdown
		printf '| %s | %s | `%s` | %s |\n' "${what# }" "$shown" "$name" "$folder"
	fi
}

section()
{
	[ "$mode" = check ] ||
		printf '\n## %s\n\n| figure | value | constant | in |\n|---|---|---|---|\n' "$1"
}

walk()
{
	local line name folder form value=
	while IFS= read -r line; do
		case $line in
		'' | '#'*) ;;
		'= '*) section "${line#= }" ;;
		$'\t'*) [ "$mode" = table ] || [ -z "$value" ] || quote "${line#$'\t'}" ;;
		*) row "$line" ;;
		esac
	done <docs/figures.txt
}

load
case $mode in
table)
	echo '<!-- Made by tests/figures.sh from docs/figures.txt and the code: edit those. -->'
	echo '# Figures and limits'
	echo
	echo 'Constants of the code, with the values that they have in this tree.'
	walk
	;;
check)
	walk
	"$here/figures.sh" table "$PWD" 2>/dev/null | diff docs/figures.md - >&2 ||
		complain 'docs/figures.md is stale: tests/figures.sh table >docs/figures.md'
	;;
*)
	sed -n 's/^# \{0,1\}//; /^Usage/,/^ /p' "$0" >&2
	exit 2
	;;
esac
exit $bad
