#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# How dmvl-back takes the vif of a guest without an agent, keeps it, and puts it back as it was.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"
# shellcheck source=tests/xensim/vif.sh
. "$SUITE_TOP/tests/xensim/vif.sh"

no_taps()
{
	[ -z "$(ip -o link show type macvtap)" ]
}

error_is()
{
	wait_for 30 key_like "$(be "$1" "${3:-0}")/error" "$2"
}

# back_as WHAT: the vif of g1 is as it was before, and g1 has its network.
back_as()
{
	port_picture "$(vif g1)" >now
	check "$1 puts the vif back as it was" diff before now
	check "$1 leaves no macvtap" no_taps
	check "the world reaches g1 after $1 before g1 has said anything" hears g1
	check "g1 pings the world after $1" talks g1
}

# waits: how often dmvl-back has looked at a device and gone on waiting.
waits()
{
	grep -c 'back 2 front 0: wait' "$_log"
}

more_waits()
{
	[ "$(waits)" -gt "$1" ]
}

# hears NAME: it gets a frame of the world that the bridge knows the way of, or floods.
hears()
{
	new_mark
	start hears guest "$1" "dmvl-frames recv -i eth0 -m $mark -u 1 -w 20"
	world dmvl-frames send -i world0 -m $mark -c 1 -d 00:16:3e:77:00:01 >&2
	wait "$started"
}

uplink_setup
ip link set xenbr0 addr 02:00:00:00:00:01 # or ports that come and go would change its id
ip link add other0 type bridge
ip link set other0 up
vif_plug g1 1
bridge link set dev "$(vif g1)" isolated on mcast_flood off cost 77 priority 5 hairpin on
port_picture "$(vif g1)" >before
back_start

# ---- Detach

check 'a guest is attached without an agent' dmvlctl attach g1 via=vif
check 'a guest without an agent connects' wait_for 30 agentless g1
check 'g1 pings the world through its device' talks g1
is "$(ip -o link show type macvtap | wc -l)" 1 'a macvtap lies over the vif'
check 'a guest without an agent is detached' dmvlctl detach g1
back_as 'dmvlctl detach'
check 'a detached guest without an agent has no nodes' no_node "$(be g1)"

# ---- The end of dmvl-back, and kill -9

# refuses WHEN: release-vifs, as a daemon serves the vif, which stays as it is.
refuses()
{
	port_picture "$(vif g1)" >taken
	dmvlctl release-vifs --uplink default 2>err
	is $? 1 "dmvlctl release-vifs fails $1"
	like "$(cat err)" "*$(vif g1) is in use by dmvl-back, process $back, *" "dmvlctl release-vifs says who has the vif $1"
	is "$(wc -l <err)" 1 "dmvlctl release-vifs says one sentence $1"
	port_picture "$(vif g1)" >now
	check "the vif stays as it was taken when dmvlctl release-vifs fails $1" diff taken now
}

dmvlctl attach g1 via=vif weight=77 >&2
wait_for 30 agentless g1
refuses 'while dmvl-back runs'
is "$(dmvlctl release-vifs --uplink nobody)" '' 'dmvlctl release-vifs does not refuse for an uplink that has no vif'
dmvlctl release-vifs 2>/dev/null
is $? 1 'dmvlctl release-vifs for all uplinks fails while one of them is served'
xenstore-write "$uplink/state" stopped
back_pause
refuses 'while dmvl-back stands still and xenstore says that it has ended'
check 'a guest without an agent is detached while dmvl-back stands still' dmvlctl detach --timeout 1s g1
check 'detach leaves the vif to a dmvl-back that stands still' test -n "$(ip -o link show type macvtap)"
kill -CONT "$back"
check 'a dmvl-back that goes on puts the vif of a detached device back' wait_for 30 no_taps
back_as 'a dmvl-back that goes on'
xenstore-write "$uplink/state" running
dmvlctl attach g1 via=vif weight=77 >&2
wait_for 30 agentless g1
check 'g1 pings the world when it was attached again' talks g1
back_stop
is $? 0 'dmvl-back that has taken a vif ends with status 0'
back_as 'SIGTERM'
back_start
check 'dmvl-back takes the vif when it starts again' wait_for 30 agentless g1
pipe_start g1 world 10.77.0.1 5001 1500000 '-b 3000000'
check 'a file of a guest without an agent is under way' wait_for 30 pipe_past world 5001 50000
_tap=$(cat /sys/class/net/dmvl*.0/ifindex)
kill -9 "$back"
wait "$back"
like "$(dmvlctl check)" '*did not stop cleanly*guests without an agent*release-vifs*' 'dmvlctl check says what a killed dmvl-back means for guests without an agent'
back_start
check 'dmvl-back connects the guest without an agent after kill -9' wait_for 30 agentless g1
is "$(cat /sys/class/net/dmvl*.0/ifindex)" "$_tap" 'dmvl-back uses the macvtap again after kill -9'
check 'a file of a guest without an agent arrives whole over kill -9' pipe_wait g1 world 5001

kill -9 "$back"
wait "$back"
is "$(dmvlctl release-vifs --uplink nobody)" '' 'dmvlctl release-vifs leaves the vifs of other uplinks alone'
check 'the vif is still taken' test -n "$(ip -o link show type macvtap)"
is "$(dmvlctl release-vifs --uplink default)" "$(vif g1): back in xenbr0" 'dmvlctl release-vifs says what it puts back'
back_as 'dmvlctl release-vifs'
like "$(dmvlctl release-vifs --json)" '*"released":0*' 'dmvlctl release-vifs has nothing to do the second time'
back_start
check 'dmvl-back takes the vif again after dmvlctl release-vifs' wait_for 30 agentless g1
check 'g1 pings the world when its vif was taken again' talks g1

# Between two steps of taking the vif, it is in no bridge and has no macvtap.
kill -9 "$back"
wait "$back"
ip link del "$(ip -o link show type macvtap | sed 's/[0-9]*: \([^@]*\).*/\1/')"
back_start
check 'dmvl-back takes a vif that it had taken out of its bridge when it was killed' wait_for 30 agentless g1
is "$(xenstore-read "$(be g1)/vif-bridge")" xenbr0 'dmvl-back remembers the bridge over kill -9'

# A killed daemon, and detach without one.
kill -9 "$back"
wait "$back"
check 'a guest without an agent is detached while no dmvl-back runs' dmvlctl detach --timeout 2s g1
check 'detach without dmvl-back leaves no macvtap' no_taps
check 'g1 pings the world when it was detached without dmvl-back' talks g1
back_start

# ---- A vif that comes later

dmvlctl attach g2/1 via=vif >&2
check 'a device waits for a vif that does not exist' wait_for 30 waits_for_vif g2 1
check 'the error says that the guest has no such vif' error_is g2 'the guest has no vif 1*' 1
like "$(dmvlctl list)" '*waiting for its vif*' 'dmvlctl list shows that the device waits'
vif_make g2 2 1
check 'the error clears when the vif is on its way' wait_for 30 key_is "$(be g2 1)/error" ''
_waits=$(waits)
vif_join g2 1
check 'dmvl-back looks at a vif that is put into a bridge' wait_for 30 more_waits "$_waits"
is "$(bridge_of "$(vif g2 1)")" xenbr0 'a vif is not taken before the hotplug script is done with it'
vif_ready g2 1
check 'a vif is taken when the hotplug script is done with it' wait_for 30 agentless g2 1
check 'a guest whose vif came later pings the world' talks g2

# Somebody takes the macvtap away and puts the vif into a bridge, another one. dmvl-back sees both at once: it
# would take the vif back in between.
back_pause
ip link del "$(ip -o link show type macvtap | sed 's/[0-9]*: \([^@]*\).*/\1/')"
ip link set "$(vif g2 1)" master other0
kill -CONT "$back"
check 'a vif that was put into another bridge is taken again' wait_for 30 key_is "$(be g2 1)/vif-bridge" other0
check 'a guest whose vif was taken again is connected' wait_for 30 agentless g2 1
check 'a guest whose vif was taken out of another bridge pings the world' talks g2
dmvlctl detach g2/1
is "$(bridge_of "$(vif g2 1)")" other0 'a vif goes back to the bridge it was taken out of'

# ---- A vif that is in use

ip link set "$(vif g2 1)" nomaster
ip link add link "$(vif g2 1)" name foreign0 type macvtap mode passthru
dmvlctl attach g2/1 via=vif mac=00:16:3e:77:01:02 >&2
check 'the error names what lies over the vif' error_is g2 "$(vif g2 1) is in use by foreign0*" 1
like "$(dmvlctl check)" "*g2/1: $(vif g2 1) is in use by foreign0*" 'dmvlctl check names what lies over the vif'
ip link del foreign0
check 'the vif is taken when nothing lies over it any more' wait_for 30 agentless g2 1
check 'the error clears when the vif is taken' wait_for 30 key_is "$(be g2 1)/error" ''

# ---- An emulated card beside the vif

ip link add "$(vif g2 1)-emu" type veth peer name emu1 addr 00:16:3e:77:01:02 netns "$(guest_bg g2 'exec sleep 1000')"
ip link set "$(vif g2 1)-emu" master xenbr0 up
two_taken()
{
	[ "$(ip -o link show type macvtap | wc -l)" = 2 ] && agentless g2 1
}
check 'the emulated card is taken beside the vif' wait_for 30 two_taken
guest g2 'ip addr flush dev eth1; ip link set eth1 down'
guest_net g2 2 emu1
check 'a guest pings the world through its emulated card' talks g2
guest g2 'ip addr flush dev emu1; ip link set emu1 down'
guest_net g2 2 eth1
check 'a guest pings the world through its vif when it has drivers' talks g2
ip link del "$(vif g2 1)-emu"
one_taken()
{
	[ "$(ip -o link show type macvtap | wc -l)" = 1 ] && agentless g2 1
}
check 'the vif alone is taken when the emulated card is gone' wait_for 30 one_taken
check 'a guest whose emulated card is gone pings the world' talks g2

# ---- A vif that goes, and one that is renamed

vif_unplug "$(vif g2 1)" "$(vif_dir g2 1)"
check 'a device whose vif vanishes waits for it' wait_for 30 waits_for_vif g2 1
vif_make g2 2 1
ip link set "$(vif g2 1)" name renamed0
xenstore-write "$(vif_dir g2 1)/vifname" renamed0
ip link set renamed0 master xenbr0 up
vif_ready g2 1
check 'a vif with the name of the key vifname is taken' wait_for 30 agentless g2 1
is "$(xenstore-read "$(be g2 1)/vif")" renamed0 'xenstore has the name of a renamed vif'
check 'a guest whose vif was renamed pings the world' talks g2
ip link set renamed0 name again0
dmvlctl detach g2/1
is "$(bridge_of again0)" xenbr0 'a vif that was renamed while it was taken goes back'

# Without libxl there is nothing in xenstore: a port of a bridge is taken, the MAC must be given.
ip link del again0
xenstore-rm "$(vif_dir g2 1)"
vif_make g2 2 1
xenstore-rm "$(vif_dir g2 1)"
vif_join g2 1
dmvlctl attach g2/1 via=vif >&2
check 'the error says that no MAC is known' error_is g2 'mac: missing*' 1
xenstore-write "$(be g2 1)/mac" 00:16:3e:77:01:02
check 'a vif of which xenstore says nothing is taken out of its bridge' wait_for 30 agentless g2 1
check 'a guest whose vif xenstore does not know pings the world' talks g2
dmvlctl detach g2/1

# ---- Save and restore: a new domain with a new vif

dmvlctl attach g1 via=vif weight=77 >&2
wait_for 30 agentless g1
_old=$(guest_domid g1) _vif=$(vif g1) _dir=$(vif_dir g1)
check 'a guest without an agent is saved' guest_save g1
vif_unplug "$_vif" "$_dir"
check 'a guest without an agent is restored' guest_restore g1
vif_plug g1 1
check 'a restored guest without an agent connects' wait_for 60 agentless g1
is "$(xenstore-read "$(be g1)/weight") $(xenstore-read "$(be g1)/via")" '77 vif' 'a restored guest without an agent has its settings'
check 'a restored guest without an agent pings the world' talks g1
check 'no node of the saved domain stays' wait_for 20 no_node "/local/domain/0/backend/dmvl/$_old"

# ---- The domain is destroyed

_old=$(guest_domid g1) _vif=$(vif g1) _dir=$(vif_dir g1)
guest_destroy g1
check 'a destroyed guest without an agent leaves no node' wait_for 20 no_node "/local/domain/0/backend/dmvl/$_old"
check 'a destroyed guest leaves no macvtap' wait_for 20 no_taps
check 'a destroyed guest without an agent leaves no zombie' wait_for 20 no_zombies

# What was taken for a device that is no more goes back at the next start.
dmvlctl attach g2/1 via=vif mac=00:16:3e:77:01:02 >&2
wait_for 30 agentless g2 1
kill -9 "$back"
wait "$back"
_uuid=$(xenstore-read "$(be g2 1)/guest-uuid")
xenstore-rm "$(be g2 1)"
rm "/var/lib/dmvl/default/$_uuid" # or the device comes back
back_start
check 'a vif whose device is no more goes back' wait_for 30 no_taps
is "$(bridge_of "$(vif g2 1)")" xenbr0 'a vif whose device is no more is in its bridge'
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
