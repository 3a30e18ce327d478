# SPDX-License-Identifier: GPL-2.0-or-later
# Makes C and Markdown from keys.txt: awk -v out=FILE -f gen.awk keys.txt > FILE, where FILE is
# schema_keys.h, schema_table.inc or xenstore.md.
# Runs on mawk, the awk of a bare Debian. Refuses a malformed table with file and line.

function fail(why) {
	printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
	failed = 1
	exit 1
}

function trim(s) {
	sub(/^[ \t]+/, "", s)
	sub(/[ \t]+$/, "", s)
	return s
}

function constant(s) {
	s = toupper(s)
	gsub(/[^A-Z0-9]/, "_", s)
	return s
}

function member(word, set) {
	return index(" " set " ", " " word " ") > 0
}

function is_number(s) {
	return s ~ /^(0|[1-9][0-9]*)$/
}

function c_string(s) {
	if (s == "-")
		return "NULL"
	if (s == "\"\"")
		s = ""
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}

BEGIN {
	FS = "|"
	areas = "back front uplink"
	owners = "convention attach operator backend frontend libxenvchan"
	types = "u64 s64 bytes rate fraction bool enum state mac nonce name path list text"
	effects = "- attach reconnect live"
	n = 0
	failed = 0
	if (!member(out, "schema_keys.h schema_table.inc xenstore.md")) {
		print "gen.awk: -v out= takes schema_keys.h, schema_table.inc or xenstore.md" \
			> "/dev/stderr"
		failed = 1
		exit 1
	}
}

/^[ \t]*(#|$)/ { next }

{
	if (NF != 9)
		fail("expected 9 fields, found " NF)
	for (i = 1; i <= 9; i++)
		f[i] = trim($i)
	values = ""
	if (f[4] ~ /^enum\(.+\)$/) {
		values = substr(f[4], 6, length(f[4]) - 6)
		f[4] = "enum"
	}
	if (!member(f[1], areas))
		fail("unknown area " f[1])
	if (f[2] !~ /^[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)?$/)
		fail("bad name " f[2])
	if (!member(f[3], owners))
		fail("unknown owner " f[3])
	if (!member(f[4], types) || (f[4] == "enum" && values == ""))
		fail("unknown type " f[4])
	if (!is_number(f[5]) || !is_number(f[6]))
		fail("min and max are decimal integers")
	# Strings, by length first: awk's doubles cannot tell 2^64-1 from its neighbours.
	if (length(f[5] "") > length(f[6] "") || \
	    (length(f[5] "") == length(f[6] "") && (f[5] "") > (f[6] "")))
		fail("min above max")
	if (f[7] == "" || f[9] !~ /\.$/)
		fail("default or sentence missing (a sentence ends with a full stop)")
	if (!member(f[8], effects))
		fail("unknown effect " f[8])
	if ((f[1], f[2]) in seen)
		fail(f[2] " stands twice in " f[1])
	seen[f[1], f[2]] = 1
	for (i = 1; i <= 9; i++)
		key[n, i] = f[i]
	key[n, "values"] = values
	key[n, "id"] = "KEY_" constant(f[1]) "_" constant(f[2])
	n++
}

function emit_keys(    i, j, count, words) {
	print "/* SPDX-License-Identifier: GPL-2.0-or-later */"
	print "/* Xenstore keys. Made by gen.awk from keys.txt: edit that. */"
	print "#ifndef DMVL_SCHEMA_KEYS_H"
	print "#define DMVL_SCHEMA_KEYS_H"
	print ""
	print "enum schema_key {"
	for (i = 0; i < n; i++)
		printf "\t%s,\n", key[i, "id"]
	print "\tKEY_COUNT"
	print "};"
	for (i = 0; i < n; i++) {
		if (key[i, 4] != "enum")
			continue
		# The enum of a key of the uplink directory carries its area: "state" would be vague.
		prefix = constant((key[i, 1] == "uplink" ? "uplink_" : "") key[i, 2])
		printf "\n/* Values of %s, as schema_parse_enum() gives them. */\n", key[i, 2]
		printf "enum schema_%s {\n", tolower(prefix)
		count = split(key[i, "values"], words, " ")
		for (j = 1; j <= count; j++)
			printf "\tSCHEMA_%s_%s,\n", prefix, constant(words[j])
		print "};"
	}
	print ""
	print "#endif"
}

function emit_table(    i) {
	print "/* Made by gen.awk from keys.txt: edit that. Included by schema.c alone. */"
	for (i = 0; i < n; i++) {
		printf "[%s] = {\n", key[i, "id"]
		printf "\t.name = %s,\n", c_string(key[i, 2])
		printf "\t.area = SCHEMA_%s,\n", constant(key[i, 1])
		printf "\t.owner = SCHEMA_BY_%s,\n", constant(key[i, 3])
		printf "\t.type = SCHEMA_%s,\n", constant(key[i, 4])
		printf "\t.min = UINT64_C(%s),\n\t.max = UINT64_C(%s),\n", key[i, 5], key[i, 6]
		printf "\t.dflt = %s,\n", c_string(key[i, 7])
		printf "\t.effect = SCHEMA_EFFECT_%s,\n", \
			key[i, 8] == "-" ? "NONE" : constant(key[i, 8])
		printf "\t.values = %s,\n", c_string(key[i, "values"] == "" ? "-" : key[i, "values"])
		printf "\t.doc = %s,\n},\n", c_string(key[i, 9])
	}
}

function doc_value(i,    type, min, max, words) {
	type = key[i, 4]
	min = key[i, 5]
	max = key[i, 6]
	if (max == "18446744073709551615")
		max = "2^64-1"
	if (type == "u64")
		return "integer " min ".." max
	if (type == "s64")
		return "signed integer"
	if (type == "bytes")
		return "bytes, " min ".." max
	if (type == "rate")
		return "bits per second, " min ".." max
	if (type == "fraction")
		return "decimal " min ".." max
	if (type == "bool")
		return "`0` or `1`"
	if (type == "enum") {
		words = key[i, "values"]
		gsub(/ /, "`, `", words)
		return "`" words "`"
	}
	if (type == "state")
		return "XenbusState " min ".." max
	if (type == "mac")
		return "MAC address"
	if (type == "nonce")
		return "16 hex digits"
	return type ", " (min == max ? min : min ".." max) " bytes"
}

function emit_area(area,    i, doc, dflt, effect) {
	print "| key | written by | value | default | takes effect | meaning |"
	print "|---|---|---|---|---|---|"
	for (i = 0; i < n; i++) {
		if (key[i, 1] != area)
			continue
		doc = key[i, 9]
		gsub(/</, "\\&lt;", doc)
		dflt = key[i, 7] == "-" ? "" : key[i, 7] == "\"\"" ? "empty" : "`" key[i, 7] "`"
		effect = key[i, 8] == "-" ? "announced" : key[i, 8]
		printf "| `%s` | %s | %s | %s | %s | %s |\n", \
			key[i, 2], key[i, 3], doc_value(i), dflt, effect, doc
	}
}

function emit_doc() {
	print "<!-- Made by xenstore-schema/gen.awk from xenstore-schema/keys.txt: edit that. -->"
	print "# Xenstore reference"
	print ""
	print "dmvl follows Xen's split-driver convention with the device type `dmvl`. `B` is the domid of"
	print "the backend's domain, 0 unless a driver domain serves the guest."
	print ""
	print "*takes effect*: **live** = as soon as the key is written; **reconnect** = at the next handshake"
	print "of the device; **attach** = only when the device is created; **announced** = written for others to"
	print "read, never an input. *convention* keys are created by attach; then each side writes its own `state`."
	print ""
	print "A malformed or out-of-range value changes nothing: the old value stays in force. The device's"
	print "`error` and the backend's log then name the key, the value and the range. The error is cleared"
	print "when the value is corrected. Integers are decimal digits and nothing else: no sign, space, unit"
	print "or line end. A minimum above its maximum is refused. TX and RX are as the guest sees them."
	print ""
	print "## Backend: `/local/domain/B/backend/dmvl/DOMID/ID/`"
	print ""
	print "Owned by the backend's domain, readable by the guest."
	print ""
	emit_area("back")
	print ""
	print "## Frontend: `/local/domain/DOMID/device/dmvl/ID/`"
	print ""
	print "Owned by the guest, readable by the backend's domain. A missing directory means closed."
	print "libxenvchan removes everything below `vchan/` when the channel closes."
	print ""
	emit_area("front")
	print ""
	print "## Uplink: `/local/domain/B/data/dmvl/NAME/`"
	print ""
	print "Owned by the backend's domain. NAME is the value of `uplink` in the backend directory. While a guest"
	print "is saved or reboots, its devices' settings wait in `saved/UUID/ID/`, with the names of the backend"
	print "directory's keys."
	print ""
	emit_area("uplink")
	print ""
	print "## XenbusState"
	print ""
	print "1 initialising, 2 init-wait, 3 initialised, 4 connected, 5 closing, 6 closed."
}

END {
	if (failed)
		exit 1
	if (out == "schema_keys.h")
		emit_keys()
	else if (out == "schema_table.inc")
		emit_table()
	else
		emit_doc()
}
