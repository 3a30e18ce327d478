# shellcheck shell=sh disable=SC2034,SC2154 # variables that eval sets, and those of 68-faults.sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Chance: the same for the same seed.

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
