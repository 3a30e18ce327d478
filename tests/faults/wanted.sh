# shellcheck shell=sh disable=SC2154 # variables that eval sets
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What should be set, and what is: over xensim, for tests/suite/68-faults.sh. After tests/suite/lib.sh.
#
# Each guest G of $guests has the variables name_G, uuid_G and here_G (1: it runs); model/G.ID is one of its
# devices as model.awk keeps it. Device 1 is on the uplink second, the others on default.

faults_dir=$SUITE_TOP/tests/faults

# ---- Keys and policy ----

# keys: KEY DEFAULT TYPE MIN MAX EFFECT of all keys that somebody may set, from the schema.
wanted_keys()
{
	awk -F '|' -v OFS='\t' '
		function bare(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
		/^#/ || bare($1) != "back" || bare($4) == "nonce" { next }
		bare($3) == "operator" || bare($3) == "attach" {
			d = bare($7)
			print bare($2), d == "\"\"" ? "" : d, bare($4), bare($5), bare($6), bare($8)
		}' "$SUITE_TOP/xenstore-schema/keys.txt" >keys
}

# policy_write: policy.conf as policy.now says.
policy_write()
{
	awk -F '\t' '
		!($1 in text) { order[++n] = $1 }
		{ text[$1] = text[$1] ($2 == "" ? "" : $2 " = " $4 "\n") }
		END { for (i = 1; i <= n; i++) printf "[%s]\n%s", order[i], text[order[i]] }' policy.now >policy.conf
}

# policy_put SECTION KEY [VALUE TEXT]: without a value the policy says nothing of it.
policy_put()
{
	awk -F '\t' -v s="$1" -v k="$2" '!($1 == s && $2 == k)' policy.now >policy.new
	[ $# -lt 3 ] || printf '%s\t%s\t%s\t%s\n' "$@" >>policy.new
	mv policy.new policy.now
}

# ---- The model ----

# model OP G ID [WORDS]
model()
{
	eval "_name=\$name_$2 _uuid=\$uuid_$2"
	awk -v op="$1" -v uuid="$_uuid" -v name="$_name" -v id="$3" -v words="${4-}" \
		-f "$faults_dir/model.awk" keys policy.now "model/$2.$3"
}

# model_change OP G ID [WORDS]
model_change()
{
	model "$@" >model.new
	mv model.new "model/$2.$3"
}

# of_device FILE: $_of is the guest, $_id the number of the device.
of_device()
{
	_of=${1#model/}
	_id=${_of#*.}
	_of=${_of%.*}
}

# model_read [G]: the policy was read by all, or the guest came back.
model_read()
{
	# shellcheck disable=SC2231 # a pattern
	for _file in model/${1:-*}.?; do
		[ -e "$_file" ] || continue
		of_device "$_file"
		eval "_here=\$here_$_of"
		[ "$_here" = 0 ] || model_change prune "$_of" "$_id"
	done
}

# ---- What is ----

# wanted: wanted.live and wanted.file are what should be in xenstore and on the disk.
wanted()
{
	for _file in model/*.?; do
		of_device "$_file"
		eval "_here=\$here_$_of _uuid=\$uuid_$_of"
		model file "$_of" "$_id" >&3
		printf '%s\t%s\tdevice\n' "$_uuid" "$_id" >&3
		[ "$_here" = 1 ] || continue
		model live "$_of" "$_id"
		printf '%s\t%s\tstate\t4 4\n%s\t%s\terror\t\n' "$_uuid" "$_id" "$_uuid" "$_id"
	done 3>file.unsorted >live.unsorted
	LC_ALL=C sort file.unsorted >wanted.file
	LC_ALL=C sort live.unsorted >wanted.live
}

# is_live: is.live is what is in xenstore; a line of another kind for what should not be there.
is_live()
{
	xenstore-ls -f /local/domain | awk -v OFS='\t' '
		FILENAME == "keys" {
			split($0, f, "\t")
			key[++keys] = f[1]
			dflt[f[1]] = f[2]
			next
		}
		{
			path = $1
			value = substr($0, index($0, " = \"") + 4)
			sub(/"[^"]*$/, "", value)
			n = split(path, part, "/")
		}
		n == 5 && part[5] == "name" { home[part[4]] = 1 }
		n >= 8 && path ~ /^\/local\/domain\/0\/backend\/dmvl\// {
			dev = part[7] "/" part[8]
			back[dev] = 1
			if (n == 9)
				said[dev, part[9]] = value
		}
		n >= 7 && path ~ /^\/local\/domain\/[0-9]+\/device\/dmvl\// {
			dev = part[4] "/" part[7]
			front[dev] = 1
			if (part[8] == "state")
				state[dev] = value
		}
		END {
			for (dev in back) {
				split(dev, part, "/")
				who = said[dev, "guest-uuid"] "\t" part[2]
				if (!home[part[1]])
					print "left over", "backend of", dev, who
				for (i = 1; i <= keys; i++)
					print who, key[i], (dev, key[i]) in said ? said[dev, key[i]] : dflt[key[i]]
				print who, "state", said[dev, "state"] " " state[dev]
				print who, "error", said[dev, "error"]
			}
			for (dev in front)
				if (!(dev in back))
					print "left over", "frontend of", dev
		}' keys - | LC_ALL=C sort >is.live
}

# is_file: is.file is what is on the disk.
is_file()
{
	find state -type f | while read -r _path; do
		awk -v OFS='\t' -v path="$_path" '
			function put() {
				if (k != "" && (p != "-" || v != dflt[k]))
					print uuid, id, k, p, v
				k = ""
			}
			FILENAME == "keys" {
				split($0, f, "\t")
				dflt[f[1]] = f[2]
				next
			}
			$0 == "# end" { put(); whole = 1; next }
			/^\[/ {
				put()
				uuid = substr($0, 2, 36)
				id = substr($0, 38, 1) == "/" ? substr($0, 39) + 0 : 0
				print uuid, id, "device"
			}
			/^[a-z].* = / {
				put()
				k = $1
				p = "-"
				v = substr($0, index($0, " = ") + 3)
			}
			/^# policy: [a-z-]+ = / { p = "=" substr($0, index($0, " = ") + 3) }
			END {
				if (!whole || path !~ ("/" uuid "$"))
					print "left over", path
			}' keys "$_path"
	done | LC_ALL=C sort >is.file
}

# as_wanted: all is as it should be.
as_wanted()
{
	is_live
	is_file
	cmp -s wanted.live is.live && cmp -s wanted.file is.file
}

# soon COMMAND..: within a minute; looks often.
soon()
{
	read -r _up _ </proc/uptime
	_until=$((${_up%.*} + 60))
	until "$@" 2>/dev/null; do
		read -r _up _ </proc/uptime
		[ "${_up%.*}" -lt $_until ] || return 1
		sleep 0.02
	done
}

# settled: all is as it should be, soon; if not, what is different.
settled()
{
	wanted
	soon as_wanted && return
	diff wanted.live is.live
	diff wanted.file is.file
	return 1
}

# calm: all is as it should be; else $differs has what is not, and the test is over.
calm()
{
	settled >>differs
}
