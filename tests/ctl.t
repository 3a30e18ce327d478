#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# dmvlctl against a real xenstored. Runs in the Dom0 of an instance with three fresh guests:
#   tests/xensim/run --guests 3 tests/ctl.t
# It plays dmvl-back and the agent itself where both have to answer. Output is TAP.
set -u
ctl=${DMVL_PRODUCT:-build}/dmvlctl
back=/local/domain/0/backend/dmvl
uplink=/local/domain/0/data/dmvl/default
n=0 failed=0
tmp=$(mktemp -d) || exit 1
players=
trap 'kill $players 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

ok() { # status, name
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}

# Run dmvlctl: status in $rc, output in $tmp/out and $tmp/err.
run() {
	"$ctl" "$@" >"$tmp/out" 2>"$tmp/err"
	rc=$?
}

# status, text that stderr must have (only line), name, arguments
fails() {
	want=$1 text=$2 name=$3
	shift 3
	run "$@"
	[ "$rc" -eq "$want" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -- "$text" "$tmp/err"
	ok $? "$name"
}

works() { # name, arguments
	name=$1
	shift
	run "$@"
	ok "$rc" "$name"
}

is() { # path, value, name
	got=$(xenstore-read "$1" 2>&1)
	[ "$got" = "$2" ]
	ok $? "$3 ($got)"
}

gone() { # path, name
	! xenstore-exists "$1"
	ok $? "$2"
}

# Wait until a node has a value, a minute at most.
await() {
	i=0
	while [ "$(xenstore-read "$1" 2>/dev/null)" != "$2" ]; do
		i=$((i + 1))
		[ "$i" -lt 1200 ] || return 1
		sleep 0.05
	done
}

now_ms() { date +%s%3N; }

# --- attach
works "list succeeds when there are no devices" list
fails 1 'no domain has the name "nobody"' "attach refuses an unknown name" attach nobody
fails 1 'domain 99 does not exist' "attach refuses an unknown domid" attach 99
fails 1 'domain 0 serves devices' "attach refuses the backend's own domain" attach 0
works "attach takes a name" attach guest1
is $back/1/0/state 1 "attach makes the backend directory in state 1"
is $back/1/0/weight 256 "attach writes the default weight"
is $back/1/0/mtu 1500 "attach writes the default mtu"
is $back/1/0/uplink default "attach writes the default uplink"
is $back/1/0/frontend /local/domain/1/device/dmvl/0 "attach writes the path of the frontend"
is $back/1/0/frontend-id 1 "attach writes the domid of the frontend"
is /local/domain/1/device/dmvl/0/backend $back/1/0 "attach writes the path of the backend"
is /local/domain/1/device/dmvl/0/state 1 "attach makes the frontend directory in state 1"
xenstore-read $back/1/0/mac | grep -Eq '^00:16:3e(:[0-9a-f]{2}){3}$'
ok $? "attach chooses a MAC with Xen's prefix"
xenstore-read $back/1/0/generation | grep -Eq '^[0-9a-f]{16}$'
ok $? "attach writes a generation of 16 hex digits"
fails 1 'domain 1 has a device 0 already' "attach refuses a device that is there" attach guest1
works "attach takes a domid, an id and settings" attach 2/1 weight=512 tx-max=10mbit rx-max=1.5Gb/s \
	tx-burst=64kib latency=low vlan=10,20-30 mac=02:00:00:00:00:07 allowed-ip=10.0.0.1
is $back/2/1/tx-max 10000000 "attach writes a rate in tc's units in bits per second"
is $back/2/1/rx-max 1500000000 "attach writes a rate in Xen's units in bits per second"
is $back/2/1/tx-burst 65536 "attach writes a size in bytes"
is $back/2/1/mac 02:00:00:00:00:07 "attach writes the MAC that is given"
fails 1 'mac 02:00:00:00:00:07 belongs to device 1 of domain 2' "attach refuses a MAC that is taken" \
	attach 3 mac=02:00:00:00:00:07
works "attach takes a MAC that is taken on another uplink" attach 3 mac=02:00:00:00:00:07 uplink=other
works "detach takes a device on another uplink" detach 3
uuid=$(xenstore-read /local/domain/3/vm | cut -c5-)
works "attach takes a UUID" attach "$uuid"
is $back/3/0/state 1 "attach by UUID makes the backend directory in state 1"
fails 2 'weight "0": expected an integer 1..65535' "attach refuses a value out of range" attach 3/1 weight=0
gone $back/3/1 "an attach that is refused makes no nodes"
works "detach of a guest's only device succeeds" detach 3
gone $back/3 "detach of a guest's only device removes the guest's backend directory"
gone /local/domain/3/device/dmvl "detach of a guest's only device removes the guest's frontend directory"

# --- permissions
[ "$(in-guest 2 xenstore-read $back/2/1/weight)" = 512 ]
ok $? "a guest reads its own weight"
! in-guest 2 xenstore-write $back/2/1/weight 9 2>/dev/null
ok $? "a guest cannot write its own weight"
! in-guest 3 xenstore-read $back/2/1/weight >/dev/null 2>&1
ok $? "a guest cannot read another guest's weight"
! in-guest 3 xenstore-read /local/domain/2/device/dmvl/1/state >/dev/null 2>&1
ok $? "a guest cannot read another guest's frontend state"
in-guest 2 xenstore-write device/dmvl/1/vchan/ring-ref 8
ok $? "a guest writes below its frontend directory"
in-guest 2 xenstore-rm device/dmvl/1/vchan

ctl_abs=$(realpath "$ctl")
in-guest 2 "$ctl_abs" list >"$tmp/out" 2>"$tmp/err"
ok $? "list succeeds in an ordinary guest"
! grep -q guest "$tmp/out"
ok $? "list shows nothing in an ordinary guest"
in-guest 2 "$ctl_abs" set 2/1 weight=9 -B 0 >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q 'no permission' "$tmp/err"
ok $? "set in an ordinary guest ends with status 2 and says why"
is $back/2/1/weight 512 "set in an ordinary guest changes nothing"

# --- a driver domain: guest 3 serves guest 1
works "attach takes a driver domain" attach -B 3 1/4 weight=7
in-guest 3 "$ctl_abs" list >"$tmp/out" 2>"$tmp/err" && grep -Eq '^- +1 +4 +default ' "$tmp/out"
ok $? "a driver domain lists the device it serves"
in-guest 3 "$ctl_abs" set 1/4 weight=8 >"$tmp/out" 2>"$tmp/err"
ok $? "a driver domain sets the weight of the device it serves"
is /local/domain/3/backend/dmvl/1/4/weight 8 "the weight that a driver domain sets is written"
in-guest 3 "$ctl_abs" show 1/4 >"$tmp/out" 2>"$tmp/err"
ok $? "a driver domain shows the device it serves"
in-guest 3 xenstore-write backend/dmvl/1/4/state 2 && in-guest 1 xenstore-read \
	/local/domain/3/backend/dmvl/1/4/state >/dev/null
ok $? "a driver domain writes its side, and its guest reads that"
works "detach takes a driver domain" detach -B 3 1/4
gone /local/domain/3/backend/dmvl/1 "detach from a driver domain removes its nodes"

# --- set
works "set of two keys succeeds" set guest2/1 weight=77 tx-min=9mbit
is $back/2/1/weight 77 "set of two keys writes the first"
is $back/2/1/tx-min 9000000 "set of two keys writes the second"
fails 2 'tx-min "11000000": above tx-max, expected 0..10000000' "set refuses a minimum above the maximum that is there" \
	set 2/1 weight=5 tx-min=11mbit
is $back/2/1/weight 77 "set refused for one key writes no other"
fails 2 'tx-max "10m": bits or bytes? write 10mbit' "set refuses an ambiguous rate" set 2/1 tx-max=10m
fails 2 'uplink takes effect at attach only' "set refuses a key of attach" set 2/1 uplink=other
fails 2 'credit is written by dmvl' "set refuses a key that dmvl announces" set 2/1 credit=1
fails 1 'domain 2 has no device 0' "set refuses a device that does not exist" set 2 weight=5
works "set takes a key that waits for the next connection" set 2/1 mtu=9000
grep -q 'mtu takes effect when the device connects again' "$tmp/err"
ok $? "set says that a key waits for the next connection"
pids=
for w in 1 2 3 4 5 6 7 8 9 10; do
	"$ctl" set 2/1 "weight=$w" "tx-min=$w" 2>>"$tmp/err" &
	pids="$pids $!"
done
bad=0
for pid in $pids; do wait "$pid" || bad=1; done
ok $bad "ten sets at once all succeed"
[ "$(xenstore-read $back/2/1/weight)" = "$(xenstore-read $back/2/1/tx-min)" ]
ok $? "ten sets at once leave both keys of one and the same set"

# --- list, show, uplinks
xenstore-write $back/2/1/weight banana $back/2/1/error 'weight "banana": expected' \
	$uplink/device tap0 $uplink/kind tap $uplink/tx-capacity 8000000 $uplink/state running
in-guest 2 xenstore-write device/dmvl/1/ring-order "$(printf '\033[31m')"
run list
grep -Eq '^guest1 +1 +0 +default +initialising +256 ' "$tmp/out"
ok $? "list shows a device without an agent"
grep -Eq '^guest2 +2 +1 +default +initialising +"banana" .* 10mbit .*weight "banana": exp' "$tmp/out"
ok $? "list shows malformed values in quotes, limits with units, the error"
run show 2/1
grep -q '^weight  *"banana"  *malformed' "$tmp/out"
ok $? "show marks a malformed value"
grep -q '^rx-max  *1.5gbit' "$tmp/out"
ok $? "show prints a rate with its unit"
! LC_ALL=C grep -q "$(printf '\033')" "$tmp/out"
ok $? "show does not print a guest's escape sequence"
run uplinks
grep -Eq '^default +tap0 +tap +running +local +8mbit +- ' "$tmp/out"
ok $? "uplinks shows kind, state and capacity of an uplink"

# --- log, check: tests/suite/15-credits.sh has a daemon and what it writes
fails 2 'list takes no --follow' "list refuses an option of another command" list --follow
fails 1 'no uplink has a credit log' "log fails when no uplink has a log" log
run check
[ "$rc" -eq 1 ] && grep -q '^guest2/1: weight "banana": exp' "$tmp/out" && [ "$(wc -l <"$tmp/out")" -eq 1 ]
ok $? "check tells a device's error and nothing else"
xenstore-write $uplink/log-path "$tmp/default.tx.log" $uplink/error 'no space'
run check
[ "$rc" -eq 1 ] && grep -q '^uplink default: dmvl-back does not run' "$tmp/out"
ok $? "check tells of a daemon that was killed"
fails 1 "cannot read $tmp/default.tx.log" "log fails when the file cannot be read" log
head -c 8192 /dev/urandom >"$tmp/default.tx.log"
fails 1 'is no credit log, or damaged' "log refuses a file that is no credit log" log guest2
fails 2 'in its own file system' "log refuses the log of another domain" log -B 3
(
	flock 9
	run check
	[ "$rc" -eq 1 ] && grep -q '^uplink default: no space' "$tmp/out" &&
		grep -q "^uplink default: its credit log $tmp/default.tx.log .* damaged" "$tmp/out"
) 9>"$tmp/default.lock"
ok $? "check tells the uplink's error and a damaged log"
run check --json
[ "$rc" -eq 1 ] && python3 -c '
import json, sys
for p in json.load(sys.stdin)["problems"]:
	assert set(p) == {"what", "text"}, p
' <"$tmp/out" 2>>"$tmp/err"
ok $? "check --json prints what and text of each problem"
xenstore-write $uplink/state stopped
run check
grep -q '^uplink default: dmvl-back has ended' "$tmp/out"
ok $? "check tells of a daemon that ended with devices attached"
xenstore-write $uplink/state running $uplink/error ''
xenstore-rm $uplink/log-path
for command in list uplinks "show 2/1" "set 2/1 weight=3"; do
	# shellcheck disable=SC2086 # words
	run $command --json
	python3 -c 'import json, sys; json.load(sys.stdin)' <"$tmp/out" 2>>"$tmp/err"
	ok $? "$command --json prints JSON"
done
"$ctl" show 2/1 --json | python3 -c '
import json, sys
ldp = json.load(sys.stdin)
assert ldp["domain"] == "guest2" and ldp["domid"] == 2 and ldp["id"] == 1, ldp
assert ldp["backend"]["weight"] == 3 and ldp["backend"]["tx-max"] == 10000000, ldp
assert ldp["backend"]["spoof-check"] is True and ldp["backend"]["credit"] is None, ldp
assert ldp["backend"]["state"] == "initialising" and ldp["malformed"] == ["frontend/ring-order"], ldp
' 2>"$tmp/err"
ok $? "show --json has types, words and malformed keys"
fails 1 'domain 2 has no device 5' "show refuses a device that does not exist" show guest2/5

# --- detach. Timeouts are long where they must not be waited for: a slow machine is no error.
limit=6
[ "${VALGRIND:-}" != 1 ] || limit=60 # it takes seconds to begin
start=$(now_ms)
works "detach succeeds when neither agent nor daemon answers" detach 1 --timeout ${limit}s
took=$(($(now_ms) - start))
[ "$took" -ge $((limit * 490)) ] && [ "$took" -lt $((limit * 980)) ]
ok $? "detach waits half of the timeout for a daemon that says it runs ($took ms)"
grep -q 'removed before dmvl-back had closed it' "$tmp/err"
ok $? "detach warns when the daemon has not closed the device"
gone $back/1 "detach without an answer removes the backend directory"
gone /local/domain/1/device/dmvl "detach without an answer removes the frontend directory"
fails 1 'domain 1 has no device 0' "detach refuses a device that is gone" detach 1

# Both sides answer, in the order of the handshake; the agent only after the backend is at 6.
works "attach succeeds for a detach with answers" attach 1
xenstore-write $back/1/0/state 4
in-guest 1 xenstore-write device/dmvl/0/state 4
(
	await $back/1/0/state 5 || exit 1
	xenstore-read $back/1/0/online >"$tmp/online"
	sleep 0.2
	xenstore-write $back/1/0/state 6
) &
players=$!
(
	await $back/1/0/state 6 || exit 1
	sleep 0.2
	in-guest 1 xenstore-write device/dmvl/0/state 6
) &
players="$players $!"
start=$(now_ms)
run detach 1 --timeout 60s --json
took=$(($(now_ms) - start))
[ "$rc" -eq 0 ] && [ ! -s "$tmp/err" ] && grep -q '"clean":true' "$tmp/out"
ok $? "detach is clean when both sides answer"
[ "$took" -ge 400 ] && [ "$took" -lt 30000 ]
ok $? "detach waits for both sides and no longer ($took ms)"
[ "$(cat "$tmp/online")" = 0 ]
ok $? "detach sets online to 0"
gone $back/1/0 "detach with both sides removes the backend directory"
# shellcheck disable=SC2086 # pids
wait $players
players=

# The agent hangs; the daemon is down and says so: no wait for it.
xenstore-write $uplink/state stopped
in-guest 2 xenstore-write device/dmvl/1/state 4
start=$(now_ms)
works "detach succeeds when the agent hangs" detach 2/1 --timeout 1s
took=$(($(now_ms) - start))
[ "$took" -ge 900 ]
ok $? "detach waits all of the timeout for an agent that hangs ($took ms)"
grep -q "removed before the guest's agent had closed it" "$tmp/err"
ok $? "detach warns when the agent has not closed the device"
gone $back/2 "detach from an agent that hangs removes the backend directory"

# A guest that is gone: nobody to wait for.
works "attach succeeds for a guest that then goes" attach 3
in-guest 3 xenstore-write device/dmvl/0/state 4
xensim destroy 3 >/dev/null
start=$(now_ms)
works "detach by domid succeeds when the guest is gone" detach 3 --timeout 60s
took=$(($(now_ms) - start))
[ "$took" -lt 30000 ]
ok $? "detach does not wait for a guest that is gone ($took ms)"
gone $back/3 "detach from a guest that is gone removes the backend directory"

# --- words alone; xenstored is not needed for these
for args in frob "list x" "list --frob" "list -B x" "attach" "set 1" "set 1 weight" "show 40000" \
	"show 1/x" "detach 1 --timeout 5" "list --timeout 5s" "attach 1 weight=1 weight=2" \
	"attach 1 generation=0123456789abcdef" "attach 1 vlan=4095" "attach 1 allowed-ip=1.2.3" \
	"attach 1 =5" "attach 1 mac=01:00:00:00:00:01"; do
	# shellcheck disable=SC2086 # words
	fails 2 "" "dmvlctl $args is refused as wrong use" $args
done
setpriv --reuid 65534 "$ctl" list >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && grep -q 'no permission to use xenstore: run as root' "$tmp/err"
ok $? "an ordinary user gets one clear error"
kill -STOP "$(cat /run/xenstored/xenstored.pid)"
start=$(now_ms)
fails 2 "xenstored does not answer" "a stopped xenstored gives one clear error" list
took=$(($(now_ms) - start))
[ "$took" -lt 60000 ]
ok $? "a stopped xenstored gives no endless wait ($took ms)"
kill -CONT "$(cat /run/xenstored/xenstored.pid)"
works "list succeeds when xenstored goes on" list

echo "1..$n"
exit "$failed"
