#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# The operator's policy: guests are attached by it, before and after dmvl-back starts, and when they come back;
# what changes in it is applied, and what was set while a guest runs stays.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# weight NAME [ID], key NAME KEY [ID]: as xenstore has it.
key()
{
	xenstore-read "$(be "$1" "${3:-0}")/$2" 2>/dev/null
}

attached()
{
	xenstore-exists "$(be "$1" "${2:-0}")/state"
}

not_attached()
{
	! attached "$@"
}

# reload: SIGHUP, and the policy was read; or, with another text than that, refused.
reload()
{
	_before=$(grep -c "${1:-the policy was read}" "$_log")
	kill -HUP "$back"
	wait_for 30 more_lines "${1:-the policy was read}" "$_before"
}

more_lines()
{
	[ "$(grep -c "$1" "$_log")" -gt "$2" ]
}

guest_rename()
{
	if [ "$BENCH_DRIVER" = xen ]; then
		xl rename "$1" "$2"
	else
		xensim rename "$1" "$2"
	fi
}

check_says()
{
	dmvlctl check | grep -F -- "$1"
}

check_is_silent()
{
	! dmvlctl check | grep -v 'no agent has come in the guest' | grep -e policy -e "$1"
}

uplink_setup
cat >policy.conf <<-END
	; of all guests
	[default]
	flood-rate = 500

	[g1]
	    weight = 512 ; gold
	    tx-min = 10%
	[p*]
	weight = 100
	[p2/1]
	weight = 200
	[group acme]
	weight = 300
	tx-max = 50%
	[uplink default]
	host-weight = 300
	tx-capacity = 1gbit
END
mkdir policy.d
echo '[g3]
attach = no
weight = 33' >policy.d/more.conf
cp policy.conf good.conf

# ---- dmvl-back -t

tested()
{
	dmvl-back -t --uplink "tap:dmvl-up,bridge=$1" --policy policy.conf 2>tested
	echo $?
}
is "$(tested xenbr0)" 0 'a good policy and a bridge pass the test'
is "$(cat tested)" '' 'a test that is passed says nothing'
is "$(tested nobr0)" 1 'a bridge that is missing fails the test'
check 'the test names the bridge' grep -q 'bridge nobr0 does not exist' tested
printf '[g4]\nweigth = 5\ntx-min = 10m\n' >policy.d/bad.conf
is "$(tested xenbr0)" 1 'a policy with mistakes fails the test'
check 'the test names file, line and key' grep -q 'policy.d/bad.conf:2: no key "weigth": did you mean weight?' tested
check 'the test names each mistake' grep -q 'policy.d/bad.conf:3: tx-min "10m"' tested
rm policy.d/bad.conf
sed -i 's/^tx-capacity.*//' policy.conf
is "$(tested xenbr0)" 1 'a percentage without a capacity fails the test'
check 'the test says of what it is a part' grep -q 'policy.conf:7: tx-min 10% is a part of tx-capacity' tested
cp good.conf policy.conf
sed -i 's/^    tx-min = 10%/&\ntx-max = 50mbit/' policy.conf
is "$(tested xenbr0)" 1 'a percentage above a maximum fails the test'
check 'the test compares them by the capacity' grep -q 'policy.conf:7: tx-min 10% is above tx-max 50000000 of .*policy.conf:8' tested
cp good.conf policy.conf
printf '[g4]\ntx-min = 500mbit\nmac = 02:00:00:00:00:0a\n[g5]\ntx-min = 40%%\nmac = 02:00:00:00:00:0a\n' >policy.d/together.conf
is "$(tested xenbr0)" 0 'guests that cannot run together are no mistake'
check 'the test warns of minima that do not fit together' \
	grep -q 'warning: .*policy.d/together.conf:4: tx-min of .g1., .g4., .g5. sum to 1000000000, 50000000 more than 95 % of tx-capacity' tested
check 'the test warns of a MAC address that two guests have' \
	grep -q 'warning: .*policy.d/together.conf:6: mac 02:00:00:00:00:0a is in .*policy.d/together.conf:3 already' tested
rm policy.d/together.conf
mkfifo policy.d/pipe.conf
is "$(tested xenbr0)" 1 'a pipe among the files of the policy fails the test'
rm policy.d/pipe.conf
is "$(dmvl-back -t --uplink tap:dmvl-up --policy nothing.conf 2>tested; echo $?)" 1 'a policy that is missing fails the test'

# ---- guests that are there, and guests that come

back_run --uplink tap:dmvl-up,bridge=xenbr0 --policy policy.conf
check 'a guest that runs is attached when dmvl-back starts' wait_for 30 attached g1
is "$(key g1 weight)" 512 'the device has the weight of the policy'
is "$(key g1 tx-min)" 100000000 'a percentage is of the configured capacity'
is "$(key g1 flood-rate)" 500 'a key of [default] holds for it'
like "$(key g1 mac)" '00:16:3e:*' 'the device has a MAC address of Xen'
check 'a key of the uplink is written' wait_for 30 key_is $uplink/host-weight 300
check 'the capacity of the policy counts' wait_for 30 key_is $uplink/tx-capacity 1000000000
check 'a key of a group is written' wait_for 30 key_is $uplink/groups/acme/weight 300
check 'a percentage of a group is of the capacity' wait_for 30 key_is $uplink/groups/acme/tx-max 500000000
agent_start g1
check 'a guest attached by the policy connects' wait_for 60 connected g1
check 'a guest that the policy does not name is not attached' not_attached g2
check 'a guest that is not meant to be attached is not' not_attached g3
check 'p1 is created' guest_create p1
check 'a guest that is created is attached' wait_for 30 attached p1
is "$(key p1 weight)" 100 'a guest that is created has the weight of its pattern'
check 'p1 has no device 1' not_attached p1 1
check 'a guest is attached by hand' dmvlctl attach g3 latency=low
is "$(key g3 weight) $(key g3 latency) $(key g3 flood-rate)" '33 low 500' \
	'attach takes from the policy what its words do not say'
check 'check finds nothing where all is as the policy says' check_is_silent g1

# ---- what changes

# together: two guests that may not run at once, by the policy.
together()
{
	printf '[n1]\ntx-min = 600mbit\nmac = 02:00:00:00:00:0a\n[n2]\ntx-min = 40%%\nmac = 02:00:00:00:00:0a\n' \
		>policy.d/together.conf
}

# Long, and nothing of it depends on the machine.
changes()
{
	dmvlctl set g1 weight=600
	check 'check lists a difference' check_says 'g1/0: weight is 600, and the policy says 512 ('
	dmvlctl set g1 tx-min=90mbit
	check 'check prints rates with units' check_says 'g1/0: tx-min is 90mbit, and the policy says 100mbit ('
	dmvlctl set g1 tx-min=100mbit
	check 'the policy is read again' reload
	is "$(key g1 weight)" 600 'what was set stays when the policy has not changed'
	sed -i 's/tx-min = 10%/tx-min = 20%/' policy.conf
	reload
	check 'a key that changed in the policy is applied' wait_for 30 key_is "$(be g1)/tx-min" 200000000
	is "$(key g1 weight)" 600 'what was set stays when another key has changed'
	check 'the connection stays' connected g1
	sed -i 's/^.*tx-min = 20%//; s/weight = 512/weight = 700/; s/host-weight = 300/host-weight = 400/' policy.conf
	reload
	check 'a weight that changed in the policy is applied' wait_for 30 key_is "$(be g1)/weight" 700
	check 'a key that went from the policy has its default' wait_for 30 key_is "$(be g1)/tx-min" 0
	check 'a key of the uplink that changed is applied' wait_for 30 key_is "$uplink/host-weight" 400
	printf '[g2]\nvlan = trunk\n' >policy.d/g2.conf
	reload
	check 'a guest that the policy names now is attached' wait_for 30 attached g2
	is "$(key g2 vlan)" trunk 'it has the keys of the policy'
	dmvlctl detach g2
	reload
	check 'a device that was detached is not attached by the next reading' not_attached g2
	check 'check lists a device that is not attached' check_says 'g2/0: the policy names it ('
	rm policy.d/g2.conf
	reload

	printf '[g4]\nuplink = fast\n' >policy.d/g4.conf
	reload
	check 'a guest for another uplink is not attached' not_attached g4
	check 'check lists an uplink that nobody serves' check_says 'g4/0: the policy names it for the uplink fast, and no dmvl-back'
	rm policy.d/g4.conf
	reload
	together
	check 'a policy that cannot hold together is read' reload
	check 'the log warns when a policy is read whose minima do not fit together' \
		wait_for 30 grep -q 'warning: .*policy.d/together.conf:4: tx-min of .n1., .n2. sum to 1000000000, 50000000 more' "$_log"
	check 'the log warns when a policy is read that gives a MAC address to two guests' \
		wait_for 30 grep -q 'warning: .*policy.d/together.conf:6: mac 02:00:00:00:00:0a is in .*policy.d/together.conf:3 already' "$_log"
	rm policy.d/together.conf
	reload

	# ---- mistakes

	cp policy.conf good.conf
	sed -i 's/weight = 700/weight = 1/; s/^weight = 100/weigth = 1/' policy.conf
	check 'a policy with mistakes is refused' reload 'stays in force until'
	check 'the uplink says what is wrong' wait_for 30 key_like "$uplink/error" '*/policy.conf:*: no key "weigth"*'
	is "$(key g1 weight)" 700 'the policy of before stays in force'
	check 'check lists the mistake' check_says 'no key "weigth": did you mean weight?'
	check 'a guest is created beside a policy with mistakes' guest_create p3
	check 'it is attached by the policy of before' wait_for 30 attached p3
	is "$(dmvlctl set g1 weight=5 --save 2>said; echo $?)" 1 'nothing is saved in a policy with mistakes'
	is "$(key g1 weight)" 700 'what cannot be saved is not set'
	guest_destroy p3
	cp good.conf policy.conf
	reload
	check 'the error is cleared' wait_for 30 key_is "$uplink/error" ''

	# ---- set --save

	check 'set --save works' dmvlctl set g1 weight=800 tx-max=50mbit --save
	is "$(key g1 weight)" 800 'set --save sets'
	check 'set --save keeps the comment' grep -q 'weight = 800 ; gold' policy.conf
	check 'set --save keeps the notation' grep -q '^tx-max = 50mbit' policy.conf
	check 'set --save keeps the order' grep -q -A 1 '^; of all guests' policy.conf
	is "$(dmvlctl set p1 tx-min=60mbit tx-max=50mbit --save 2>said; echo $?)" 2 'a minimum above its maximum is not saved'
	echo 'rx-max = 5mbit' >>policy.d/more.conf
	is "$(dmvlctl set g3 rx-min=6mbit --save 2>said; echo $?)" 1 'what would be a mistake in the policy is not saved'
	check 'the refusal names both lines' grep -q 'more.conf:5: rx-min 6000000 is above rx-max 5000000 of .*more.conf:4' said
	is "$(key g3 rx-min)" '' 'what would be a mistake in the policy is not set'
	sed -i '$d' policy.d/more.conf
	is "$(dmvlctl attach g4 --save 2>said; echo $?)" 2 'attach takes no --save'

	# An older error is named first.
	old=$(key g1 tx-min)
	cp policy.conf before.conf
	xenstore-write "$(be g1)/latency" banana
	check 'the older error is there' wait_for 30 key_like "$(be g1)/error" 'latency *'
	is "$(dmvlctl set g1 tx-max=0 tx-min=990mbit --save 2>said; echo $?)" 1 'what dmvl-back refuses is not saved behind an older error'
	check 'the refusal names the key behind the older error' grep -q 'latency .*refused too: tx-min' said
	check 'the policy is as it was' cmp policy.conf before.conf
	xenstore-write "$(be g1)/latency" normal
	dmvlctl set g1 "tx-min=$old" tx-max=50mbit >&2

	# A guest whose name means something else in a policy.
	dmvlctl attach g4 >&2
	guest_rename g4 'p1] ; x'
	check 'a guest with a bracket in its name is set and saved' dmvlctl set "$(guest_domid 'p1] ; x')" weight=76 --save
	guest_rename 'p1] ; x' default
	check 'a guest called default is set and saved' dmvlctl set default weight=77 --save
	guest_rename default g4
	uuid=$(xenstore-read "$(xenstore-read "/local/domain/$(guest_domid g4)/vm")/uuid")
	check 'the section of a guest called default has its UUID' grep -q -A 1 -x "\[$uuid\]" policy.conf
	is "$(grep -A 3 -x '\[default\]' policy.conf | grep -c 77)" 0 '[default] is left alone'
	is "$(grep -c '^\[p1\] ;' policy.conf)" 0 'a bracket in the name of a guest is not the end of a section'
	dmvlctl detach g4 >&2
	sed -i "/^\[$uuid\]/,\$d" policy.conf
	reload
}
[ "$BENCH_DRIVER" = xen ] || changes

# ---- guests that come back

check 'a guest gets a section of its own' dmvlctl set p1 weight=150 --save
check 'the new section is there' grep -q -x '\[p1\]' policy.conf
check 'check finds nothing after set --save' check_is_silent p1
guest_destroy p1
check 'p1 is created again' guest_create p1
check 'a guest of the same name is attached again' wait_for 30 attached p1
is "$(key p1 weight)" 150 'it has what was saved, without another word'
uuid=$(xenstore-read "$(xenstore-read "/local/domain/$(guest_domid p1)/vm")/uuid")
mac=$(key p1 mac)
printf '[%s]\nweight = 160\n' "$uuid" >policy.d/uuid.conf
reload
check 'a section of the UUID counts more than that of the name' wait_for 30 key_is "$(be p1)/weight" 160
old=$(guest_domid p1)
check 'p1 is saved and restored' guest_save p1
guest_restore p1
[ "$(guest_domid p1)" != "$old" ]
is $? 0 'the restored guest is another domain'
check 'a guest that is restored is attached again' wait_for 30 attached p1
is "$(key p1 weight) $(key p1 mac)" "160 $mac" 'a restored guest has its weight and MAC address'
if [ "$BENCH_DRIVER" = xen ] || command -v guest_again >/dev/null; then
	guest_destroy p1
	check 'p1 is created with its UUID' guest_create p1 "uuid=\"$uuid\""
	check 'a guest of the same UUID is attached again' wait_for 30 attached p1
	is "$(key p1 weight) $(key p1 mac)" "160 $mac" 'a guest of the same UUID has the same weight and MAC address'
else
	skip 'xensim cannot choose a UUID' 'a guest of the same UUID is attached again'
fi
rm policy.d/uuid.conf
reload
check 'without its section the name counts again' wait_for 30 key_is "$(be p1)/weight" 150

if [ "$BENCH_DRIVER" = xensim ]; then
	old=$(guest_domid p1)
	check 'p1 migrates on this host' xensim migrate p1
	check 'a guest that migrated is attached in its new domain' wait_for 30 attached p1
	is "$(key p1 weight) $(key p1 mac)" "150 $mac" 'a guest that migrated has the same weight and MAC address'
	check 'nothing of its old domain is left' wait_for 30 no_node "/local/domain/0/backend/dmvl/$old"
fi # the guests on real Xen are paravirtual, and cannot migrate

check 'p1 is renamed' guest_rename p1 p2
check 'a renamed guest has the weight of its new name' wait_for 30 key_is "$(be p2)/weight" 100
check 'a renamed guest gets the devices of its new name' wait_for 30 attached p2 1
is "$(key p2 weight 1)" 200 'the device 1 has its own section'

# ---- dmvl-back comes back

dmvlctl set g1 weight=900
back_stop
sed -i 's/^\[g1\]/&\ntx-max = 60mbit/; /^tx-max = 50mbit/d' policy.conf
check 'p2 is renamed while dmvl-back is away' guest_rename p2 p1
together
back_run --uplink tap:dmvl-up,bridge=xenbr0 --policy policy.conf
check 'the log warns at the start of minima that do not fit together' \
	wait_for 30 grep -q 'warning: .*policy.d/together.conf:4: tx-min of .n1., .n2. sum to' "$_log"
rm policy.d/together.conf
check 'what changed while dmvl-back was away is applied' wait_for 30 key_is "$(be g1)/tx-max" 60000000
is "$(key g1 weight)" 900 'what was set stays over a restart of dmvl-back'
check 'a guest that was renamed while dmvl-back was away has the weight of its new name' \
	wait_for 30 key_is "$(be p1)/weight" 150
guest_rename p1 p2
check 'it has the weight of its name again' wait_for 30 key_is "$(be p2)/weight" 100
restarts()
{
	back_stop
	echo 'nonsense' >>policy.conf
	guest_destroy p2
	back_run --uplink tap:dmvl-up,bridge=xenbr0 --policy policy.conf
	check 'dmvl-back starts with a policy that has mistakes' wait_for 30 key_like "$uplink/error" '*/policy.conf:*'
	check 'p4 is created' guest_create p4
	check 'the policy that was applied last is in force' wait_for 30 attached p4
	guest_destroy p4
	back_stop
	echo nonsense >/run/dmvl/default.policy
	back_start
	check 'the log says that the policy of before is damaged' wait_for 30 grep -q 'warning: .*/default.policy is damaged: ' "$_log"
	is "$(dmvl-back -t --uplink tap:x 2>&1; echo $?)" 0 'no policy is no mistake'
	check 'p5 is created' guest_create p5
	reload 'are read again'
	check 'without a policy no guest is attached' not_attached p5
	guest_destroy p5
}
[ "$BENCH_DRIVER" = xen ] || restarts
back_stop
is $? 0 'dmvl-back ends with status 0'
done_testing
