#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The names of xenstore keys stand in xenstore-schema/keys.txt and nowhere else in the product's C,
# and docs/xenstore.md, dmvl-xenstore(7) and docs/dmvlctl.schema.json are what keys.txt makes. Output is TAP.
#
#   tests/lint-keys.sh           check the tree
#   tests/lint-keys.sh FILE..    check these C files only
#
# A key with a hyphen ("tx-max") may not stand in any string literal. A key that is an ordinary
# word ("state") may not be a whole literal or the last part of a path in one. Free are: tables of
# getopt_long() (a line with no_argument and the like), options in texts (--tx-capacity), #include,
# and what the list below allows.
set -u
cd "$(dirname "$0")/.." || exit 1
AWK=${AWK:-awk}
keys=xenstore-schema/keys.txt
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# FILE WORD: why this word is something else than a key there.
cat >"$tmp/allowed" <<'ALLOWED'
common/log.c error: the name of a log level
backend/conf.c frame-cost: the name of an option
backend/conf.c rx-capacity: the name of an option
backend/conf.c tx-capacity: the name of an option
backend/credit/record.c generation: the name of a record
backend/credit/record.c group: the name of a record
backend/credit/record.c weight: the name of a record
backend/ctl/admit.c admit: the name of a command
backend/ctl/admit.c admitted: a member of the output of --json
backend/ctl/admit.c weight: a word in the output of --json
backend/ctl/check/look_keys.c groups: a directory
backend/ctl/complete.c version: a word of the command line
backend/exporter/metrics.c uplink: a label
backend/exporter/metrics.c version: a label, and a reason
backend/ctl/check/check.c kind: of a finding, in JSON
backend/ctl/check/look_device.c uplink-mtu: the kind of a finding
backend/ctl/check/look_link.c carrier: a file of sysfs
backend/ctl/check/look_link.c state: a file of sysfs
backend/ctl/check/looks.c policy: the kind of a finding
backend/ctl/check/looks.c uplink-mtu: the kind of a finding
backend/ctl/check/looks.c version: the kind of a finding
backend/ctl/check/remedy.c spoof-check: an argument of a command
backend/ctl/check/remedy.c tx-capacity: how a sentence begins, and an argument of a command
backend/ctl/uplink.c uplink: the name of a command
backend/ctl/group.c group: the name of a command
backend/ctl/groups.c groups: the name of a command and its object in the output of --json
backend/ctl/drop_words.c mtu: a reason to drop a frame
backend/ctl/drop_words.c uplink: a reason to drop a frame
backend/ctl/drop_words.c vlan: a reason to drop a frame
backend/ctl/logtext.c group: an object in the output of --json
backend/ctl/view.c backend: an object in the output of --json
backend/ctl/view.c frontend: an object in the output of --json
backend/ctl/top_batch.c state: in words, in JSON
backend/ctl/top_batch.c error: a field of the output of --json
backend/ctl/top_batch.c group: a field of the output of --json
backend/ctl/top_batch.c uplink: a field of the output of --json
backend/ctl/top_batch.c weight: a field of the output of --json
backend/ctl/top_model.c state: a column
backend/ctl/top_model.c weight: a column
backend/frame/frame_check.c vlan: a reason to drop a frame
backend/datapath/ldp.c mtu: a reason to drop a frame
backend/datapath/ldp.c uplink: a reason to drop a frame
backend/xen/libxl_vif.c mac: a key of libxl
backend/uplink/probe.c device: a link in sysfs
backend/uplink/speed.c speed: a file in sysfs
backend/uplink/life.c state: a file in sysfs
backend/uplink/speed.c state: a file in sysfs
backend/control/control_capacity.c speed: a word of capacity-source
backend/policy/policy_section.c group: the word before a name in a section
backend/policy/policy_section.c uplink: the word before a name in a section
backend/ctl/policy_diff.c policy: what a problem is about
ALLOWED

report() { # number, status, name, file with diagnostics
	if [ "$2" -eq 0 ]; then
		echo "ok $1 - $3"
	else
		echo "not ok $1 - $3"
		sed 's/^/# /' "$4"
		failed=1
	fi
}

cat >"$tmp/scan.awk" <<'AWK'
# First file: the exceptions; second: keys.txt; the others: C sources.
FNR == 1 { file_number++ }
file_number == 1 {
	sub(/:.*/, "")
	allowed[$0] = 1
	next
}
file_number == 2 {
	if ($0 !~ /^[ \t]*(#|$)/) {
		split($0, field, "|")
		gsub(/[ \t]/, "", field[2])
		key[field[2]] = 1
	}
	next
}
FNR == 1 { comment = 0 }
{
	line = $0
	if (line ~ /(no|required|optional)_argument/ ||
	    line ~ /^[ \t]*#[ \t]*include/)
		next
	scan(line)
}

# Walk through a line; comment carries an open /* from one line to the next.
function scan(s,    i, n, c, literal, in_string) {
	n = length(s)
	in_string = 0
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (comment) {
			if (substr(s, i, 2) == "*/") {
				comment = 0
				i++
			}
		} else if (in_string) {
			if (c == "\\") {
				literal = literal substr(s, i, 2)
				i++
			} else if (c == "\"") {
				in_string = 0
				check(literal)
			} else {
				literal = literal c
			}
		} else if (c == "\"") {
			in_string = 1
			literal = ""
		} else if (c == "'") {
			i += substr(s, i + 1, 1) == "\\" ? 3 : 2
		} else if (substr(s, i, 2) == "//") {
			return
		} else if (substr(s, i, 2) == "/*") {
			comment = 1
			i++
		}
	}
}

function check(literal,    parts, n, i, last) {
	n = split(literal, parts, /[^A-Za-z0-9_-]+/)
	for (i = 1; i <= n; i++)
		if (parts[i] ~ /-/ && parts[i] in key)
			complain(parts[i], literal)
	last = literal
	sub(/^.*\//, "", last)
	# Either the whole literal or the end of a path: sub() took nothing or all up to a '/'.
	if (last !~ /-/ && last in key)
		complain(last, literal)
}

function complain(name, literal,    file) {
	file = FILENAME
	sub(/^\.\//, "", file)
	if ((file " " name) in allowed)
		return
	printf "%s:%d: key %s in \"%s\": use schema_name() or schema_key_path()\n", \
		FILENAME, FNR, name, literal
	bad = 1
}

END { exit bad }
AWK

if [ $# -gt 0 ]; then
	"$AWK" -f "$tmp/scan.awk" "$tmp/allowed" "$keys" "$@" >"$tmp/out" 2>&1
	report 1 $? "no key literal in $*" "$tmp/out"
	echo 1..1
	exit "$failed"
fi

# Tests may name keys: one that took the names from the code under test could not see them change.
find . \( -name build -o -name .git -o -name tests -o -name xenstore-schema \) -prune -o \
	-name '*.[ch]' -print >"$tmp/files"
[ -s "$tmp/files" ] || echo "no C files found" >"$tmp/out"
if [ -s "$tmp/files" ]; then
	# shellcheck disable=SC2046 # no file of this project has a space in its name
	"$AWK" -f "$tmp/scan.awk" "$tmp/allowed" "$keys" $(cat "$tmp/files") >"$tmp/out" 2>&1
	report 1 $? "no xenstore key is spelled outside xenstore-schema/" "$tmp/out"
else
	report 1 1 "no xenstore key is spelled outside xenstore-schema/" "$tmp/out"
fi

stale=0
: >"$tmp/out"
for made in docs/xenstore.md docs/man/dmvl-xenstore.7 docs/dmvlctl.schema.json; do
	"$AWK" -v out="${made##*/}" -f xenstore-schema/gen.awk "$keys" >"$tmp/doc" 2>>"$tmp/out" &&
		diff -u "$made" "$tmp/doc" >>"$tmp/out" || {
		echo "make $made" >>"$tmp/out"
		stale=1
	}
done
report 2 $stale "what is made of keys.txt for readers is fresh" "$tmp/out"

# The scanner itself: what it must find, and what it must let pass.
cat >"$tmp/bad.c" <<'C'
const char *a = "tx-max";
const char *b = "tx-max \"%s\" is bad";
const char *c = "/local/domain/0/backend/dmvl/1/0/credit-balance";
const char *d = "%s/state";
const char *e = "weight"; /* x */ const char *f = "no";
C
cat >"$tmp/good.c" <<'C'
/* "tx-max" in a
 * "state" comment */
const char *a = "the state is bad"; // "state"
const char *b = "--tx-capacity RATE";
struct option o = { "tx-capacity", required_argument, 0, 'c' };
char q = '"'; const char *c = "weights", *d = "some/statement";
C
"$AWK" -f "$tmp/scan.awk" "$tmp/allowed" "$keys" "$tmp/bad.c" >"$tmp/out"
[ "$(cut -d: -f2 "$tmp/out" | tr '\n' ' ')" = "1 2 3 4 5 " ]
report 3 $? "the scanner finds each way to spell a key" "$tmp/out"
"$AWK" -f "$tmp/scan.awk" "$tmp/allowed" "$keys" "$tmp/good.c" >"$tmp/out"
report 4 $? "the scanner lets comments, options and prose pass" "$tmp/out"

# gen.awk refuses a broken table rather than making code of it.
n=0
while IFS= read -r line; do
	n=$((n + 1))
	printf '%s\n' "$line" >"$tmp/keys"
	"$AWK" -v out=schema_keys.h -f xenstore-schema/gen.awk "$tmp/keys" >"$tmp/made" 2>"$tmp/err" &&
		echo "taken: $line" >>"$tmp/taken"
	grep -q ':1: ' "$tmp/err" || echo "no file:line for: $line" >>"$tmp/taken"
	[ -s "$tmp/made" ] && echo "output for: $line" >>"$tmp/taken"
done <<'KEYS'
back | weight | operator | u64 | 1 | 2 | 1 | live
side | weight | operator | u64 | 1 | 2 | 1 | live | Words.
back | Weight | operator | u64 | 1 | 2 | 1 | live | Words.
back | weight | nobody | u64 | 1 | 2 | 1 | live | Words.
back | weight | operator | u65 | 1 | 2 | 1 | live | Words.
back | weight | operator | enum | 1 | 2 | 1 | live | Words.
back | weight | operator | u64 | 3 | 2 | 1 | live | Words.
back | weight | operator | u64 | 10 | 9 | 1 | live | Words.
back | weight | operator | u64 | -1 | 2 | 1 | live | Words.
back | weight | operator | u64 | 1 | 2 | 1 | soon | Words.
back | weight | operator | u64 | 1 | 2 | 1 | live | words
KEYS
[ "$n" -eq 11 ] && [ ! -e "$tmp/taken" ]
report 5 $? "gen.awk refuses malformed tables" "$tmp/taken"

echo 1..5
exit "$failed"
