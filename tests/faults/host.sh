# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults of the disk and the host.

f_disk()
{
	calm || return
	head -c 10000000 /dev/zero >state/fill 2>/dev/null
	f_set
	pick f_again f_restore f_back f_set
	"$pick"
	wanted
	soon live_as_wanted || diff wanted.live is.live >>differs
	rm state/fill
	# The disk is asked at once for what is set now, and for the rest after ten seconds.
	for id in $ids; do
		roll 65535
		words=weight=$((roll + 1))
		set_words "$id"
	done
}

live_as_wanted()
{
	is_live
	cmp -s wanted.live is.live
}

# The host is shut down with its guests in files, and xenstore is a new one after that.
f_host()
{
	calm || return
	ups='default second'
	for _g in $guests; do
		eval "_here=\$here_$_g _n=\$name_$_g"
		[ "$_here" = 0 ] || guest_save "$_n"
	done
	pick KILL TERM
	ups_end "$pick"
	xenstore-rm /local/domain/0/backend/dmvl
	xenstore-rm /local/domain/0/data/dmvl
	rm -f /run/dmvl/*.policy
	for _g in $guests; do
		eval "_here=\$here_$_g _n=\$name_$_g"
		[ "$_here" = 0 ] || guest_restore "$_n"
	done
	ups_start
}

is_locked()
{
	! flock -n "state/$1" true
}

# Another program keeps what is remembered locked, and stands still.
f_locked()
{
	calm || return
	_lockers=
	for _up_name in default second; do
		flock -F "state/$_up_name" sleep 1000 &
		_lockers="$_lockers $!"
		in_time is_locked "$_up_name"
	done
	pick f_set f_again f_restore f_checkpoint
	"$pick"
	# shellcheck disable=SC2086 # one word each
	kill $_lockers
}
