#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# A guest goes to another host and what was set for it goes along: dmvlctl export and import, the credit
# account, what stays behind, and the switch. The two hosts are one, which forgets in between. How xl itself
# migrates is in 68-migrate.sh.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'the toolstack is played here'

whole()
{
	for _key in weight=300 tx-min=1000000 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 latency=low \
		mac=00:16:3e:00:00:09 vlan=untagged,5; do
		[ "$(xenstore-read "$(be m1)/${_key%%=*}")" = "${_key#*=}" ] || return 1
	done
	[ "$(xenstore-read "$(be m1 1)/weight") $(xenstore-read "$(be m1 1)/mtu")" = '77 1400' ]
}
remembered()
{
	dmvlctl saved | grep -c "$uuid"
}
is_remembered()
{
	[ "$(remembered)" = "$1" ]
}
# given_away: xl has sent m1 to another host, which has started it. Before xl destroys the domain, the other host
# starts the guest and says so.
noticed()
{
	[ "$(grep -c "$(guest_domid m1--migratedaway)/0: its guest is given away" "$_log")" -gt 0 ]
}
given_away()
{
	_gone=$(be m1)
	xensim suspend m1 >&2
	xensim rename m1 m1--migratedaway >&2
	wait_for 20 noticed
	xensim destroy m1--migratedaway >&2
	wait_for 20 no_node "$_gone"
}

uplink_setup
# Long epochs: what is lent and borrowed fades slowly.
: >policy.conf
back_start --tx-capacity 20mbit --epoch 1s --policy "$PWD/policy.conf"
check 'guest m1 is created' guest_create m1
ldps 'g1 1' 'm1 9 weight=300 tx-min=1000000 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 latency=low mac=00:16:3e:00:00:09 vlan=untagged,5'
check 'm1 gets a second device' dmvlctl attach m1/1 weight=77 mtu=1400
uuid=$(xenstore-read "$(be m1)/guest-uuid")
check 'm1 pings the world' talks m1

# What goes along.
sink_start
sends g1 udp -b 40000000 -l 1400
moved()
{
	[ "$(xenstore-read "$(be m1)/credit-balance")" -gt 50000 ]
}
check 'm1 lends what it does not use' wait_for 30 moved

# A guest that removes its own nodes is attached again, and owes what it owed. (What an account inherits is granted to it.)
granted()
{
	dmvlctl log --raw --json m1 | grep -q '"grant"'
}
kept_again()
{
	! grep -q '^keep-balance' "/var/lib/dmvl/default/$uuid"
}
is "$(granted && echo yes)" '' 'nothing is granted to m1 before'
dmvlctl set m1 keep-balance=0 >&2
attachment=$(xenstore-read "$(be m1)/generation")
check 'm1 removes its own nodes' guest m1 'xenstore-rm device/dmvl/0'
attached_again()
{
	[ "$(xenstore-read "$(be m1)/generation")" != "$attachment" ]
}
check 'a guest that removes its own nodes is attached again' wait_for 20 attached_again
check 'a guest that removes its own nodes connects again' wait_for 20 connected m1
check 'a guest that removes its own nodes keeps its balance, though keep-balance is 0' wait_for 20 granted
xenstore-rm "$(be m1)/keep-balance"
wait_for 20 kept_again
check 'm1 is exported' eval 'dmvlctl export m1 >m1.dmvl'
cat m1.dmvl >&2
for line in '# guest: m1' "[$uuid]" 'uplink = default' 'weight = 300' 'tx-min = 1000000' 'tx-max = 7000000' \
	'spoof-check = 1' 'allowed-ip = 10.77.1.9' 'latency = low' 'mac = 00:16:3e:00:00:09' 'vlan = untagged,5' \
	"[$uuid/1]" 'weight = 77' 'mtu = 1400'; do
	check "the export has the line $line" grep -qxF "$line" m1.dmvl
done
is "$(tail -n 1 m1.dmvl)" '# end' 'the last line of an export says that it is whole'
like "$(grep '^# account: ' m1.dmvl | head -n 1)" '# account: tx=[1-9]* rx=* at=*' 'the export has the account'
is "$(dmvlctl export "$uuid" | grep -v '^# account')" "$(grep -v '^# account' m1.dmvl)" 'a guest is exported by its UUID'
like "$(dmvlctl export m1 --json | tr -d ' \n')" "*\"uuid\":\"$uuid\"*\"uplink\":\"default\"*\"weight\":\"300\"*" 'an export is printed as JSON'
like "$(dmvlctl export m1/1 2>&1)" '*travel together*' 'one device alone is not exported'
like "$(dmvlctl export 00000000-0000-0000-0000-000000000001 2>&1)" '*nothing is attached*nothing is remembered*' 'a guest without a device is not exported'

# What was refused does not go along.
xenstore-write "$(be m1)/weight" heavy
xenstore-write "$(be m1)/tx-min" 9000000
wait_for 20 key_like "$(be m1)/error" '*[mw]*'
is "$(dmvlctl export m1 | grep -E '^(weight|tx-m)' | head -n 3 | xargs)" 'weight = 300 tx-min = 1000000 tx-max = 7000000' \
	'values that were refused are exported as they are in force'
dmvlctl set m1 weight=300 tx-min=1000000 >&2

# A migration that fails: the domain gets its name back.
xensim suspend m1 >&2
xensim rename m1 m1--migratedaway >&2
xensim rename m1--migratedaway m1 >&2
xensim resume m1 >&2
check 'm1 goes on when its migration fails' wait_for 20 talks m1
guest_again m1
check 'a guest whose migration failed is not forgotten' wait_for 20 xenstore-exists "$(be m1 1)/state"
check 'a guest whose migration failed has all that was set' wait_for 20 whole

# It migrates to this host: another domain has the UUID.
agent_start m1
wait_for 20 connected m1
dmvlctl export m1 >here.dmvl
check 'what was exported is imported on the same host' dmvlctl import here.dmvl
check 'm1 migrates on this host' guest_migrate m1
check 'm1 connects after a migration on this host' wait_for 20 connected m1
check 'm1 has all that was set after a migration on this host' whole
is "$(remembered)" 2 'what was set is remembered after a migration on this host'

# It leaves, and is forgotten.
dmvlctl export m1 >m1.dmvl
given_away
check 'a guest that has migrated away is forgotten' wait_for 20 is_remembered 0
# shellcheck disable=SC2154 # _log: back_run's
check 'the log says that a guest has migrated away' grep -q 'has migrated away; what was set is forgotten' "$_log"

# Malformed files: nothing of them is taken.
# mistake WANTED NAME: of the file bad.dmvl.
mistake()
{
	like "$(dmvlctl import bad.dmvl 2>&1)" "*bad.dmvl:$1*nothing of it is taken*" "$2 is refused with file and line"
	dmvlctl import bad.dmvl 2>/dev/null
	is "$? $(remembered)" '1 0' "nothing of $2 is taken"
}
cut=$(($(wc -l <m1.dmvl) - 1))
head -n $cut m1.dmvl >bad.dmvl
mistake "$cut: it is cut off" 'a file that is cut off'
head -c 200 m1.dmvl >bad.dmvl
mistake '' 'a file that is cut off within a line'
sed 's/^weight = 77/weight = many/' m1.dmvl >bad.dmvl
mistake "$(grep -n '^weight = 77' m1.dmvl | cut -d: -f1): weight \"many\"" 'a file with a malformed value in its second device'
sed 's/^weight = 77/wieght = 77/' m1.dmvl >bad.dmvl
mistake "$(grep -n '^weight = 77' m1.dmvl | cut -d: -f1): no key \"wieght\": did you mean weight" 'a file with a key that there is not'
sed 's/^tx-min = .*/tx-min = 9000000/' m1.dmvl >bad.dmvl
mistake "*: tx-min 9000000 is above tx-max" 'a file with limits that contradict each other'
sed 's/^# account: .*/# account: much/' m1.dmvl >bad.dmvl
mistake "*: account: expected tx=" 'a file with a malformed account'
sed "s,^\[$uuid/1\],[6fa459ea-ee8a-3ca4-894e-db77e160355e]," m1.dmvl >bad.dmvl
mistake "*: a second guest" 'a file with two guests'
sed "s,^\[$uuid\],[m1]," m1.dmvl >bad.dmvl
mistake "*: expected \[UUID\]" 'a file with a section of names'
sed 's/^weight = 77/attach = no/' m1.dmvl >bad.dmvl
mistake "*: attach = no: leave out" 'a file that does not attach'
sed 's/^weight = 77/rx-min = 10%/' m1.dmvl >bad.dmvl
mistake "*: rx-min 10% is a part of rx-capacity, which is not configured" 'a file with a part of what is not known'
echo '# end' >bad.dmvl
mistake "1: there is no section" 'a file without a guest'
head -c 2000 /dev/urandom >bad.dmvl
mistake '' 'a file of random bytes'
: >bad.dmvl
mistake '1: it is cut off' 'an empty file'
like "$(dmvlctl import nowhere.dmvl 2>&1)" '*cannot read nowhere.dmvl: No such file*' 'a file that is missing is refused'

# It arrives, and its settings have come before.
like "$(dmvlctl import m1.dmvl)" "*device 0: remembered for $uuid on uplink default*device 1: remembered*" 'import says what it remembers'
is "$(stat -c '%a %U' "/var/lib/dmvl/default/$uuid")" '600 root' "what was imported is root's"
start rarp world dmvl-frames recv -i world0 -s 00:16:3e:00:00:09 -t 8035 -c 3 -w 60
check 'm1 arrives as m1--incoming' guest_create m1--incoming "uuid=\"$uuid\""
check 'a guest that arrives gets its device before its name' wait_for 20 xenstore-exists "$(be m1--incoming)/state"
xensim rename m1--incoming m1 >&2
check 'a guest that arrived has all that was set' wait_for 20 whole
# The switch believes that the guest is where it was.
world dmvl-frames send -i world0 -s 00:16:3e:00:00:09 >&2
port()
{
	bridge fdb show br xenbr0 | awk '$1 == "00:16:3e:00:00:09" && !/permanent/ { print $3; exit }'
}
is "$(port)" up0 'the switch has the address of a guest that is not connected yet behind the old port'
agent_start m1
check 'a guest that arrived connects' wait_for 20 connected m1
port_is()
{
	[ "$(port)" = "$1" ]
}
check 'the switch has the address of a guest that arrived behind the uplink, though it has sent nothing' wait_for 20 port_is dmvl-up
# shellcheck disable=SC2154 # started: start's
wait "$started"
is $? 0 'the world sees RARP from a guest that arrived, more than once'
check 'the account comes along' wait_for 20 grep -Eq 'm?[0-9]+/0: its account comes along: tx [1-9]' "$_log"
check 'the account is taken once' no_node "$(be m1)/account-brought"
is "$(grep -c '^# account' "/var/lib/dmvl/default/$uuid")" 0 'nothing of the account stays remembered'
guest_net m1 9
check 'a guest that arrived pings the world' talks m1

# It arrives, and its settings come after.
given_away
wait_for 20 is_remembered 0
guest_create m1 "uuid=\"$uuid\""
check 'import takes a file through a pipe, when the guest is there' eval 'dmvlctl import - <m1.dmvl'
check 'a guest that is there gets its devices by import' wait_for 20 whole

# It has a device already: that is changed, and what the file lacks goes.
dmvlctl set m1 weight=1 latency=normal flood-rate=9 rx-max=5000000 allowed-mac=02:00:00:00:00:77 >&2
dmvlctl set m1/1 weight=1 latency=low tx-min=1000 >&2
like "$(dmvlctl import m1.dmvl)" '*device 0: set at domain*device 1: set at domain*' 'import says what it has set'
check 'a guest that has its devices already has all that was set' wait_for 20 whole
check 'what was imported into a device is remembered' wait_for 20 grep -qx 'weight = 300' "/var/lib/dmvl/default/$uuid"
# only_imported: keys that the file lacks are as attach makes them, and nothing of them is remembered.
only_imported()
{
	no_node "$(be m1)/flood-rate" && no_node "$(be m1)/rx-max" && no_node "$(be m1)/allowed-mac" &&
		no_node "$(be m1 1)/latency" && no_node "$(be m1 1)/tx-min" &&
		[ "$(grep -cE '^(flood-rate|rx-max|allowed-mac|latency|tx-min) = ' "/var/lib/dmvl/default/$uuid")" = 2 ]
}
check 'keys that an import lacks are not set any more' wait_for 20 only_imported
sed '/^mac = /d; /^mtu = /d; /^weight = /d' m1.dmvl >bare.dmvl
printf '[m1]\nweight = 44\n' >policy.conf
check 'a file without addresses is imported' dmvlctl import bare.dmvl
is "$(xenstore-read "$(be m1)/weight") $(xenstore-read "$(be m1 1)/weight") $(xenstore-read "$(be m1 1)/mtu")" '44 256 1500' \
	'what an import lacks is as the policy says, or else the default'
like "$(xenstore-read "$(be m1)/mac")" '00:16:3e:*' 'a device whose address an import lacks has one'
check 'that address is made from the UUID' [ "$(xenstore-read "$(be m1)/mac")" != 00:16:3e:00:00:09 ]
: >policy.conf
dmvlctl import m1.dmvl >&2
wait_for 20 whole
sed 's/^uplink = default/uplink = second/' m1.dmvl >other.dmvl
like "$(dmvlctl import other.dmvl 2>&1)" '*attached to domain*with uplink default, and not second: detach it first*' 'a device is not moved to another uplink'
dmvlctl set m1/1 weight=1 >&2
dmvlctl set m1 weight=1 >&2
printf '[m1]\ntx-max = 2mbit\n[m1/1]\ntx-max = 2mbit\n' >policy.conf
sed 's/^weight = 77/tx-min = 3000000/' m1.dmvl >bad.dmvl
like "$(dmvlctl import bad.dmvl 2>&1)" '*device 1: tx-min*' 'a minimum above the maximum of the policy is refused'
is "$(xenstore-read "$(be m1)/weight") $(xenstore-read "$(be m1 1)/weight")" '1 1' 'when one device refuses, no device is changed'
check 'the second device is detached' dmvlctl detach m1/1
sed '/^tx-max/d; s/^tx-min = .*/tx-min = 3000000/' m1.dmvl >bad.dmvl
like "$(dmvlctl import bad.dmvl 2>&1)" '*device 0: tx-min*' 'a minimum above the maximum of the policy is refused beside a device that is not there'
is "$(remembered) $(xenstore-read "$(be m1)/weight")" '1 1' 'when an attached device refuses, the other one is not remembered'
: >policy.conf

# Another program keeps what is remembered locked.
flock -F /var/lib/dmvl/default sleep 1000 &
locker=$!
locked()
{
	! flock -n /var/lib/dmvl/default true
}
wait_for 20 locked
like "$(dmvlctl import m1.dmvl 2>&1)" '*cannot lock /var/lib/dmvl/default*nothing is changed*' 'nothing is imported while another program has the lock'
is "$(remembered) $(xenstore-read "$(be m1)/weight")" '1 1' 'nothing of it is taken then'
dmvlctl set m1 weight=2 >&2
check 'dmvl-back says that it cannot write' wait_for 20 key_like /local/domain/0/data/dmvl/default/error '*another program*'
kill $locker
check 'what was set meanwhile is written when the lock is free' wait_for 20 grep -qx 'weight = 2' "/var/lib/dmvl/default/$uuid"
check 'the error is cleared then' wait_for 20 key_is /local/domain/0/data/dmvl/default/error ''
dmvlctl set m1 weight=1 >&2
dmvlctl attach g2 mac=00:16:3e:00:00:0a >&2
sed 's/^mac = 00:16:3e:00:00:09/mac = 00:16:3e:00:00:0a/' m1.dmvl >bad.dmvl
like "$(dmvlctl import bad.dmvl 2>&1)" '*00:16:3e:00:00:0a belongs to device 0 of domain*' "another guest's MAC address is refused"

# libvirt does not say where a guest went: it is forgotten by hand.
old=$(be m1)
back_pause
guest_destroy m1
like "$(dmvlctl forget "$uuid" 2>&1)" '*was until now, and device 0 is attached to it*' \
	'a guest is not forgotten before dmvl-back has noticed its end'
kill -CONT "$back"
wait_for 20 no_node "$old"
is "$(remembered)" 1 'a guest that has ended under its own name is not forgotten'
check 'it is exported while it is not there' eval 'dmvlctl export "$uuid" >cold.dmvl'
check 'it is forgotten by hand' dmvlctl forget "$uuid"
check 'a guest that was exported while it was not there is imported' dmvlctl import cold.dmvl
dmvlctl import m1.dmvl >&2

# To an uplink that nobody serves yet, and back.
where()
{
	find /var/lib/dmvl -name "$uuid" -exec dirname {} \;
}
sed 's/^uplink = default/uplink = second/' m1.dmvl >other.dmvl
like "$(dmvlctl import other.dmvl 2>&1)" '*no dmvl-back runs for uplink second now: device 0 waits*' 'import says that an uplink is not served'
is "$(where)" /var/lib/dmvl/second 'a device that is imported for another uplink is remembered there alone'
like "$(dmvlctl import --json m1.dmvl | tr -d ' \n')" "{\"uuid\":\"$uuid\",\"devices\":[{\"id\":0,\"domid\":null}*" 'import prints JSON'
is "$(where)" /var/lib/dmvl/default 'the last import counts'

# It is imported while dmvl-back is away, and the guest is there.
back_stop
dmvlctl forget "$uuid" >&2
guest_create m1 "uuid=\"$uuid\""
dmvlctl import m1.dmvl >&2
back_start --tx-capacity 20mbit --epoch 1s --policy "$PWD/policy.conf"
check 'a guest that was imported while dmvl-back was away has all that was set' wait_for 20 whole
kill "$sink"

# The policy has a percentage, and nobody knows of how much.
printf '[c1]\nattach = no\nrx-max = 50%%\nweight = 70\n' >policy.conf
kill -HUP "$back"
guest_create c1
like "$(dmvlctl attach c1 2>&1)" '*policy.conf:3: rx-max 50% is a part of rx-capacity, which is not configured*' \
	'attach says that a percentage is of a capacity that is not configured'
is "$(xenstore-read "$(be c1)/weight") $(xenstore-read "$(be c1)/rx-max" 2>/dev/null)" '70 ' \
	'attach leaves out that key alone'
is "$(dmvlctl export c1 | grep -c rx-max)" 0 'export leaves out the key that is not set'
dmvlctl set c1 rx-max=7mbit >&2
file=/var/lib/dmvl/default/$(xenstore-read "$(be c1)/guest-uuid")
check 'what is set instead is remembered beside the percentage' wait_for 20 grep -qx '# part: rx-max = 50%' "$file"
dmvlctl export c1 >c1.dmvl
dmvlctl detach c1 >&2
check 'it is imported beside the percentage' dmvlctl import c1.dmvl
check 'what was imported is remembered beside the percentage' grep -qx '# part: rx-max = 50%' "$file"
is "$(dmvlctl export c1)" "$(cat c1.dmvl)" 'what is remembered beside a percentage is exported'
dmvlctl uplink default rx-capacity=20mbit >&2
is "$(dmvlctl export c1)" "$(cat c1.dmvl)" 'it is exported when the capacity is known too'
dmvlctl attach c1 >&2
is "$(xenstore-read "$(be c1)/rx-max")" 7000000 'a device that is attached when the capacity is known too has it'
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
