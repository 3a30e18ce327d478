# SPDX-License-Identifier: GPL-2.0-or-later
# What should be set for a device, by all that the operator has done so far.
#
# Usage: awk -v op=OP -v uuid=UUID -v name=NAME -v id=ID -f model.awk keys policy.now DEVICE
#
#	op=set -v words='KEY=VALUE ..'	prints DEVICE after the operator has set these
#	op=prune	... after the policy was read, or the guest came back: what was set for a key dies
#			when the policy says something else of it than it said then
#	op=named	fails unless the policy has a section for the device
#	op=live		prints what xenstore should have: UUID ID KEY VALUE, for all keys
#	op=file		prints what should be remembered: UUID ID KEY POLICY VALUE
#
# The files have fields between tabs. keys: KEY DEFAULT. policy.now: SECTION KEY VALUE. DEVICE: KEY
# POLICY VALUE, POLICY being what the policy said when it was set, "-" or "=VALUE"; a line "mac" with
# POLICY "own" has the address that the device was given by itself.
BEGIN {
	FS = OFS = "\t"
	at = id ? "/" id : ""
}
FILENAME == ARGV[1] {
	key[++keys] = $1
	dflt[$1] = $2
	next
}
FILENAME == ARGV[2] {
	if ($1 == uuid at)
		rank = 3
	else if ($1 == name at)
		rank = 2
	else if ($1 == "default")
		rank = 1
	else
		next
	if (rank > 1)
		named = 1
	if ($2 != "" && rank > ranked[$2]) {
		ranked[$2] = rank
		said[$2] = "=" $3
	}
	next
}
$2 == "own" {
	own = $3
	next
}
{
	policy[$1] = $2
	value[$1] = $3
}

# Only what is meant for the device's uplink counts.
function is_meant()
{
	return ("uplink" in said ? said["uplink"] : "=default") == (id ? "=second" : "=default")
}

function says(k)
{
	return k in said ? said[k] : "-"
}

function put(k, v)
{
	if (says(k) == "=" v) {
		delete policy[k]
		return
	}
	if (!(k in policy) || value[k] != v)
		policy[k] = says(k)
	value[k] = v
}

function usual(k)
{
	return k == "mac" ? own : dflt[k]
}

function live(k)
{
	if (k in policy)
		return value[k]
	return k in said ? substr(said[k], 2) : usual(k)
}

function device(  k)
{
	if (own != "")
		print "mac", "own", own
	for (k in policy)
		print k, policy[k], value[k]
}

END {
	if (!is_meant()) {
		named = 0
		split("", said)
	}
	if (op == "set") {
		n = split(words, word, " ")
		for (i = 1; i <= n; i++)
			put(substr(word[i], 1, index(word[i], "=") - 1), substr(word[i], index(word[i], "=") + 1))
		device()
	} else if (op == "prune") {
		for (k in policy)
			if (policy[k] != says(k))
				delete policy[k]
		device()
	} else if (op == "live") {
		for (i = 1; i <= keys; i++)
			print uuid, id, key[i], live(key[i])
	} else if (op == "file") {
		# What is as it is without anybody's word may be there or not.
		for (k in policy)
			if (k != "uplink" && (policy[k] != "-" || value[k] != usual(k)))
				print uuid, id, k, policy[k], value[k]
	} else if (op == "named") {
		exit !named
	}
}
