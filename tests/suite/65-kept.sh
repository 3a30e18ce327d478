#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# What was set for a guest outlives the guest's domain: reboot, crash and their like, destroy and create, with
# dmvl-back there or away. How xl itself does that is in 66-kept-xl.sh.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'the toolstack is played here'

remembered()
{
	dmvlctl saved | grep -c "$1"
}

# looked: dmvl-back has looked at all guests that there are: the device of one built last is back.
looked()
{
	guest_again w1
	wait_for 20 xenstore-exists "$(be w1)"
}

uplink_setup
back_start --tx-capacity 100mbit
check 'a second guest is created' guest_create w1
dmvlctl attach w1 >&2
kept_guest k1
uuid=$(xenstore-read "$(be k1)/guest-uuid")
is "$(stat -c '%a %U' "/var/lib/dmvl/default/$uuid")" '600 root' "what is remembered is root's"
is "$(stat -c %a /var/lib/dmvl /var/lib/dmvl/default | xargs)" '700 700' "the directories of what is remembered are root's"

for way in destroy reboot crash watchdog poweroff; do
	old=$(guest_domid k1)
	check "$way: k1 is built again" guest_again k1 $way
	[ "$(guest_domid k1)" != "$old" ]
	is $? 0 "$way: k1 is another domain"
	agent_start k1
	check "$way: k1 connects by itself" wait_for 20 connected k1
	check "$way: k1 has all that was set" kept_whole k1
	guest_net k1 9
	check "$way: k1 pings the world" talks k1
	check "$way: no node of the old domain stays" wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"
	check "$way: no zombie stays" wait_for 20 no_zombies
done

# A domain that has stopped is finished, whether it is destroyed or kept to be looked at.
xensim shutdown k1 crash
check 'the device of a crashed domain goes before the domain does' wait_for 20 no_node "$(be k1)"
guest_destroy k1
check 'k1 is created after a crash' guest_create k1 "uuid=\"$uuid\""
agent_start k1
check 'k1 connects after a crash' wait_for 20 connected k1

# Saved, and never restored.
guest_create t1
dmvlctl attach t1 weight=9 >&2
agent_start t1
wait_for 20 connected t1
dir=$(be t1) saved=$(xenstore-read "$(be t1)/guest-uuid")
guest_save t1
check 'the device of a saved guest stays as long as its domain does' xenstore-exists "$dir/state"
guest_destroy t1
check 'a guest that is saved and then destroyed leaves no node' wait_for 20 no_node "$dir"
check 'a guest that is saved and then destroyed leaves no zombie' wait_for 20 no_zombies
is "$(remembered "$saved")" 1 'what was set for a guest that is saved and then destroyed is remembered'
check 'it is created again' guest_create t1 "uuid=\"$saved\""
check 'it has what was set' wait_for 20 key_is "$(be t1)/weight" 9
dmvlctl detach t1 >&2
guest_destroy t1

# After a soft reset the same domain goes on, with another kernel.
xensim shutdown k1 soft-reset
check 'a soft reset takes the device away' wait_for 20 no_node "$(be k1)"
xensim resume k1
check 'after a soft reset the device comes back without an event' wait_for 20 connected k1
check 'after a soft reset the device has all that was set' kept_whole k1

# What is set at any moment counts, not what attach said.
xenstore-write "$(be k1)/weight" 444
check 'a weight that was written is remembered' wait_for 20 grep -qx 'weight = 444' "/var/lib/dmvl/default/$uuid"
xenstore-write "$(be k1)/weight" heavy
wait_for 20 key_like "$(be k1)/error" 'weight*'
guest_again k1
check 'a guest does not come back with a malformed weight' wait_for 20 key_is "$(be k1)/weight" 444
xenstore-write "$(be k1)/weight" 300

# dmvl-back is away while the guest goes and comes, by SIGKILL or in a standstill.
agent_start k1
wait_for 20 connected k1
kill -9 "$back"
wait "$back"
guest_again k1
back_start --tx-capacity 100mbit
agent_start k1
check 'a guest that was built again while dmvl-back was away connects' wait_for 20 connected k1
check 'a guest that was built again while dmvl-back was away has all that was set' kept_whole k1
back_pause
guest_save k1
guest_restore k1
kill -CONT "$back"
check 'a guest that was restored while dmvl-back stood still connects' wait_for 20 connected k1
check 'a guest that was restored while dmvl-back stood still has all that was set' kept_whole k1

# An agent whose dmvl-back ended in order has closed, and waits.
back_stop
check 'an agent waits for a dmvl-back that ended' wait_for 20 key_is "$(fe k1)/state" 1
guest_save k1
guest_restore k1
back_start --tx-capacity 100mbit
check 'a guest that was restored while its agent waited connects' wait_for 20 connected k1

# The host is shut down with the guest in a file, and xenstore is a new one after that.
guest_save k1
kill -9 "$back"
wait "$back"
xenstore-rm /local/domain/0/backend/dmvl
xenstore-rm /local/domain/0/data/dmvl
guest_restore k1
back_start --tx-capacity 100mbit
check 'a guest that was restored after the host was shut down connects' wait_for 20 connected k1
check 'a guest that was restored after the host was shut down has all that was set' kept_whole k1

# It moves to another domain on this host.
old=$(guest_domid k1)
check 'k1 migrates on this host' xensim migrate k1
check 'a guest that migrated connects' wait_for 20 connected k1
check 'a guest that migrated has all that was set' kept_whole k1
check 'a guest that migrated leaves no node of its old domain' wait_for 20 no_node "/local/domain/0/backend/dmvl/$old"

# What was detached does not come back, whoever detached it.
is "$(remembered "$uuid")" 1 'dmvlctl saved lists the guest'
like "$(dmvlctl forget "$uuid" 2>&1)" '*is attached to it*' 'a guest that has its device is not forgotten'
check 'k1 is detached' dmvlctl detach k1
is "$(remembered "$uuid")" 0 'nothing is remembered of a device that was detached'
guest_again k1
looked
check 'a device that was detached does not come back' no_node "$(be k1)"
dmvlctl attach k1 weight=300 >&2
wait_for 20 grep -q . "/var/lib/dmvl/default/$uuid"
kill -9 "$back"
wait "$back"
check 'k1 is detached without dmvl-back' dmvlctl detach k1
is "$(remembered "$uuid")" 0 'nothing is remembered of a device that was detached without dmvl-back'
back_start --tx-capacity 100mbit
looked
check 'a device that was detached without dmvl-back does not come back' no_node "$(be k1)"

# Attach's own words go before what was set earlier, and that holds for the rest.
dmvlctl attach k1 weight=300 latency=low >&2
wait_for 20 grep -qx 'latency = low' "/var/lib/dmvl/default/$uuid"
kill -9 "$back"
wait "$back"
xenstore-rm "/local/domain/0/backend/dmvl/$(guest_domid k1)"
xenstore-rm "$(fe k1)"
like "$(dmvlctl attach k1 weight=301 2>&1)" '*what was set for this guest before holds too: latency=low*' 'attach tells what it takes of what was set before'
is "$(xenstore-read "$(be k1)/weight") $(xenstore-read "$(be k1)/latency")" '301 low' "attach's words go before what was set earlier"
guest_again k1
back_start --tx-capacity 100mbit
check 'a device that was attached and lost its guest without dmvl-back comes back' wait_for 20 key_is "$(be k1)/weight" 301
check 'what attach was told is remembered' wait_for 20 grep -qx 'weight = 301' "/var/lib/dmvl/default/$uuid"
xenstore-write "$(be k1)/weight" 300
like "$(dmvlctl attach k1 2>&1)" '*already*comes by itself*dmvlctl set*' 'attach says what to do with a device that came back'

# A guest of the same name with another UUID: xl made one, since the configuration has none.
old=$(be k1)
guest_destroy k1
wait_for 20 no_node "$old"
guest_create k1
like "$(dmvlctl attach k1 2>&1)" "*k1 had the UUID $uuid before*without uuid= in its configuration*" 'attach hints at a UUID that xl made'
dmvlctl detach k1 >&2
guest_destroy k1
check 'k1 is created with its UUID again' guest_create k1 "uuid=\"$uuid\""
wait_for 20 xenstore-exists "$(be k1)/state"

# A guest that does not come back is forgotten by hand.
dir=$(be k1)
guest_destroy k1
wait_for 20 no_node "$dir"
like "$(dmvlctl saved)" "*k1*$uuid*0*default*weight=300*" 'dmvlctl saved lists a guest that is gone'
like "$(dmvlctl saved --json)" '*"guest":"k1"*"domid":null*"weight":"300"*' 'dmvlctl saved prints JSON'
is "$(dmvlctl forget --json "$uuid" | tr -d ' \n')" '{"forgotten":1}' 'a guest is forgotten'
is "$(remembered "$uuid")" 0 'nothing is remembered of a guest that was forgotten'
like "$(dmvlctl forget "$uuid" 2>&1)" '*nothing is remembered of*' 'a guest that is forgotten cannot be forgotten again'
like "$(dmvlctl forget k1 2>&1)" '*"k1": expected a UUID*' 'a guest is forgotten by its UUID'
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
