#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# IPv6 link-local addresses with allowed-ip: any form, eight for a device, none of another guest's; and
# neighbour discovery that says another's MAC.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start
ldps 'g1 1 allowed-ip=10.77.1.1,fd77::1:1' 'g2 2 allowed-ip=10.77.1.2,fd77::1:2' 'g3 3'
mac1=$(mac g1 dmvl0)
mac2=$(mac g2 dmvl0)

# eui MAC: the last eight bytes of the address made from it.
eui()
{
	# shellcheck disable=SC2046
	set -- $(echo "$1" | tr : ' ')
	printf '%02x%s%sfffe%s%s%s' $((0x$1 ^ 2)) "$2" "$3" "$4" "$5" "$6"
}

net=fd77$(printf %024d 1)
all=ff020000000000000000000000000001

# leaves GUEST HEX: how many of three IPv6 frames of 123 bytes with that content reach the world. A frame
# of 121 bytes from a listed address follows them.
leaves()
{
	start recv at world "exec dmvl-frames recv -i world0 -s $(mac "$1" dmvl0) -t 86dd -e 121 -w 60 -v"
	guest "$1" "dmvl-frames send -i dmvl0 -l 123 -c 3 -t 86dd --hex $2
		dmvl-frames send -i dmvl0 -l 121 -t 86dd --hex 6000000000083aff${net}000${1#g}${all}8000000000000000" >&2
	wait "$started" || echo 'the last frame did not come'
	grep -c ' 123$' recv.out
}

# echo_from GUEST IID: of an echo request from fe80:: and these eight bytes.
echo_from()
{
	leaves "$1" "6000000000083afffe80000000000000$2${all}8000000000000000"
}

# advert GUEST TARGET MAC: of a neighbour advertisement.
advert()
{
	leaves "$1" "6000000000203aff${net}000${1#g}${all}8800000020000000${2}0201$(echo "$3" | tr -d :)"
}

is "$(echo_from g1 "$(eui "$mac1")")" 3 'with allowed-ip the link-local address made from the MAC passes'
is "$(echo_from g1 5a01020304050607)" 3 'with allowed-ip a link-local address of another form passes'
is "$(echo_from g2 5a01020304050607)" 0 'a link-local address that another guest uses is dropped'
is "$(echo_from g1 "$(eui "$mac2")")" 0 "the link-local address made from another guest's MAC is dropped"
is "$(echo_from g3 5a11111111111111)" 3 'without allowed-ip a link-local address of any form passes'
is "$(echo_from g2 5a11111111111111)" 0 'a link-local address of a guest without allowed-ip is dropped from another'
n=0
for i in 1 2 3 4 5 6 7 8; do
	[ "$(echo_from g1 "5a0000000000000$i")" != 3 ] || n=$((n + 1))
done
is "$n" 7 'an eighth link-local address passes and a ninth does not'
like "$(dropped g1 spoof-ip) $(dropped g2 spoof-ip)" '6 6' 'link-local addresses that are not the own are counted as spoof-ip'
is "$(advert g1 ${net}0001 "$mac1")" 3 'an advertisement of an own address passes'
is "$(advert g1 ${net}0002 "$mac1")" 0 "an advertisement of another guest's address is dropped"
is "$(advert g1 "fe80000000000000$(eui "$mac2")" "$mac1")" 0 "an advertisement of another guest's link-local address is dropped"
is "$(advert g1 ${net}0001 "$mac2")" 0 "an advertisement with another guest's MAC is dropped"
is "$(advert g3 ${net}0001 "$mac1")" 0 "without allowed-ip an advertisement with another guest's MAC is dropped"
is "$(dropped g1 spoof-mac) $(dropped g3 spoof-mac)" '3 3' "advertisements with another's MAC are counted as spoof-mac"
dmvlctl set g2 allowed-ip= >&2
echo_is()
{
	[ "$(echo_from "$2" "$3")" = "$1" ]
}
check 'without allowed-ip a link-local address that another guest uses passes' wait_for 20 echo_is 3 g2 5a01020304050607
is "$(echo_from g1 5a01020304050607)" 3 'a guest keeps its link-local address when a guest without allowed-ip uses it'
check 'g1 pings the world over IPv6' wait_for 20 reaches g1 fd77::1
back_stop
done_testing
