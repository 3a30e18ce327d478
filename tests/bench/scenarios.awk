# SPDX-License-Identifier: GPL-2.0-or-later
# Makes docs/scenarios.md of docs/scenarios.json, which is what tests/bench/scenarios has found: one
# JSON object a line, with members that are no objects themselves.
#
# Usage: awk -f scenarios.awk docs/scenarios.json
function member(line, name,  at, rest)
{
	at = index(line, "\"" name "\":")
	if (!at)
		return ""
	rest = substr(line, at + length(name) + 3)
	if (substr(rest, 1, 1) == "\"") {
		rest = substr(rest, 2)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	sub(/[,}].*/, "", rest)
	return rest
}

function of(n, times)
{
	return times + 0 ? n " of " times : "-"
}

function seconds(which)
{
	return member($0, "back") + 0 ? member($0, which) : "-"
}

BEGIN {
	title["xensim"] = "xensim"
	title["xensim-ocaml"] = "xensim, oxenstored"
	title["xen"] = "Xen 4.17, PV"
	title["xen-ocaml"] = "Xen 4.17, PV, oxenstored"
	title["xen-pvh"] = "Xen 4.17, PVH"
	title["xen-pvh-ocaml"] = "Xen 4.17, PVH, oxenstored"
	machines = split("xensim xensim-ocaml xen xen-ocaml xen-pvh xen-pvh-ocaml", machine, " ")
	scenarios = split("reboot crash create name restore absent-before absent-during absent-after host store " \
		"migrate two rename wrap agent backend", scenario, " ")
	for (i = 1; i <= scenarios; i++)
		known[scenario[i]]
}

{
	s = member($0, "scenario")
	text[s] = member($0, "text")
	if (!(s in known)) {
		known[s]
		scenario[++scenarios] = s
	}
	times = member($0, "times")
	left = member($0, "left")
	with = member($0, "flows") == "null" ? 0 : member($0, "with")
	if (with == "")
		with = times
	row[s, member($0, "machine")] = times " | " of(member($0, "back"), times) " | " \
		seconds("median") " | " seconds("worst") " | " of(member($0, "whole"), times) " | " \
		of(member($0, "flows"), with) " | " (left == "" ? "nothing" : left) " | " \
		member($0, "version") ", " member($0, "date")
}

END {
	print "# Scenarios: what comes back, when, and how whole"
	print ""
	print "<!-- Made by tests/bench/scenarios.awk from docs/scenarios.json: do not edit. -->"
	print ""
	print "Each scenario was run a number of times on each machine. A guest has a device with ten settings; where it has two devices, the"
	print "second has four, and where the policy names it, it has what that says. A device is back by itself if it"
	print "connects within a minute, without any command. Seconds are counted from the moment when all is there that it needs, the guest's"
	print "system, its agent, and dmvl-back, until both sides are connected: their median and the worst. Settings are whole if each key"
	print "that an operator may set has the value that it had. TCP flows are two files, one each way, under way when it happened, whose hashes"
	print "are compared; a guest that boots has none, and where that takes too long, only some of the times had. What may be left over:"
	print "nodes in xenstore, domains that stay as zombies, files, descriptors of dmvl-back, complaints of the guest's kernel."
	print "[kept.md](kept.md) says how all this works;"
	print "`make bench-scenarios` runs it. xensim stands for Xen (`tests/xensim/README.md`); its guests are"
	print "processes. Xen itself runs in an emulator, which is slow: its seconds are no measure of a real machine. The last column says which"
	print "commit was tried, and when."
	print ""
	print "| scenario | machine | times | back by itself | median s | worst s | settings whole | TCP flows alive | left over | commit, date |"
	print "|---|---|---|---|---|---|---|---|---|---|"
	for (i = 1; i <= scenarios; i++) {
		name = text[scenario[i]]
		for (m = 1; m <= machines; m++)
			if ((scenario[i], machine[m]) in row) {
				print "| " name " | " title[machine[m]] " | " row[scenario[i], machine[m]] " |"
				name = ""
			}
	}
}
