# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults, at random, of guests, daemons, xenstore, disk and policy; each tells the model (wanted.sh) what the
# operator did. After wanted.sh.

# ---- Chance ----

# roll N: $roll is one of 0..N-1.
roll()
{
	_seed=$(((_seed * 1103515245 + 12345) & 0x7fffffff))
	roll=$(((_seed >> 8) % $1))
}

# pick WORD..: $pick is one of them.
pick()
{
	roll $#
	shift "$roll"
	pick=$1
}

# pick_id: $id is one of the devices of $g.
pick_id()
{
	# shellcheck disable=SC2086 # one word each
	pick $ids
	id=$pick
}

# a_value KEY TYPE MIN MAX: in $value. Minima are small and maxima large, so that no minimum is refused.
a_value()
{
	case $1 in
	vlan) pick none trunk 5 untagged,10,20-30 ;;
	allowed-ip) pick '' 10.77.1.9 10.77.1.0/24,fd77::/64 ;;
	allowed-mac) pick '' 02:00:00:00:00:99 02:00:00:00:00:98,02:00:00:00:00:97 ;;
	group) pick '' acme beta ;;
	mac)
		_macs=$((_macs + 1))
		pick=$(printf '02:00:00:01:%02x:%02x' $((_macs / 256)) $((_macs % 256)))
		;;
	mtu) roll 900; pick=$((600 + roll)) ;;
	?x-min) roll 1000000; pick $roll 0 ;;
	?x-max) roll 1000000; pick $((10000000 + roll)) 0 ;;
	*) any_value "$@" ;;
	esac
	value=$pick
}

any_value()
{
	case $2 in
	bool) roll 2; pick=$roll ;;
	enum*)
		_words=${2#*(}
		# shellcheck disable=SC2086 # one word each
		pick ${_words%)}
		;;
	u64 | rate | bytes)
		_span=$(($4 - $3))
		[ $_span -lt 1000000 ] || _span=1000000
		roll $((_span + 1))
		pick=$(($3 + roll))
		;;
	*) bail "no value for the key $1 of the type $2" ;;
	esac
}

# some_words N: in $words, KEY=VALUE for N keys that may be set while a device is there.
some_words()
{
	words=
	for _word in $(seq "$1"); do
		roll "$settable"
		a_key $((roll + 1))
		case " $words" in
		*" $key="*) ;;
		*) words="$words$key=$value " ;;
		esac
	done
	words=${words% }
}

# a_key N: in $key, with a value for it in $value.
a_key()
{
	while IFS="$tab" read -r key _type _min _max; do
		_nth=$((_nth + 1))
		[ "$_nth" -ne "$1" ] || break
	done <settable
	_nth=0
	a_value "$key" "$_type" "$_min" "$_max"
}

# in_time COMMAND..: it succeeds soon, or the test is over.
in_time()
{
	soon "$@" || echo "not in time: $*" >>differs
}

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

# A guard that is asked whether to end is a gap that docs/resume.md tells of: no guest is suspended meanwhile.
agents_kill()
{
	for id in $ids; do
		eval "kill -9 \$agent_${g}_$id"
		in_time not_connected "$(be "$n" "$id")"
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

# ---- Faults of guests ----

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

# ---- Faults of daemons ----

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

f_restore_stopped()
{
	some_ups
	for id in $ids; do
		in_time rests "$id"
	done
	for _up_name in $ups; do
		eval "kill -STOP \$pid_$_up_name"
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

# ---- Faults of the operator's ----

# set_words ID: succeeds if the device was there, and the model knows.
set_words()
{
	# shellcheck disable=SC2086
	dmvlctl set "$n/$1" $words >&2 2>&1 || return
	model_change set "$g" "$1" "$words"
}

f_set()
{
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
}

# ---- Faults of the policy ----

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

# ---- Faults of the disk and the host ----

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

# ---- All of them ----

# The faults, each as often as it stands here; those of the second list end no daemon.
faults_all='f_again f_again f_again f_restore f_restore f_checkpoint f_soft_reset f_migrate f_gone f_domid_again
	f_domid_again_absent f_rename f_rename f_other_uuid f_agent f_agent f_agent_absent f_back f_back f_restore_absent f_restore_middle f_restore_middle
	f_restore_stopped f_again_absent f_xenstored f_set f_set f_set f_write f_malformed f_set_and_again f_reattach
	f_detached f_policy f_policy f_policy_absent f_policy_mistake f_disk f_host'
faults_lasting='f_again f_again f_restore f_restore f_checkpoint f_soft_reset f_migrate f_gone f_domid_again f_rename
	f_other_uuid f_agent f_agent_absent f_restore_stopped f_xenstored f_set f_set f_write f_malformed f_set_and_again
	f_detached f_policy f_policy_mistake'

# fault FAULT..: one of them, to one of the guests. A guest that is away comes; the witness keeps its settings and
# only one guest has other names.
fault()
{
	pick "$@"
	_fault=$pick
	# shellcheck disable=SC2086 # one word each
	pick $guests
	take "$pick"
	case $_fault-$g in
	f_set-w1 | f_write-w1 | f_set_and_again-w1 | f_reattach-w1 | f_disk-w1) _fault=f_restore ;;
	f_rename-* | f_other_uuid-*) take m3 ;;
	f_detached-*) pick m3 m4; take "$pick" ;;
	esac
	[ "$here" = 1 ] || _fault=f_comes
	read -r _up _ </proc/uptime
	echo "$_fault $g $_up" >>faults.log
	"$_fault" >&2
}
