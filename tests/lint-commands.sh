#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Scripts call functions that exist: no shell says so before the line is reached, and some scripts run in no check.
# A command with "_" in its name, as all our longer functions have and hardly a program, must be a function of some
# script here. What stands in quotes or in a here-document is not read, but for $(..) in double quotes.
#
# Usage: tests/lint-commands.sh [DIR]
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}" || exit 2
# shellcheck source=tests/lint-lib.sh
. "$here/lint-lib.sh"

shells()
{
	files '*' | xargs awk '
		FNR == 1 && /^#!.*\/(env )?(ba)?sh|^# shellcheck shell=/ { print FILENAME; nextfile }
		FILENAME ~ /\.sh$/ { print FILENAME; nextfile }
		FNR > 1 { nextfile }'
}

# "def NAME" and "use NAME FILE:LINE" for each function that is defined and each command.
commands()
{
	# shellcheck disable=SC2046
	awk '
	# What is being read, the innermost last: c(ommands), d(ouble quotes), s(ingle quotes), $((..)), ${..}, a=(..).
	function enter(what) { kind[++depth] = what }
	function word_end()
	{
		if (word == "")
			return
		look_for_case()
		if (substr($0, at - 1, 2) == "()")
			print "def", word
		else if (pattern[depth] || !first || word ~ /=/ || word ~ /^(!|\{|if|then|else|elif|while|until|do|time)$/)
			;
		else {
			if (word ~ /^_*[a-z][a-z0-9]*_[a-z0-9_]*$|^_[a-z0-9_]+$/)
				print "use", word, FILENAME ":" FNR
			first = 0
		}
		word = ""
	}
	function commands_char(c)
	{
		if (c == "\\") { word = word "x"; at++ }
		else if (c == "\047" || c == "\"") { word = word "="; enter(c == "\"" ? "d" : "s") }
		else if (substr($0, at - 1, 3) == "$((") { word = word "="; enter("a"); at += 2 }
		else if (substr($0, at - 1, 2) == "${") { word = word "="; enter("v"); at++ }
		else if (substr($0, at - 1, 2) == "$(") { enter_commands(); at++ }
		else if (c == "#" && word == "") return 0
		else if (c == "<" && match(substr($0, at - 1), /^<<-?["\047]?[A-Za-z]+/) && substr($0, at, 2) != "<<") {
			here_end = substr($0, at - 1 + 2, RLENGTH - 2)
			here_tabs = here_end ~ /^-/
			gsub(/[^A-Za-z]/, "", here_end)
			at += RLENGTH - 1
		}
		else if (substr($0, at - 1, 2) == "()") { word_end(); at++; first = 1 }
		else if (c == "(" && word ~ /=$/) enter("p")
		else if (c == "(") { word_end(); enter_commands() }
		else if (c ~ /[;&|]/) {
			word_end()
			first = 1
			if (cases[depth] && substr($0, at - 1, 2) == ";;") pattern[depth] = 1
		}
		else if (c == ")") {
			word_end()
			if (depth > 1 && !cases[depth]) leave_commands()
			else {
				first = 1
				pattern[depth] = 0
			}
		}
		else if (c ~ /[ \t<>]/) word_end()
		else word = word c
		return 1
	}
	function look_for_case()
	{
		if (word == "case" && first) cases[depth]++
		if (word == "esac") cases[depth]--
		if (word == "case" && first || word == "esac") pattern[depth] = word == "case"
	}
	function enter_commands()
	{
		enter("c")
		cases[depth] = pattern[depth] = 0
		outer_word[depth] = word == "" && substr($0, at - 1, 1) == "(" ? "" : word "="
		outer_first[depth] = first
		word = ""
		first = 1
	}
	function leave_commands()
	{
		word = outer_word[depth]
		first = outer_first[depth--]
	}
	function one(c)
	{
		if (kind[depth] == "s") { if (c == "\047") depth--; return 1 }
		if (kind[depth] == "d") {
			if (c == "\\") at++
			else if (substr($0, at - 1, 3) == "$((") { enter("a"); at += 2 }
			else if (substr($0, at - 1, 2) == "$(") { enter_commands(); at++ }
			else if (c == "\"") depth--
			return 1
		}
		if (kind[depth] == "a") { if (substr($0, at - 1, 2) == "))") { depth--; at++ } return 1 }
		if (kind[depth] == "p") { if (c == ")") depth--; return 1 }
		if (kind[depth] == "v") {
			if (substr($0, at - 1, 2) == "${") enter("v")
			else if (c == "}") depth--
			return 1
		}
		return commands_char(c)
	}
	FNR == 1 { depth = 0; enter("c"); cases[1] = pattern[1] = 0; word = ""; first = 1; here_end = "" }
	here_end {
		line = $0
		if (here_tabs) sub(/^\t+/, "", line)
		if (line == here_end) here_end = ""
		next
	}
	{
		for (at = 1; at <= length($0);)
			if (!one(substr($0, at++, 1))) break
		if (kind[depth] == "c" && substr($0, length($0)) != "\\") {
			word_end()
			first = 1
		}
	}' $(shells)
}

commands >"$tmp/commands"
awk '
	$1 == "def" { known[$2] }
	$1 == "use" { used[++n] = $2; where[n] = $3 }
	END {
		if (!n) { print "no command here"; exit 1 }
		for (i = 1; i <= n; i++)
			if (!(used[i] in known)) { print where[i] ": " used[i] " is not a function of any script here"; bad = 1 }
		exit bad
	}' "$tmp/commands"
