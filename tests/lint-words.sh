#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plain English: phrases that a reader has to decode do not appear, be it in comments, documents, man
# pages or messages. On failure: how many places each folder has, then each place.
#
# Usage: tests/lint-words.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

# The phrase, and what to write.
cat >"$tmp/words" <<'WORDS'
anew: again
so many: the number, or "as many as .."
is to be: "must be", "should be" or "will be"
what for: "why", or name the purpose
of another time: stale, or say from when
WORDS

# These two name the phrases.
files '*' | grep -vxE 'tests/lint-(words\.sh|self)' | xargs grep -Il . >"$tmp/files"
# A phrase may go on in the next line: before it go the last words of the line above, too few for a
# phrase of their own, without what leads in a comment.
xargs awk '
	FILENAME ~ /words$/ && !past {
		n++
		phrase[n] = $0; sub(/:.*/, "", phrase[n])
		instead[n] = $0; sub(/.*: */, "", instead[n])
		words[n] = split(phrase[n], unused, " ")
		next
	}
	FNR == 1 { past = 1; delete tail }
	{
		line = tolower($0)
		gsub(/[.,;:!?()]+/, " | ", line)
		gsub(/[^a-z0-9_|-]+/, " ", line)
		gsub(/^[ |]+| $/, "", line)
		for (i = 1; i <= n; i++) {
			if (index(tail[i] " " line " ", " " phrase[i] " "))
				print FILENAME ":" FNR ": \"" phrase[i] "\": write " instead[i]
			count = split(line, word, " ")
			tail[i] = ""
			for (k = count - words[i] + 2; k <= count; k++)
				if (k > 0) tail[i] = tail[i] " " word[k]
		}
	}' "$tmp/words" <"$tmp/files" >"$tmp/found"
[ -s "$tmp/found" ] || exit 0
cut -d: -f1 "$tmp/found" | sed 's,/*[^/]*$,,; s,^$,top,' | sort | uniq -c
cat "$tmp/found"
exit 1
