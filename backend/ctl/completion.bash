# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bash completion for dmvlctl: "dmvlctl complete" knows what may follow.

_dmvlctl()
{
	local line=${COMP_LINE:0:COMP_POINT} words cur kept
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=('')
	cur=${words[-1]}
	mapfile -t COMPREPLY < <(timeout 2 "${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
	# Only what follows the last of these characters is replaced.
	kept=${cur%"${cur##*["$COMP_WORDBREAKS"]}"}
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _dmvlctl dmvlctl
