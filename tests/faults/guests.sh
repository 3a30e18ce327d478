# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults of guests: they end, come back, move and change.

again()
{
	guest_again "$n" "$1"
	born
}

f_again()
{
	pick destroy reboot crash watchdog poweroff
	again "$pick"
}

f_restore()
{
	suspends
	guest_restore "$n"
	moved
}

f_checkpoint()
{
	guest_checkpoint "$n"
}

f_soft_reset()
{
	xensim shutdown "$n" soft-reset
	xensim resume "$n"
	moved
}

f_migrate()
{
	suspends
	xensim migrate "$n" >&2
	moved
}

f_gone()
{
	guest_destroy "$n"
	eval "here_$g=0"
}

f_comes()
{
	roll 40
	xensim next $((roll + 1)) # a domid that others had
	guest_create "$n" "uuid=$u"
	born
}

no_domain()
{
	! xensim list | grep -q "^$1 "
}

# The domid of the domain that ended is its own again, or that of another guest.
domid_again()
{
	_domid=$1
	in_time no_domain "$_domid"
	xensim next "$_domid"
	roll 2
	[ "$roll" = 0 ] || guest_create x1
	guest_create "$n" "uuid=$u"
	[ "$roll" = 0 ] || guest_destroy x1
	born
}

f_domid_again()
{
	_domid=$(guest_domid "$n")
	guest_destroy "$n"
	domid_again "$_domid"
}

f_domid_again_absent()
{
	ups='default second'
	ups_end
	f_domid_again
	ups_start
}

f_rename()
{
	calm || return
	case $n in
	m*) _to=r${n#m} ;;
	*) _to=m${n#r} ;;
	esac
	xensim rename "$n" "$_to"
	eval "name_$g=$_to"
	model_read "$g"
	calm
}

# xl made a UUID, since the configuration has none: the policy's name is all that counts.
f_other_uuid()
{
	calm || return
	guest_destroy "$n"
	guest_create "$n"
	eval "uuid_$g=$(_uuid "$n")"
	in_time dmvlctl forget "$u"
	in_time xenstore-exists "$(be "$n")/mac"
	eval "own_${g}_0=$(xenstore-read "$(be "$n")/mac")"
	rm -f "model/$g.0"
	born
}
