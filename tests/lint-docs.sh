#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What documents say of the tree, against the tree: figures, links, files, options, commands, keys,
# make's targets, functions.
#
# Usage: tests/lint-docs.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

pages=(README.md CONTRIBUTING.md docs/*.md docs/man/*.[578] tests/README.md tests/*/README.md)
bad=0

# missing PAGE WHAT: one line.
missing()
{
	printf '%s: %s\n' "$1" "$2"
	bad=1
}

# Each page without the markup of manual pages.
declare -A plain
for page in "${pages[@]}"; do
	plain[$page]=$(sed -E 's/\\f.//g; s/\\-/-/g; s/\\&//g' "$page")
done

# each PATTERN: "PAGE MATCH" for every match in the pages, once.
each()
{
	local page
	for page in "${pages[@]}"; do
		grep -oP -- "$1" <<<"${plain[$page]}" | sort -u | sed "s|^|$page |"
	done
}

figures()
{
	"$here/figures.sh" check "$PWD" 2>&1 || bad=1
}

# made_of PAGE FILE SCRIPT: made of what was found, by a script alone.
made_of()
{
	[ -e "$3" ] || return 0
	awk -f "$3" "$2" | cmp -s - "$1" || missing "$1" "it is not what $2 says (make $1)"
}

scenarios()
{
	made_of docs/scenarios.md docs/scenarios.json tests/bench/scenarios.awk
	[ ! -e docs/fairness.json ] || made_of docs/fairness.md docs/fairness.json tests/bench/fair.awk
	made_of docs/installed.md docs/installed.txt tests/installed/page.awk
}

links()
{
	local page link
	while read -r page link; do
		link=${link%%#*}
		[ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] || missing "$page" "the link $link leads nowhere"
	done < <(each '\]\(\K[^):]+(?=\))')
}

# What is installed keeps its place in the tree, so a page that is installed links to no file that is not.
shipped_links()
{
	local page link target shipped
	shipped=$(MAKEFLAGS='' make -s list-doc DOCDIR=. 2>/dev/null | sed -n 's,^\./,,p')
	[ -n "$shipped" ] || missing Makefile 'list-doc names no page that is installed'
	while read -r page link; do
		link=${link%%#*}
		[ -n "$link" ] && grep -qxF "$page" <<<"$shipped" || continue
		target=$(realpath -m --relative-to=. "$(dirname "$page")/$link")
		grep -qxF "$target" <<<"$shipped" ||
			missing "$page" "the link $link leads to what is not installed: name the file without a link"
	done < <(each '\]\(\K[^):]+(?=\))')
}

# Paths of the tree, and names of single files. /local/domain/0/backend/.. is xenstore's.
quoted_files()
{
	local page name
	local rooms='backend|frontend|common|xenstore-schema|tests|docs|debian'
	while read -r page name; do
		[ -e "$name" ] || [[ $name == *NAME* ]] || missing "$page" "there is no $name"
	done < <(each "(?<![\\w/.\"-])(?:$rooms)/[\\w./-]*(?<![.])(?![\\w*\\[])")
	while read -r page name; do
		[[ $name == *NAME* ]] || [ -n "$(files "$name")" ] || missing "$page" "there is no file $name"
	done < <(each '(?<![\w/.-])[a-z][\w-]*\.(?:c|h|awk|sh|mk)(?![\w./])')
	while read -r page name; do
		[ -e "tests/unit/$name.c" ] || missing "$page" "there is no unit test $name"
	done < <(each '(?<!\w)test_[a-z_]+(?!\w|\.[ch]|\(|<)')
}

# long_options FILE: names in its table for getopt_long().
long_options()
{
	grep -oP '^\t\{"\K[a-z-]+(?=", (?:no|required)_argument)' "$1"
}

# A program's manual page has each of its options and no other.
options_of()
{
	local page=docs/man/$1.8 option
	local -A known=()
	for option in $(long_options "$2") version help; do
		known[$option]=1
		grep -qE -- "--$option\\b" <<<"${plain[$page]}" || missing "$page" "--$option is missing"
	done
	for option in $(grep -oP '(?<![\w-])--\K[a-z][a-z-]*' <<<"${plain[$page]}"); do
		[ -n "${known[$option]-}" ] || missing "$page" "$1 has no --$option"
	done
}

options()
{
	local page option
	options_of dmvl-back backend/conf.c
	options_of dmvl-front frontend/options.c
	options_of dmvl-exporter backend/exporter/options.c
	options_of dmvlctl backend/ctl/main.c
	# Elsewhere: of one of the programs, or of a script in tests/.
	while read -r page option; do
		grep -qF -- "\"${option#--}\"," backend/conf.c frontend/options.c backend/exporter/options.c backend/ctl/main.c ||
			grep -rqE -- "^[^#]*$option( |\\))" tests/xen/run tests/xensim ||
			missing "$page" "nothing has the option $option"
	done < <(each '(?<![\w-])--[a-z][a-z-]+(?= |`|,|\)|$)' | grep '\.md ' | grep -vE ' --(args|incoming|now)$')
}

commands()
{
	local page name names
	names=$(grep -hoP '^\t\.name = "\K[a-z-]+' backend/ctl/*.c backend/ctl/check/*.c)
	while read -r page name; do
		grep -qx "$name" <<<"$names" || missing "$page" "dmvlctl has no command $name"
	done < <(each '^(?: {4}.*|.*`)?dmvlctl \K[a-z-]+(?= |`|$)' | grep '\.md ')
	for name in $names; do
		grep -qE "^dmvlctl $name\\b" <<<"${plain[docs/man/dmvlctl.8]}" ||
			missing docs/man/dmvlctl.8 "the command $name is missing"
	done
}

# keys OWNER..: names of keys.txt.
key_names()
{
	awk -F '|' -v owners=" $* " '/^[a-z]/ { gsub(/[ \t]/, "")
		if (owners == "  " || index(owners, " " $3 " ")) print $2 }' xenstore-schema/keys.txt | sort -u
}

# What the statistics call their numbers.
stat_names()
{
	[ ! -f backend/datapath/measure.c ] ||
		sed -n 's/^\t{"\([a-z0-9-]*\)", "[^"]*", STATS_.*/\1/p' backend/datapath/measure.c | sort -u
}

targets()
{
	MAKEFLAGS='' make -qp : 2>/dev/null | grep -oP '^[a-z][a-z-]*(?=:)' | sort -u
}

quoted_keys()
{
	local page name all manuals=${plain[docs/man/dmvl-back.8]}$'\n'${plain[docs/man/dmvlctl.8]}
	all=$(key_names)
	for name in $(key_names operator attach); do
		[ "$name" = generation ] || grep -qE "(^|[^a-z-])$name([^a-z-]|$)" <<<"$manuals" ||
			missing docs/man "no page has the key $name"
	done
	while read -r page name; do
		grep -qx -- "$name" <<<"$all" || missing "$page" "there is no key $name"
	done < <(each 'xenstore(?:-write|-read|-rm) /local/domain/\S+/\K[a-z-]+(?= |$|`)')
	while read -r page name; do
		grep -qx -- "$name" <<<"$all" || missing "$page" "there is no key $name to set"
	done < <(each '^ {4}dmvlctl (?:attach|set) .* \K[a-z-]+(?==)')
	for name in $(stat_names); do
		grep -q "\`$name\`" docs/statistics.md || missing docs/statistics.md "it does not have the field $name"
	done
	# A word with a hyphen in backquotes is a key, unless it is a number, a program or a target.
	while read -r page name; do
		grep -qx -- "$name" <<<"$all"$'\n'"$(stat_names)"$'\n'"$make_targets" || command -v "$name" >/dev/null ||
			missing "$page" "$name is neither key nor target nor program"
	done < <(each '`\K[a-z]+(?:-[a-z0-9]+)+(?=`)' | grep -v ' dmvl-')
}

make_targets=$(targets)
make_words()
{
	local page name
	while read -r page name; do
		grep -qx -- "$name" <<<"$make_targets" || [ -f "$name" ] || [[ $name == build/* || $name == *NAME ]] ||
			missing "$page" "make has no target $name"
	done < <(each '(?:^ {4,}|`|&& |^    .*; )make (?:[A-Z]+=\S+ )*\K[a-z][\w/.-]*(?=[ `]|$)' | sed 's/[.]$//')
}

functions()
{
	local page name sources
	sources=$(files '*.c' '*.h')
	while read -r page name; do
		# shellcheck disable=SC2086 # one word each
		grep -qE "\\b$name\\(" $sources || missing "$page" "there is no function $name()"
	done < <(each '(?<![\w>-])[a-z]+_[a-z_]+(?=\(\))' | grep -vE ' (evtchn_put|module_verb|test_nothing_passes_early)$')
}

figures
scenarios
links
shipped_links
quoted_files
options
commands
quoted_keys
make_words
functions
exit $bad
