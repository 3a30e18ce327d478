#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Commit subjects are "area: imperative" of at most 60 characters, from the commit after the base on.
# Merges are excepted. Where the history is not at hand there is nothing to check.
#
# Usage: tests/lint-subjects.sh [DIR]     LINT_BASE names another base
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2

base=${LINT_BASE:-3e42025622eef8cd2cbe51655e07cc305a89203d}
max=60
form='^[a-z0-9_/., -]+: .+'

if [ ! -e .git ] || ! git merge-base --is-ancestor "$base" HEAD 2>/dev/null; then
	echo 'no subject was checked: this is no clone, or a shallow one'
	exit 0
fi
git log --no-merges --format='%h %s' "$base..HEAD" | {
	status=0 n=0
	while read -r commit subject; do
		n=$((n + 1))
		[ ${#subject} -le $max ] || {
			echo "$commit: ${#subject} characters, at most $max: $subject"
			status=1
		}
		[[ $subject =~ $form ]] || {
			echo "$commit: not \"area: imperative\": $subject"
			status=1
		}
	done
	[ $status -eq 0 ] || echo 'Mend them with git rebase before others have them.'
	echo "$n subjects"
	exit $status
}
