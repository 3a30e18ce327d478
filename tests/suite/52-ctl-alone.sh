#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl and a xenstored, without dmvl-back: where both have to answer, this plays dmvl-back and the
# agent itself.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: it needs processes of guests without an agent'

back=/local/domain/0/backend/dmvl
ctl=$(command -v dmvlctl)

# run ARG..: dmvlctl; its status in $rc, what it says in out and err.
run()
{
	dmvlctl "$@" >out 2>err
	rc=$?
	cat out err >&2
}

works()
{
	run "$@"
	[ $rc -eq 0 ]
}

# refused STATUS TEXT ARG..: with this status, and one line on stderr that has TEXT.
refused()
{
	_want=$1 _text=$2
	shift 2
	run "$@"
	[ "$rc" -eq "$_want" ] && [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$_text" err
}

# fits COMMAND: out is what the schema says of it.
fits()
{
	"$SUITE_TOP/tests/json-check" "$SUITE_TOP/docs/dmvlctl.schema.json" "$1" <out
}

fails()
{
	! "$@"
}

# in_guest_says STATUS DOMID ARG..: dmvlctl in a guest; what it says is in out and err.
in_guest_says()
{
	_want=$1 _domid=$2
	shift 2
	in-guest "$_domid" "$ctl" "$@" >out 2>err
	[ $? -eq "$_want" ]
}

# key PATH
key()
{
	xenstore-read "$1" 2>&1
}

now_ms()
{
	date +%s%3N
}

# took_between LOW HIGH: milliseconds since $start.
took_between()
{
	took=$(($(now_ms) - start))
	diag "$took ms"
	[ $took -ge "$1" ] && [ $took -lt "$2" ]
}

# ---- attach

check 'list works without devices' works list
check 'attach to a guest that is not there is refused' refused 1 'no domain has the name "nobody"' attach nobody
check 'attach to a domid that is not there is refused' refused 1 'domain 99 does not exist' attach 99
check 'attach to the domain of the backend is refused' refused 1 'domain 0 serves devices' attach 0
check 'attach takes a name' works attach g1
is "$(key $back/1/0/state)" 1 'the backend of a new device is in state 1'
is "$(key $back/1/0/weight)" 256 'a new device has weight 256'
is "$(key $back/1/0/mtu)" 1500 'a new device has mtu 1500'
is "$(key $back/1/0/uplink)" default 'a new device is on the uplink default'
is "$(key $back/1/0/frontend)" /local/domain/1/device/dmvl/0 'the backend directory names the frontend directory'
is "$(key $back/1/0/frontend-id)" 1 "the backend directory has the guest's domid"
is "$(key /local/domain/1/device/dmvl/0/backend)" $back/1/0 'the frontend directory names the backend directory'
is "$(key /local/domain/1/device/dmvl/0/state)" 1 'the frontend of a new device is in state 1'
key $back/1/0/mac >mac
check 'a new device has a MAC of Xen' grep -Eq '^00:16:3e(:[0-9a-f]{2}){3}$' mac
key $back/1/0/generation >generation
check 'a new device has a generation' grep -Eq '^[0-9a-f]{16}$' generation
check 'attach of a device that is there is refused' refused 1 'g1 has a device 0 already' attach g1
check 'attach takes a domid, a device and settings' works attach 2/1 weight=512 tx-max=10mbit rx-max=1.5Gb/s \
	tx-burst=64kib latency=low vlan=10,20-30 mac=02:00:00:00:00:07 allowed-ip=10.0.0.1
is "$(key $back/2/1/tx-max)" 10000000 "attach writes tc's rate in bits per second"
is "$(key $back/2/1/rx-max)" 1500000000 "attach writes Xen's rate in bits per second"
is "$(key $back/2/1/tx-burst)" 65536 'attach writes a size in bytes'
is "$(key $back/2/1/mac)" 02:00:00:00:00:07 'attach writes the MAC that was given'
check 'attach with the MAC of another device is refused' \
	refused 1 'mac 02:00:00:00:00:07 belongs to device 1 of domain 2' attach 3 mac=02:00:00:00:00:07
check 'attach takes the same MAC on another uplink' works attach 3 mac=02:00:00:00:00:07 uplink=other
check 'the device of the other uplink is detached' works detach 3
uuid=$(key /local/domain/3/vm)
check 'attach takes a UUID' works attach "${uuid#/vm/}"
is "$(key $back/3/0/state)" 1 'the device attached by UUID is in state 1'
check 'attach with a value out of range is refused' \
	refused 2 'weight "0": expected an integer 1..65535' attach 3/1 weight=0
check 'a refused attach leaves no node' no_node $back/3/1
check 'the device attached by UUID is detached' works detach 3
check "the last detach removes the guest's backend directory" no_node $back/3
check "the last detach removes the guest's frontend directory" no_node /local/domain/3/device/dmvl

# ---- permissions

is "$(in-guest 2 xenstore-read $back/2/1/weight)" 512 'a guest reads its weight'
check 'a guest cannot write its weight' fails in-guest 2 xenstore-write $back/2/1/weight 9
check "a guest cannot read another's weight" fails in-guest 3 xenstore-read $back/2/1/weight
check "a guest cannot read another's frontend state" \
	fails in-guest 3 xenstore-read /local/domain/2/device/dmvl/1/state
check 'a guest writes below its frontend directory' in-guest 2 xenstore-write device/dmvl/1/vchan/ring-ref 8
in-guest 2 xenstore-rm device/dmvl/1/vchan

check 'a guest may run dmvlctl list' in_guest_says 0 2 list
check 'dmvlctl list in a guest shows no guest' fails grep -q 'g[0-9]' out
check 'dmvlctl set in a guest fails' in_guest_says 2 2 set 2/1 weight=9 -B 0
check 'dmvlctl set in a guest says that it has no permission' grep -q 'no permission' err
is "$(key $back/2/1/weight)" 512 'dmvlctl set in a guest changes nothing'

# ---- a driver domain: guest 3 serves guest 1

check 'attach takes a driver domain' works attach -B 3 1/4 weight=7
check 'attach takes a driver domain by its name' works attach -B g3 1/5
check 'list takes a driver domain by its name' works list -B g3
check 'list names the devices of the driver domain' grep -Eq '^(g1|1)/5 +1 +default ' out
check 'a backend domain that is not there is refused' refused 1 'no domain has the name "nobody"' list -B nobody
check 'detach takes a driver domain by its name' works detach -B g3 1/5
check 'a driver domain may list its devices' in_guest_says 0 3 list
check 'dmvlctl list in a driver domain shows its device' grep -Eq '^1/4 +1 +default ' out
check 'a driver domain may set its device' in_guest_says 0 3 set 1/4 weight=8
is "$(key /local/domain/3/backend/dmvl/1/4/weight)" 8 'dmvlctl set in a driver domain writes the weight'
check 'a driver domain may show its device' in_guest_says 0 3 show 1/4
check 'a driver domain may write its state' in-guest 3 xenstore-write backend/dmvl/1/4/state 2
check 'a guest reads the state that its driver domain writes' in-guest 1 xenstore-read /local/domain/3/backend/dmvl/1/4/state
check 'detach takes a driver domain' works detach -B 3 1/4
check 'detach removes the nodes in the driver domain' no_node /local/domain/3/backend/dmvl/1

# ---- set

check 'set takes two keys' works set g2/1 weight=77 tx-min=9mbit
is "$(key $back/2/1/weight)" 77 'set writes the first of two keys'
is "$(key $back/2/1/tx-min)" 9000000 'set writes the second of two keys'
check 'set of a minimum above the maximum that is there is refused' \
	refused 2 'tx-min "11mbit": above tx-max, expected at most 10mbit' set 2/1 weight=5 tx-min=11mbit
is "$(key $back/2/1/weight)" 77 'a refused set changes none of its keys'
check 'set of a maximum below the minimum that is there is refused' \
	refused 2 'tx-max "5mbit": below tx-min, expected at least 9mbit' set 2/1 tx-max=5mbit
check 'set of an ambiguous rate is refused' \
	refused 2 'tx-max "10m": bits or bytes? write 10mbit' set 2/1 tx-max=10m
check 'set of a key of attach is refused' refused 2 'uplink takes effect at attach only' set 2/1 uplink=other
check 'set of an announced key is refused' refused 2 'credit is written by dmvl' set 2/1 credit=1
check 'set of a device that is not there is refused' refused 1 'domain 2 has no device 0' set 2 weight=5
check 'set takes a key that waits for a connection' works set 2/1 mtu=9000
check 'set says that the key waits' grep -q 'mtu takes effect when the device connects again' err
pids=
for w in 1 2 3 4 5 6 7 8 9 10; do
	dmvlctl set 2/1 "weight=$w" "tx-min=$w" >&2 &
	pids="$pids $!"
done
bad=0
for pid in $pids; do
	wait "$pid" || bad=1
done
is $bad 0 'ten sets at once all succeed in the end'
is "$(key $back/2/1/weight)" "$(key $back/2/1/tx-min)" 'both keys are of the same of ten sets'

# ---- group, groups

check 'groups works without groups' works groups
is "$(wc -l <out)" 1 'groups prints a header where there is no group'
check 'group of a group that is not there is refused' refused 1 'uplink default has no group red' group red
check 'set takes a group' works set 2/1 group=red
is "$(key $back/2/1/group)" red 'set writes the group'
check 'set of a malformed group is refused' refused 2 'group "a b": expected 0..32' set 2/1 group='a b'
check 'group shows a group that a device names' works group red
check 'group shows the devices of the group' grep -q '^g2 *2/1' out
check 'group takes keys with units' works group red weight=512 tx-max=10mbit rx-min=1.5Gb/s
is "$(key $uplink/groups/red/tx-max)" 10000000 'group writes a rate in bits per second'
check 'group says that no dmvl-back runs' grep -q 'no dmvl-back runs for uplink default now' err
check 'group of a minimum above the maximum that is there is refused' \
	refused 2 'tx-min "11mbit": above tx-max, expected at most 10mbit' group red weight=5 tx-min=11mbit
is "$(key $uplink/groups/red/weight)" 512 'a refused group changes none of its keys'
check 'group refuses a key that only devices have' refused 2 'no key "mtu", expected one of weight tx-min' group red mtu=9000
check 'group refuses its error' refused 2 'error is written by dmvl' group red error=x
check 'group refuses a malformed name' refused 2 'group "a/b": expected' group a/b weight=5
check 'group refuses an empty name' refused 2 'the name of a group is empty' group '' weight=5
check 'group refuses a malformed uplink' refused 2 'uplink "a b"' group --uplink 'a b' red
check 'group takes an uplink' works group --uplink other red weight=7
is "$(key /local/domain/0/data/dmvl/other/groups/red/weight)" 7 'a group of another uplink is another group'
check 'groups lists the groups of all uplinks' works groups
is "$(wc -l <out)" 3 'groups prints a line for each group'
check 'groups shows keys and the number of devices' grep -Eq '^default +red +512 +- +10mbit +1.5gbit +- +1 +- ' out
check 'groups takes an uplink' works groups other
is "$(wc -l <out)" 2 'groups of one uplink prints its groups alone'
check 'groups refuses a malformed uplink' refused 2 'uplink "a b"' groups 'a b'
check 'group prints JSON' works group red --json
check 'the JSON of a group has its devices' grep -q '"domid": *2' out
check 'list shows the group' works list
check 'list has a column of groups' grep -Eq '^g2/1 .* red$' out
check 'an option of group is refused elsewhere' refused 2 'list takes no --remove' list --remove
check 'group refuses settings that it should remove' refused 2 '--remove takes no settings' group red --remove weight=5
check 'group removes the keys' works group red --remove
check 'group leaves no directory without keys' no_node $uplink/groups/red
check 'group without keys has none to remove' refused 1 'group red of uplink default has no keys' group red --remove
check 'the other uplink has its group still' works group --uplink other red --remove
check 'an empty group is none' works set 2/1 group=

# ---- list, show, uplinks

xenstore-write $back/2/1/weight banana $back/2/1/error 'weight "banana": expected' \
	$uplink/device tap0 $uplink/kind tap $uplink/tx-capacity 8000000 $uplink/state running
in-guest 2 xenstore-write device/dmvl/1/ring-order "$(printf '\033[31m')"
run list
check 'list shows a device' grep -Eq '^g1/0 +1 +default +waiting for dmvl-back +- +- +256 ' out
check 'list shows a malformed value in quotes, and a limit with its unit' \
	grep -Eq '^g2/1 +2 +default .* "banana"! +[0-9a-z]*\.\.10mbit ' out
check 'list shows the error below' grep -q '^g2/1: weight "banana": exp' out
is "$(awk 'length($0) > 100' out)" '' 'no line of list is longer than 100 characters'
run show 2/1
check 'show marks a value that is malformed' grep -q '^  weight: "banana"! of' out
check 'show has the error' grep -q '^  error: weight "banana": exp' out
run show 2/1 --all
check 'show --all says that a value is malformed' grep -q '^weight  *"banana"  *malformed' out
check 'show gives a rate its unit' grep -q '^rx-max  *1.5gbit' out
check "a guest's escape sequence does not reach the output of show" \
	fails env LC_ALL=C grep -q "$(printf '\033')" out
run uplinks
check 'uplinks shows an uplink' grep -Eq '^default +tap0 +tap +running +local +8mbit +- ' out

# ---- log, check: 15-credits has a daemon and what it writes

check 'an option of another command is refused' refused 2 'list takes no --follow' list --follow
check 'release-vifs has nothing to do where no vif was taken' works release-vifs --uplink default
check 'a malformed name of an uplink is refused' refused 2 'uplink "a b"' release-vifs --uplink 'a b'
check 'an attachment without an agent needs no vif yet' works attach 1/9 via=vif
like "$(cat out)" 'attached device 9 to domain 1: it stands for vif1.9' 'attach says which vif a device stands for'
check 'via cannot be set later' refused 2 'via takes effect at attach only' set 1/9 via=ring
check 'a device without an agent is detached where nobody answers' works detach 1/9
check 'log is refused where no uplink has a credit log' refused 1 'no uplink has a credit log' log
run check
is $rc 1 'check fails where a device has an error'
is "$(grep -c '^g' out)" 1 'check names one error where there is one'
check 'check names an uplink that only had a group' grep -q '^uplink other: no dmvl-back serves it' out
check 'an uplink that only had a group is forgotten' works forget-uplink other
run check
check 'check says what to do about the error' grep -q '^    dmvlctl set g2/1 weight=256 ' out
check "check names the device's error" grep -q '^g2/1: weight "banana": exp' out
xenstore-write $uplink/log-path "$PWD/default.tx.log" $uplink/error 'no space'
run check
is $rc 1 'check fails where a daemon was killed'
check 'check names the daemon that was killed' grep -q '^uplink default: dmvl-back does not run' out
check 'log without its file is refused' refused 1 "cannot read $PWD/default.tx.log" log
head -c 8192 /dev/urandom >default.tx.log
check 'log of a file that is none is refused' refused 1 'is no credit log, or damaged' log g2
check "log of another domain's daemon is refused" refused 2 'in its own file system' log -B 3
exec 9>default.lock
flock 9
run check
is $rc 1 'check fails where an uplink has an error'
check "check names the uplink's error" grep -q '^uplink default: no space' out
check 'check names a damaged log' grep -q "^uplink default: its credit log $PWD/default.tx.log .* damaged" out
exec 9>&-
run check --json
is $rc 1 'check --json fails too'
check 'check --json has what and text of each problem' python3 -c '
import json, sys
for p in json.load(open("out"))["problems"]:
	assert set(p) == {"what", "text", "kind", "critical", "commands"}, p
'
xenstore-write $uplink/state stopped
run check
check 'check names a daemon that ended with devices attached' grep -q '^uplink default: dmvl-back has ended' out
xenstore-write $uplink/state running $uplink/error ''
xenstore-rm $uplink/log-path

# ---- uplink, forget-uplink

check 'uplink shows an uplink' works uplink default
check 'uplink shows a rate with its unit' grep -Eq '^tx-capacity +8mbit ' out
check 'uplink of an uplink that is not there is refused' refused 1 'there is no uplink nowhere' uplink nowhere
check 'uplink makes no uplink' refused 1 'there is no uplink nowhere' uplink nowhere tx-capacity=1gbit
for words in 'groups nowhere' 'saved --uplink nowhere' 'stat --uplink nowhere' 'report --uplink nowhere'; do
	# shellcheck disable=SC2086
	check "$words: the uplink is not there" refused 1 'there is no uplink nowhere: dmvlctl uplinks shows all' $words
done
check 'uplink refuses an ambiguous rate' refused 2 'tx-capacity "10m": bits or bytes?' uplink default tx-capacity=10m
check 'uplink refuses a key of devices' refused 2 'no key "weight", expected one of' uplink default weight=5
check 'uplink refuses what dmvl-back writes' refused 2 'speed is written by dmvl' uplink default speed=5
check 'uplink refuses a malformed name' refused 2 'uplink "a b"' uplink 'a b'
xenstore-write $uplink/state stopped
check 'uplink takes keys with units' works uplink default tx-capacity=9mbit frame-cost=1kib switch=off
is "$(key $uplink/tx-capacity) $(key $uplink/frame-cost) $(key $uplink/switch)" '9000000 1024 off' 'uplink writes its keys'
check 'uplink says that no dmvl-back runs' grep -q 'no dmvl-back runs for uplink default now' err
check 'no dmvl-back is asked where none runs' no_node $uplink/judge
check 'uplink prints JSON' works uplink default tx-capacity=8mbit switch=local --json
check 'the JSON of an uplink says whether its daemon lives' grep -q '"daemon": *"stopped"' out
check 'forget-uplink refuses an uplink with devices' refused 1 'is attached to uplink default' forget-uplink default
check 'forget-uplink of an uplink that is not there is refused' refused 1 'there is no uplink nowhere' forget-uplink nowhere
xenstore-write /local/domain/0/data/dmvl/old/state running /local/domain/0/data/dmvl/old/groups/red/weight 5
check 'forget-uplink refuses an uplink that is served' refused 1 'the dmvl-back of uplink old is running' forget-uplink old
xenstore-write /local/domain/0/data/dmvl/old/state stopped
check 'forget-uplink takes an uplink that nobody serves' works forget-uplink old --json
check 'forget-uplink --json names the uplink' grep -q '"forgotten": *"old"' out
check 'nothing is left of a forgotten uplink' no_node /local/domain/0/data/dmvl/old

# A daemon that says it runs and never answers is waited for no longer than that.
xenstore-write $uplink/state running
start=$(now_ms)
check 'set works where dmvl-back does not answer' works set 2/1 weight=3 --timeout 600ms
check 'set waits for its timeout' took_between 590 60000
check 'set says that dmvl-back has not answered' grep -q 'dmvl-back has not answered in time' err
# It answers, and refuses.
xenstore-rm $back/2/1/judge
(
	wait_for 60 xenstore-exists $back/2/1/judge || exit 1
	xenstore-write $back/2/1/error 'weight 4: it is too much'
	xenstore-rm $back/2/1/judge
) >&2 &
player=$!
check "set fails with dmvl-back's sentence" refused 1 'weight 4: it is too much' set 2/1 weight=4 --timeout 60s
wait $player
# It answers, and refuses, and an older error is named first.
(
	wait_for 60 xenstore-exists $back/2/1/judge || exit 1
	xenstore-write $back/2/1/error 'weight 4: it is too much; refused too: vlan, tx-max'
	xenstore-rm $back/2/1/judge
) >&2 &
player=$!
check 'set fails where its key is refused behind another' \
	refused 1 'weight 4: it is too much; refused too: vlan, tx-max' set 2/1 tx-max=20mbit --timeout 60s
wait $player
xenstore-write $back/2/1/error 'weight 4: it is too much'
# It answers, and something else is wrong.
(
	wait_for 60 xenstore-exists $back/2/1/judge || exit 1
	xenstore-rm $back/2/1/judge
) >&2 &
player=$!
check 'set succeeds where the error is of another key' works set 2/1 tx-max=10mbit --timeout 60s
check 'set tells of the error of another key' grep -q 'something else is wrong: weight 4' err
wait $player
xenstore-write $back/2/1/error ''
for command in list uplinks 'show 2/1' 'set 2/1 weight=3 --timeout 100ms'; do
	# shellcheck disable=SC2086 # words
	run $command --json
	check "$command --json is JSON" python3 -c 'import json; json.load(open("out"))'
	check "$command --json is as the schema says" fits "${command%% *}"
done
run show 2/1 --json
sed 's/"weight":/"wait":/' out >bent
mv bent out
check 'the schema refuses an object without one of its members' fails fits show
run show 2/1 --json
check 'show --json has types, words, and what is malformed' python3 -c '
import json
ldp = json.load(open("out"))
assert ldp["domain"] == "g2" and ldp["domid"] == 2 and ldp["id"] == 1, ldp
assert ldp["backend"]["weight"] == 3 and ldp["backend"]["tx-max"] == 10000000, ldp
assert ldp["backend"]["spoof-check"] is True and ldp["backend"]["credit"] is None, ldp
assert ldp["backend"]["state"] == "initialising" and ldp["malformed"] == ["frontend/ring-order"], ldp
'
check 'show of a device that is not there is refused' refused 1 'g2 has no device 5' show g2/5

# ---- manners: options before the command, help, colours

run --json list
is $rc 0 'options may stand before the command'
check 'options before the command count' fits list
check 'help prints what COMMAND -h does' sh -c '[ "$(dmvlctl help set)" = "$(dmvlctl set -h)" ]'
check 'help of no command is refused' refused 2 'no command "nonsense"' help nonsense
check 'an option given twice is refused' refused 2 'is given twice' list -B 0 -B 0

# on_terminal VARIABLES..: dmvlctl list as a terminal gets it.
on_terminal()
{
	env TERM=xterm "$@" script -qec 'dmvlctl list' /dev/null </dev/null
}
has_colours()
{
	on_terminal "$@" | grep -q "$(printf '\033\\[3')"
}
check 'list has colours on a terminal' has_colours NO_COLOR=
check 'list has no colours with NO_COLOR' fails has_colours NO_COLOR=1
check 'list has no colours on a dumb terminal' fails has_colours NO_COLOR= TERM=dumb
run list
check 'list has no colours in a file' fails grep -q "$(printf '\033')" out

# ---- detach. Timeouts are long where they must not be waited for: a slow machine is no error.

limit=6
[ "${VALGRIND:-}" != 1 ] || limit=60 # it takes seconds to begin
start=$(now_ms)
check 'detach works where nobody answers' works detach 1 --timeout ${limit}s
check 'detach waits half of its timeout for a daemon that says it runs' \
	took_between $((limit * 490)) $((limit * 980))
check 'detach warns that dmvl-back had not closed the device' grep -q 'removed before dmvl-back had closed it' err
check 'detach removes the backend directory of a daemon that does not answer' no_node $back/1
check 'detach removes the frontend directory of an agent that does not answer' no_node /local/domain/1/device/dmvl
check 'detach of a device that is gone is refused' refused 1 'domain 1 has no device 0' detach 1

# Both sides answer, in the order of the handshake; the agent only after the backend is at 6.
check 'attach works before a detach that both sides answer' works attach 1
xenstore-write $back/1/0/state 4
in-guest 1 xenstore-write device/dmvl/0/state 4
(
	wait_for 60 key_is $back/1/0/state 5 || exit 1
	key $back/1/0/online >online
	sleep 0.2
	xenstore-write $back/1/0/state 6
) >&2 &
players=$!
(
	wait_for 60 key_is $back/1/0/state 6 || exit 1
	sleep 0.2
	in-guest 1 xenstore-write device/dmvl/0/state 6
) >&2 &
players="$players $!"
start=$(now_ms)
check 'detach works where both sides answer' works detach 1 --timeout 60s --json
check 'detach waits for both sides, and no longer' took_between 400 30000
is "$(wc -c <err)" 0 'detach has nothing to say where both sides answer'
check 'detach --json says that it was clean' grep -q '"clean":true' out
is "$(cat online)" 0 'the key online was 0 while the daemon closed'
check 'detach removes the nodes where both sides answer' no_node $back/1/0
# shellcheck disable=SC2086 # pids
wait $players

# The agent hangs; the daemon is down and says so: no wait for it.
xenstore-write $uplink/state stopped
in-guest 2 xenstore-write device/dmvl/1/state 4
start=$(now_ms)
check 'detach works where the agent hangs' works detach 2/1 --timeout 1s
check 'detach waits all of its timeout for an agent' took_between 900 60000
check "detach warns that the agent had not closed the device" \
	grep -q "removed before the guest's agent had closed it" err
check 'detach removes the nodes where the agent hangs' no_node $back/2

# A guest that is gone: nobody to wait for.
check 'attach to a guest that will go' works attach 3
in-guest 3 xenstore-write device/dmvl/0/state 4
guest_destroy g3
start=$(now_ms)
check 'detach takes the domid of a guest that is gone' works detach 3 --timeout 60s
check 'detach does not wait for a guest that is gone' took_between 0 30000
check 'detach removes the nodes of a guest that is gone' no_node $back/3

# ---- words alone; xenstored is not needed for these

for args in frob 'list x' 'list --frob' 'list -B x/1' 'list -B 99999' 'attach' 'set 1' 'set 1 weight' 'show 40000' \
	'show 1/x' 'detach 1 --timeout 5' 'list --timeout 5s' 'list --uplink x' 'attach 1 weight=1 weight=2' \
	'attach 1 generation=0123456789abcdef' 'attach 1 vlan=4095' 'attach 1 allowed-ip=1.2.3' \
	'attach 1 =5' 'attach 1 mac=01:00:00:00:00:01'; do
	# shellcheck disable=SC2086 # words
	check "wrong use is refused: $args" refused 2 '' $args
done
setpriv --reuid 65534 "$ctl" list >out 2>err
is $? 2 'dmvlctl fails for an ordinary user'
check 'dmvlctl tells an ordinary user what to do' grep -q 'no permission to use xenstore: run as root' err
xenstored=$(cat /run/xenstored/xenstored.pid)
kill -STOP "$xenstored"
start=$(now_ms)
check 'dmvlctl says that xenstored does not answer' refused 2 'xenstored does not answer' list
check 'dmvlctl does not wait for xenstored without end' took_between 0 60000
kill -CONT "$xenstored"
check 'dmvlctl works when xenstored goes on' works list
done_testing
