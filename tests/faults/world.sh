# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemons and guests to which faults happen. After wanted.sh and chance.sh.

# ---- Daemons ----

# link_start UP: what stands between a dmvl-back and xenstored.
link_start()
{
	start "relay.$1" dmvl-sock relay "$PWD/xs.$1" /run/xenstored/socket
	eval "relay_$1=$started"
}

# logged UP PATTERN: how many lines; longer UP PATTERN N: more than N.
logged()
{
	grep -c "$2" "back.$1.log"
}
longer()
{
	[ "$(logged "$1" "$2")" -gt "$3" ]
}

# up_start UP
up_start()
{
	_bridge=xenbr0
	[ "$1" = default ] || _bridge=xenbr1
	: >"back.$1.log" # what is there is of the one before
	XENSTORED_PATH=$PWD/xs.$1 dmvl-back -n "$1" --uplink "tap:up-$1,bridge=$_bridge" --tx-capacity 100mbit \
		--state-dir "$PWD/state" --policy "$PWD/policy.conf" 2>"back.$1.log" &
	eval "pid_$1=$!"
	soon grep -q 'version .*: uplink' "back.$1.log" || bail "dmvl-back -n $1 starts"
}

# up_end UP SIGNAL
up_end()
{
	eval "_pid=\$pid_$1"
	kill "-$2" "$_pid"
	wait "$_pid" 2>/dev/null
	cp "back.$1.log" "back.$1.before.log"
}

# some_ups: in $ups, one of the daemons or both.
some_ups()
{
	pick default second 'default second'
	ups=$pick
}

ups_end()
{
	for _up_name in $ups; do
		up_end "$_up_name" "${1:-KILL}"
	done
}

ups_start()
{
	for _up_name in $ups; do
		up_start "$_up_name"
	done
	# shellcheck disable=SC2086 # one word each
	comes_back_by_policy $ups
}

# ---- Guests ----

# take G: $g is the guest, $n its name, $u its UUID, $ids its devices.
take()
{
	g=$1
	eval "n=\$name_$g u=\$uuid_$g ids=\$ids_$g here=\$here_$g"
}

agents_start()
{
	for id in $ids; do
		eval "agent_${g}_$id=$(guest_bg "$n" "exec dmvl-front -i $id --ifname dmvl$id 2>>/run/front$id.log")"
	done
}

# A guard that is asked whether to end is a gap that docs/resume.md tells of: no guest is suspended meanwhile. The
# guard of an agent that was connected, the last that it started, ends; others, which hold what is from before a
# restore, stay.
agents_kill()
{
	for id in $ids; do
		eval "_agent=\$agent_${g}_$id"
		_guard=$(pgrep -n -P "$_agent")
		connected "$n" "$id" || _guard=
		kill -9 "$_agent"
		in_time not_connected "$(be "$n" "$id")"
		[ -z "$_guard" ] || [ -n "${FAULT_ANY_TIME:-}" ] || in_time ended "$_guard"
	done
}

not_connected()
{
	! key_is "$1/state" 4
}

# suspends: the agents of $n neither open nor close anything now, which are such gaps too.
suspends()
{
	for id in $ids; do
		[ -n "${FAULT_ANY_TIME:-}" ] || in_time rests "$id"
	done
	guest_save "$n"
}

# rests ID: it is connected or, where nobody serves it, closed.
rests()
{
	_up_name=default
	[ "$1" = 0 ] || _up_name=second
	eval "_pid=\$pid_$_up_name _relay=\$relay_$_up_name"
	if kill -0 "$_pid" && kill -0 "$_relay"; then
		connected "$n" "$1"
		return
	fi
	case $(xenstore-read "$(fe "$n" "$1")/state" 2>/dev/null) in
	4) kill -0 "$_pid" ;;
	5) false ;;
	esac
}

# comes_back_by_policy UP..: a guest without a device that the policy names gets it when the guest or its dmvl-back
# begins.
comes_back_by_policy()
{
	for _g in $guests; do
		eval "_here=\$here_$_g _ids=\$ids_$_g"
		for _id in $_ids; do
			case "$_id $*" in
			0*default* | 1*second*) [ "$_here" = 0 ] || [ -e "model/$_g.$_id" ] || named "$_g" "$_id" ;;
			esac
		done
	done
}

# named G ID: if the policy names this device, it has nothing that was set.
named()
{
	eval "printf 'mac\town\t%s\n' \"\$own_$1_$2\"" >"model/$1.$2"
	model named "$1" "$2" || rm "model/$1.$2"
}

# born: $g is there again, in another domain.
born()
{
	eval "here_$g=1"
	model_read "$g"
	comes_back_by_policy default second
	agents_start
}

# moved: the same, and its processes live on.
moved()
{
	model_read "$g"
	comes_back_by_policy default second
}
