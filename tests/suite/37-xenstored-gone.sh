#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The connection to xenstored breaks, as when xenstored dies: frames go on, and when there is a xenstored
# again, what changed meanwhile is in force.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

relay_start()
{
	start relay dmvl-sock relay "$PWD/xs" /run/xenstored/socket
	relay=$started
}

relay_stop()
{
	kill -9 "$relay"
	wait "$relay"
	check "$1" wait_for 30 grep -q "xenstored went away" "$_log"
}

backs()
{
	[ "$(grep -c 'xenstored is back' "$_log")" -eq "$1" ]
}

flows_past()
{
	[ "$(awk '$1 != "total" && $4 > 0' sink.out | wc -l)" -gt "$1" ]
}

ticks()
{
	awk '$1 != "total" && $4 > 0' sink.out | wc -l
}

# What a policy says is applied once: what an operator sets and detaches after that stays.
cat >policy.conf <<-END
	[uplink default]
	host-weight = 300
	[group acme]
	weight = 400
	[p1]
	weight = 500
END
check 'p1 is created' guest_create p1
start notify dmvl-sock notify "$PWD/notify"
uplink_setup
relay_start
XENSTORED_PATH=$PWD/xs NOTIFY_SOCKET=$PWD/notify
export XENSTORED_PATH NOTIFY_SOCKET
back_start --policy policy.conf
unset XENSTORED_PATH NOTIFY_SOCKET
check 'the service manager is told that dmvl-back serves' wait_for 30 grep -q 'STATUS=serving the uplink default' notify.out
ldps 'g1 1' 'g2 2'
talks g1
check 'g1 pings g2' wait_for 30 reaches g1 10.77.1.2
start sink world dmvl-flow sink 5003
guest_bg g1 'exec dmvl-flow udp 10.77.0.1 5003 -w 900 -b 200000 -l 500' >&2
check 'g1 sends to the world' wait_for 30 flows_past 0

check 'the policy attaches p1' wait_for 60 key_is "$(be p1)/weight" 500
xenstore-write "$uplink/host-weight" 301
xenstore-write "$uplink/groups/acme/weight" 401
check 'p1 is detached by hand' dmvlctl detach p1

relay_stop 'dmvl-back notices that xenstored went away'
check 'the service manager is told that xenstored went away' wait_for 30 grep -q 'STATUS=xenstored went away' notify.out
n=$(ticks)
check 'frames go on without xenstored' wait_for 60 flows_past $((n + 5))
check 'g1 pings the world without xenstored' reaches g1 10.77.0.1
check 'g1 pings g2 without xenstored' reaches g1 10.77.1.2
check 'dmvl-back runs without xenstored' kill -0 "$back"
xenstore-write "$(be g1)/weight" 77
xenstore-write "$(be g2)/weight" banana
dmvlctl attach g3 >&2
agent_start g3
relay_start
check 'dmvl-back is connected to xenstored again' wait_for 30 backs 1
check 'a key that changed while xenstored was away is read' wait_for 30 key_like "$(be g2)/error" '*banana*'
check 'a device that was attached while xenstored was away connects' wait_for 60 connected g3
is "$(states g1)" '4 4' 'g1 stayed connected while xenstored was away'
is "$(states g2)" '4 4' 'g2 stayed connected while xenstored was away'
like "$(grep -c '/0: disconnected' "$_log")" 0 'no device was disconnected while xenstored was away'
check 'the uplink is told to run when xenstored is back' wait_for 30 key_is "$uplink/state" running
is "$(xenstore-read "$uplink/host-weight")" 301 "a key of the uplink that was set stays when xenstored is back"
is "$(xenstore-read "$uplink/groups/acme/weight")" 401 "a key of a group that was set stays when xenstored is back"
check 'what was detached by hand is not attached when xenstored is back' no_node "$(be p1)"
xenstore-write "$(be g2)/weight" 99
check 'a key is live again when xenstored is back' wait_for 30 key_is "$(be g2)/error" ''

# What was removed meanwhile is gone.
relay_stop 'dmvl-back notices it a second time'
xenstore-rm "$(be g3)"
xenstore-rm "$(fe g3)"
xenstore-write "$uplink/tx-capacity" 9000000000
relay_start
check 'dmvl-back is connected to xenstored a third time' wait_for 30 backs 2
check 'a device that was removed while xenstored was away is disconnected' wait_for 30 grep -q "$(guest_domid g3)/0: detached" "$_log"
check 'it is not attached again' no_node "$(be g3)"
check "the operator's capacity holds when xenstored is back" wait_for 30 grep -q 'uplink default: capacity 9gbit' "$_log"
is "$(xenstore-read "$uplink/tx-capacity")" 9000000000 "the operator's capacity is not overwritten"
check 'g1 pings the world when xenstored was away twice' talks g1

relay_stop 'dmvl-back notices it before its end'
back_stop
is $? 0 'dmvl-back ends with status 0 on SIGTERM without xenstored'
done_testing
