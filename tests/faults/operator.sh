# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults of the operator's: what is set, detached and attached, at any moment.

# set_words ID: succeeds if the device was there, and the model knows.
set_words()
{
	# shellcheck disable=SC2086
	dmvlctl set "$n/$1" $words >&2 2>&1 || return
	model_change set "$g" "$1" "$words"
}

# The witness keeps its settings, whoever calls this.
f_set()
{
	[ "$g" != w1 ] || { f_restore; return; }
	pick_id
	roll 4
	some_words $((roll + 1))
	set_words "$id"
	return 0
}

f_write()
{
	calm || return
	pick_id
	some_words 1
	xenstore-write "$(be "$n" "$id")/${words%%=*}" "${words#*=}"
	model_change set "$g" "$id" "$words"
}

# A malformed value changes nothing, and does not come back.
f_malformed()
{
	calm || return
	xenstore-write "$(be "$n")/weight" heavy
	in_time key_like "$(be "$n")/error" 'weight*'
	again destroy
}

# What is set while the guest is ended counts if dmvlctl said so.
f_set_and_again()
{
	some_words 3
	# shellcheck disable=SC2086
	(dmvlctl set "$n" $words >/dev/null 2>&1; echo $? >set.status) &
	_setter=$!
	guest_again "$n" destroy
	wait "$_setter"
	[ "$(cat set.status)" != 0 ] || model_change set "$g" 0 "$words"
	born
}

f_reattach()
{
	calm || return
	pick_id
	some_ups
	roll 3
	[ "$roll" != 0 ] || ups_end
	dmvlctl detach --timeout 2s "$n/$id" >&2
	rm "model/$g.$id"
	[ "$roll" != 0 ] || ups_start
	[ ! -e "model/$g.$id" ] || return 0 # it came back by the policy
	some_words 3
	[ "$id" = 0 ] || words="$words uplink=second"
	# shellcheck disable=SC2086
	dmvlctl attach "$n/$id" $words >&2 || return
	eval "_own=\$own_${g}_$id"
	printf 'mac\town\t%s\n' "$_own" >"model/$g.$id"
	model_change set "$g" "$id" "$words"
}

# Somebody detached it; the policy names it, so it comes back with the guest, and with nothing that was set.
f_detached()
{
	calm || return
	dmvlctl detach "$n" >&2
	rm "model/$g.0"
	again destroy
	calm
}

# What was exported is imported again: what was set meanwhile is gone, whether the guest is there or not.
f_import()
{
	calm || return
	dmvlctl export "$n" >export.dmvl
	mkdir model.then
	cp model/"$g".* model.then
	for id in $ids; do
		some_words 3
		set_words "$id"
	done
	roll 2
	[ "$roll" = 0 ] || f_gone
	in_time dmvlctl import export.dmvl >&2
	cp model.then/* model
	rm -r model.then
	[ "$roll" = 0 ] || f_comes
}
