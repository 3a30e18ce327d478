#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# Control frames, router advertisements and DHCP answers: no guest sends them, and control frames reach
# none, over a TAP and over a macvtap, until its settings say otherwise.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
ip link add lower0 type veth peer name world1 netns world
world ip link set world1 up
sysctl -q -w net.ipv6.conf.lower0.disable_ipv6=1 >&2
back_start
tap_back=$back
mv=g3
pairs='g1,g2,world0'
if ip link add link lower0 name probe0 type macvtap mode passthru; then
	ip link del probe0
	back_run -n mv --tx-capacity 10gbit --uplink macvtap:lower0
	ldps 'g3 3 uplink=mv' 'g4 4 uplink=mv'
	pairs="$pairs g3,g4,world1"
else
	skip 'this kernel has no macvtap' 'control frames over a macvtap'
	mv=
fi
ldps 'g1 1' 'g2 2'

# crosses FROM IF TO IF OPTION..: how many of three such frames, of 123 bytes, arrive. A good frame of 121
# bytes follows them, so that there is something to wait for.
crosses()
{
	_from=$1 _if=$2 _to=$3 _to_if=$4
	shift 4
	start recv at "$_to" "exec dmvl-frames recv -i $_to_if -s $(mac "$_from" "$_if") -e 121 -w 60 -v"
	at "$_from" "dmvl-frames send -i $_if -l 123 -c 3 $*
		dmvl-frames send -i $_if -l 121 -d $(mac "$_to" "$_to_if")" >&2
	wait "$started" || echo 'the good frame did not come'
	grep -c ' 123$' recv.out
}
crosses_is()
{
	_n=$1
	shift
	[ "$(crosses "$@")" = "$_n" ]
}

# In hexadecimal, behind the ethertype or length.
bpdu='-d 01:80:c2:00:00:00 -t 0069 --hex 424203000000000000000000'
cdp='-d 01:00:0c:cc:cc:cc -t 0069 --hex aaaa0300000c2000'
pause='-d 01:80:c2:00:00:01 -t 8808 --hex 0001ffff'
lldp='-t 88cc --hex 0207'
v6=fe80000000000000021600fffe000001ff020000000000000000000000000001
ra="-d 33:33:00:00:00:01 -t 86dd --hex 6000000000103aff${v6}86000000400007080000000000000000"
ra_behind="-d 33:33:00:00:00:01 -t 86dd --hex 6000000000183cff${v6}3a0001040000000086000000400007080000000000000000"
ra_hidden="-d 33:33:00:00:00:01 -t 86dd --hex 6000000000082cff${v6}3c00000100000007"
fragment="-d 33:33:00:00:00:01 -t 86dd --hex 6000000000182cff${v6}3a0000100000000786000000400007080000000000000000"
offer='-d ff:ff:ff:ff:ff:ff -t 800 --hex 4500006900000000401100000a4d0101ffffffff004300440055000002010600'
offer6="-d 33:33:00:00:00:01 -t 86dd --hex 60000000004511ff${v6}02230222004500000700"

# none WHAT FROM TO WORLD-IF OPTION..: neither the world nor a guest gets it.
none()
{
	_what=$1 _g=$2 _other=$3 _wire=$4
	shift 4
	is "$(crosses "$_g" dmvl0 world "$_wire" "$@")" 0 "$_what of $_g does not reach the world"
	is "$(crosses "$_g" dmvl0 "$_other" dmvl0 "$@")" 0 "$_what of $_g does not reach $_other"
}

# Of the instance that serves it.
counts()
{
	case $1 in
	g1 | g2) _log=back.1.log back=$tap_back dropped "$@" ;;
	*) dropped "$@" ;;
	esac
}

mv_back=$back
for pair in $pairs; do
	IFS=, read -r g other wire <<-END
		$pair
	END
	none 'a pause frame' "$g" "$other" "$wire" "$pause"
	none 'a BPDU' "$g" "$other" "$wire" "$bpdu"
	none 'a CDP frame' "$g" "$other" "$wire" "$cdp"
	none 'a tagged LLDP frame' "$g" "$other" "$wire" "-V 0 -d 02:00:00:00:00:01 $lldp"
	is "$(crosses "$g" dmvl0 "$other" dmvl0 "-d $(mac "$other" dmvl0) $lldp")" 0 \
		"an LLDP frame of $g to the address of $other does not reach it"
	is "$(crosses world "$wire" "$other" dmvl0 "-d $(mac "$other" dmvl0) $lldp")" 0 \
		"an LLDP frame of the world does not reach $other"
	is "$(counts "$g" control) $(counts "$other" rx-control)" '27 3' \
		"control frames are counted, for $g as control and for $other as rx-control"
	none 'a router advertisement' "$g" "$other" "$wire" "$ra"
	none 'a router advertisement behind a header' "$g" "$other" "$wire" "$ra_behind"
	none 'a DHCP answer' "$g" "$other" "$wire" "$offer"
	none 'a DHCPv6 answer' "$g" "$other" "$wire" "$offer6"
	is "$(counts "$g" service)" 24 "services of $g are counted as service"
	none 'a first fragment that hides its header' "$g" "$other" "$wire" "$ra_hidden"
	is "$(counts "$g" hidden)" 6 "hidden headers of $g are counted as hidden"
	is "$(crosses "$g" dmvl0 world "$wire" "$fragment")" 3 "a later fragment of $g reaches the world"
	is "$(crosses world "$wire" "$other" dmvl0 "$ra")" 3 "a router advertisement of the world reaches $other"

	dmvlctl set "$g" control-frames=1 guest-services=1 >&2
	check "with guest-services=1 $g may send router advertisements" \
		wait_for 30 crosses_is 3 "$g" dmvl0 world "$wire" "$ra"
	is "$(crosses "$g" dmvl0 "$other" dmvl0 "$offer")" 3 "with guest-services=1 a DHCP answer of $g reaches $other"
	is "$(crosses "$g" dmvl0 world "$wire" "$cdp")" 3 "with control-frames=1 a CDP frame of $g reaches the world"
	is "$(crosses "$g" dmvl0 "$other" dmvl0 "$cdp")" 0 "a CDP frame of $g does not reach $other, which has control-frames=0"
	dmvlctl set "$other" control-frames=1 >&2
	check "with control-frames=1 on both a CDP frame of $g reaches $other" \
		wait_for 30 crosses_is 3 "$g" dmvl0 "$other" dmvl0 "$cdp"
	dmvlctl set "$g" control-frames=0 guest-services=0 >&2
	check "with control-frames=0 no CDP frame of $g reaches $other" \
		wait_for 30 crosses_is 0 "$g" dmvl0 "$other" dmvl0 "$cdp"
	is "$(crosses "$g" dmvl0 "$other" dmvl0 "$offer")" 0 "with guest-services=0 no DHCP answer of $g reaches $other"
done

# The pause frames of g3 would have reached the card; those of g1 the bridge keeps.
if [ -n "$mv" ]; then
	dmvlctl set $mv control-frames=1 >&2
	check "with control-frames=1 a pause frame of $mv reaches the world over a macvtap" \
		wait_for 30 crosses_is 3 $mv dmvl0 world world1 "$pause"
	back=$mv_back
	back_stop
fi
back=$tap_back
back_stop
done_testing
