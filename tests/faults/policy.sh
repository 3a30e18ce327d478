# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults of the policy: it changes, and has mistakes.

policy_change()
{
	pick m3 r3 m2/1 "$uuid_m4" default
	_section=$pick
	roll "$settable"
	a_key $((roll + 1))
	# An address is one guest's, and the witness shall be reached.
	if [ "$key" = mac ] || [ "$_section" = default ]; then
		roll 65535
		key=weight value=$((roll + 1))
	fi
	roll 4
	if [ "$roll" = 0 ] || [ -z "$value" ]; then
		policy_put "$_section" "$key"
	elif [ "$key" = tx-max ]; then
		policy_put "$_section" "$key" "$((roll + 30))000000" "$((roll + 30))%"
	else
		policy_put "$_section" "$key" "$value" "$value"
	fi
	policy_write
}

# policy_reload TEXT: SIGHUP, and both say so.
policy_reload()
{
	for _up_name in default second; do
		_had=$(logged "$_up_name" "$1")
		eval "kill -HUP \$pid_$_up_name"
		in_time longer "$_up_name" "$1" "$_had"
	done
}

f_policy()
{
	calm || return
	policy_change
	policy_reload 'the policy was read'
	model_read
	calm
}

f_policy_absent()
{
	calm || return
	ups='default second'
	ups_end
	policy_change
	model_read
	roll 2
	[ "$roll" = 0 ] || again destroy
	ups_start
}

f_policy_mistake()
{
	calm || return
	echo 'nonsense' >>policy.conf
	policy_reload 'stays in force until'
	pick f_again f_set f_restore
	"$pick"
	policy_write
	policy_reload 'the policy was read'
}
