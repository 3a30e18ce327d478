# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults of daemons: agents, dmvl-back and xenstored end, and things happen meanwhile.

f_agent()
{
	agents_kill
	agents_start
}

f_agent_absent()
{
	agents_kill
	guest_save "$n"
	guest_restore "$n"
	moved
	agents_start
}

f_back()
{
	some_ups
	pick KILL KILL TERM
	ups_end "$pick"
	ups_start
}

f_restore_absent()
{
	some_ups
	ups_end
	suspends
	guest_restore "$n"
	moved
	ups_start
}

f_restore_middle()
{
	some_ups
	suspends
	ups_end
	roll 2
	[ "$roll" = 1 ] || ups_start
	guest_restore "$n"
	moved
	[ "$roll" = 0 ] || ups_start
}

# answers: xenstored does, within a moment.
answers()
{
	timeout 2 xenstore-read domid >/dev/null
}

# up_pause UP: it stands still, but not in the middle of a message to xenstored: C xenstored then waits for the
# rest of that, and serves nobody else.
up_pause()
{
	eval "_pid=\$pid_$1"
	kill -STOP "$_pid"
	until answers; do
		kill -CONT "$_pid"
		in_time answers
		kill -STOP "$_pid"
	done
}

f_restore_stopped()
{
	some_ups
	for id in $ids; do
		in_time rests "$id"
	done
	for _up_name in $ups; do
		up_pause "$_up_name"
	done
	guest_save "$n"
	guest_restore "$n"
	moved
	for _up_name in $ups; do
		eval "kill -CONT \$pid_$_up_name"
	done
}

f_again_absent()
{
	some_ups
	ups_end
	again destroy
	ups_start
}

# The connection to xenstored breaks, and things happen until it is there again.
f_xenstored()
{
	some_ups
	for _up_name in $ups; do
		eval "kill -9 \$relay_$_up_name; wait \$relay_$_up_name 2>/dev/null"
		_had=$(logged "$_up_name" 'xenstored is back')
		eval "had_$_up_name=$_had"
	done
	pick f_set f_restore f_again f_checkpoint
	"$pick"
	for _up_name in $ups; do
		link_start "$_up_name"
		eval "_had=\$had_$_up_name"
		in_time longer "$_up_name" 'xenstored is back' "$_had"
	done
}
