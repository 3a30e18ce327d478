# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bash completion for dmvl-front: the options that it lists.

_dmvl_front()
{
	mapfile -t COMPREPLY < <(compgen -W "$(timeout 2 "$1" -h | grep -oE -- '--[a-z]+(-[a-z]+)*' | sort -u)" -- "$2")
}
complete -F _dmvl_front dmvl-front
