#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest without an agent, whose device stands for its vif: keys, checks and shares beside a guest with one.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/xensim/vif.sh
. "$SUITE_TOP/tests/xensim/vif.sh"

uplink_setup
vif_plug g1 1
back_start --tx-capacity "$SUITE_RATE" --rx-capacity "$SUITE_RATE"

# ---- Attach, and what the tools show

dmvlctl attach g1 via=wire 2>err
is $? 2 'dmvlctl attach refuses a value of via that does not exist'
like "$(cat err)" '*via "wire": expected*ring*vif*' 'dmvlctl attach says what via may be'
check 'a device is attached with via=vif' dmvlctl attach g1 via=vif weight=100
check 'a guest without an agent gets its device' wait_for 30 agentless g1
check 'a guest without an agent pings the world' talks g1
check 'the world pings a guest without an agent' reaches world 10.77.1.1
check 'the world pings a guest without an agent over IPv6' wait_for 30 reaches world fd77::1:1
check 'a device with via=vif has no directory of the guest' no_node "$(fe g1)"
is "$(xenstore-read "$(be g1)/vif") $(xenstore-read "$(be g1)/vif-bridge")" "$(vif g1) xenbr0" \
	'xenstore says which vif was taken, and out of which bridge'
like "$(dmvlctl list)" '*g1/0 *connected to its vif *100*' 'dmvlctl list shows that the device stands for a vif'
like "$(dmvlctl show g1)" '*g1/0: connected to its vif*mac: 00:16:3e:77:00:01*' 'dmvlctl show has the MAC of the vif'
like "$(dmvlctl show g1 --json)" '*"via":"vif"*"frontend":null*' 'dmvlctl show --json has no frontend'
is "$(dmvlctl check)" '' 'dmvlctl check has nothing to say of a guest without an agent'
xenstore-write "$(be g1)/via" ring
dmvlctl set g1 weight=100
check 'a device keeps its vif when via is written later' talks g1
xenstore-write "$(be g1)/via" vif

ldp g2 2 weight=200
xenstore-write "$(be g2)/via" tube
check 'a malformed via is named in the key error' wait_for 30 key_like "$(be g2)/error" 'via "tube": expected*'
check 'a malformed via changes nothing' talks g2
xenstore-write "$(be g2)/via" ring
check 'the error clears when via is mended' wait_for 30 key_is "$(be g2)/error" ''
check 'a guest without an agent pings one with an agent' reaches g1 10.77.1.2
check 'a guest with an agent pings one without an agent' reaches g2 10.77.1.1

is "$(dmvlctl set g1 offload-csum=0 2>&1)" '' 'no key of a guest without an agent waits for an agent'
check 'a guest without an agent talks without offloads' wait_for 30 talks g1
dmvlctl set g1 offload-csum=1
check 'a guest without an agent talks with offloads again' wait_for 30 talks g1

# ---- Checks

# leaves [OPTION..]: how many of three such frames of g1 reach the world before a good one.
leaves()
{
	new_mark
	start recv world dmvl-frames recv -i world0 -m $mark -e 99 -w 60 -v
	guest g1 "dmvl-frames send -i eth0 -m $mark -l 100 -c 3 $*; dmvl-frames send -i eth0 -m $mark -l 99" >&2
	wait "$started" || echo 'the good frame did not come'
	grep -c ' 100$' recv.out
}
is "$(leaves)" 3 'frames of a guest without an agent leave'
is "$(leaves -s 02:00:00:00:00:99)" 0 'frames of a guest without an agent with a made-up source MAC are dropped'
is "$(dropped g1 spoof-mac)" 3 'frames of a guest without an agent with a made-up source MAC are counted'
xenstore-write "$(be g1)/allowed-ip" 10.77.1.9
check 'allowed-ip holds for a guest without an agent' wait_for 30 eval '! reaches g1 10.77.0.1'
xenstore-write "$(be g1)/allowed-ip" ''
check 'a guest without an agent talks again without allowed-ip' talks g1

# Tagged frames, both ways, to one address and to all.
is "$(leaves -V 10)" 0 'tagged frames of a guest without an agent are dropped by default'
dmvlctl set g1 vlan=10
leaves_is()
{
	[ "$(leaves_tagged "$2")" = "$1" ]
}
# leaves_tagged DESTINATION: how many of three tagged frames of g1 reach the world before a good one.
leaves_tagged()
{
	new_mark
	start recv world dmvl-frames recv -i world0 -V 10 -m $mark -e 99 -w 60 -v
	guest g1 "dmvl-frames send -i eth0 -V 10 -d $1 -m $mark -l 100 -c 3; dmvl-frames send -i eth0 -V 10 -m $mark -l 99" >&2
	wait "$started" || echo 'the good frame did not come'
	grep -c ' 100$' recv.out
}
check 'tagged frames of a guest without an agent leave if vlan says so' wait_for 30 leaves_is 3 "$(mac world world0)"
check 'tagged frames of a guest without an agent to all leave' wait_for 30 leaves_is 3 ff:ff:ff:ff:ff:ff
for to in 00:16:3e:77:00:01 ff:ff:ff:ff:ff:ff; do
	new_mark
	start tagged guest g1 "dmvl-frames recv -i eth0 -V 10 -m $mark -u 3 -w 20"
	world dmvl-frames send -i world0 -V 10 -m $mark -c 3 -d $to >&2
	check "tagged frames to $to reach a guest without an agent" wait "$started"
done
dmvlctl set g1 vlan=none

# ---- Files

pipe_start g1 world 10.77.0.1 5001 1000000
check 'a TCP file from a guest without an agent reaches the world whole' pipe_wait g1 world 5001
pipe_start world g1 10.77.1.1 5001 1000000
check 'a TCP file from the world reaches a guest without an agent whole' pipe_wait world g1 5001
pipe_start g1 g2 10.77.1.2 5001 1000000
check 'a TCP file from a guest without an agent reaches one with an agent whole' pipe_wait g1 g2 5001
pipe_start g2 g1 10.77.1.1 5001 1000000
check 'a TCP file from a guest with an agent reaches one without an agent whole' pipe_wait g2 g1 5001

# ---- Shares, from the counters of both devices

# counter NAME tx|rx: the bytes so far, as logged last.
counter()
{
	_counters "$1" 0 | tail -n 1 | sed "s/.*$2 frames=[0-9]* bytes=\([0-9]*\).*/\1/"
}

# counters tx|rx: those of g1 and g2 at one moment. Those of g2 are logged last.
counters()
{
	dropped g2 none >/dev/null
	echo "$(counter g1 "$1") $(counter g2 "$1")"
}

# moved_on tx|rx G1 G2 BYTES: together they have had that many bytes more.
moved_on()
{
	# shellcheck disable=SC2046
	set -- $(counters "$1") "$2" "$3" "$4"
	[ $(($1 + $2 - $3 - $4)) -ge "$5" ]
}

# used BYTES: nearly all that SUITE_RATE allows in the time that backlogged_since looked at last.
used()
{
	awk -v bytes="$1" -v rate="$SUITE_RATE" 'NR == FNR { from = $1; nextfile }
		{ exit !(bytes * 8 >= 0.95 * rate * ($1 - from) / 1000000) }' backlogged.was backlogged.now
}

# shared tx|rx G1-SHARE OFF WHAT: over the next megabytes g1 gets that share of both, within OFF of it. As in shares, a
# window in which the uplink was not full, or one of them had nothing to send or receive for a while, says nothing: of
# these there may be more.
shared()
{
	_dir=$1 _share=$2 _off=$3 _what=$4 _unfair=0
	for _try in $(seq 12); do
		backlogged_now "$_dir" >backlogged.was
		_before=$(counters "$_dir")
		# shellcheck disable=SC2086
		wait_for 60 moved_on "$_dir" $_before 4000000
		read -r _got _sum <<-END
			$(echo "$_before $(counters "$_dir")" | awk '{ s = $3 - $1 + $4 - $2; print ($3 - $1) / s, s }')
		END
		diag "$_what: $_got"
		awk "BEGIN { d = $_got / $_share - 1; exit !(d * d <= $_off * $_off) }" && break
		! { backlogged_since "$_dir" && used "$_sum"; } || _unfair=$((_unfair + 1))
		[ $_unfair -lt 4 ] || break
	done
	between "$_got" "$(awk "BEGIN { print $_share * (1 - $_off) }")" "$(awk "BEGIN { print $_share * (1 + $_off) }")" "$_what"
}

sink_start
sends g1 udp -b "$((SUITE_RATE * 2))" -l 1400
sends g2 udp -b "$((SUITE_RATE * 2))" -l 1400
settle 2
shared tx 0.33333 0.01 'guests without and with an agent send 1:2'
xenstore-write "$(be g1)/tx-min" $((SUITE_RATE * 6 / 10))
check 'a guest without an agent is granted a minimum' wait_for 30 key_is "$(be g1)/tx-rate" $((SUITE_RATE * 6 / 10))
shared tx 0.6 0.03 'a guest without an agent sends at its tx-min'
xenstore-write "$(be g1)/tx-min" 0
xenstore-write "$(be g1)/tx-max" $((SUITE_RATE / 10))
check 'a guest without an agent has a maximum' wait_for 30 key_is "$(be g1)/tx-rate" $((SUITE_RATE / 10))
shared tx 0.1 0.05 'a guest without an agent sends at its tx-max'
between "$(dropped g1 vif-codel)" 1 1000000000 'what a guest without an agent sends too much is dropped in its queue'
xenstore-write "$(be g1)/tx-max" 0
kill "$sink"

start sink1 guest -t 280 g1 'exec dmvl-flow sink 5003 -I 1'
start sink2 guest -t 280 g2 'exec dmvl-flow sink 5003 -I 1'
for _to in 10.77.1.1 10.77.1.2; do
	world dmvl-flow udp $_to 5003 -w 900 -b $((SUITE_RATE * 2)) -l 1400 >&2 &
done
shared rx 0.33333 0.01 'guests without and with an agent receive 1:2'

# ---- The end

back_stop
is $? 0 'dmvl-back with a guest without an agent ends with status 0'
done_testing
