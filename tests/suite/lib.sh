# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of this directory share: the product's three programs at work here, traffic in lib-traffic.sh, shares by
# weight in lib-shares.sh, a driver domain in lib-driver.sh; this file sources them.
# The tests run unchanged on real Xen and over xensim (tests/xen/run, tests/xensim/suite);
# tests/xen/lib.sh tells what they may use. They wait for conditions, and compare rates only with
# each other: neither latency nor throughput of an emulated machine says anything.

# shellcheck source=tests/xen/lib.sh
. "${BENCH_LIB:-/bench/lib.sh}"
_suite_dir=$(dirname "${SUITE_LIB:-/bench/suite.sh}")
# shellcheck source=tests/suite/lib-traffic.sh
. "$_suite_dir/lib-traffic.sh"
# shellcheck source=tests/suite/lib-shares.sh
. "$_suite_dir/lib-shares.sh"
# shellcheck source=tests/suite/lib-driver.sh
. "$_suite_dir/lib-driver.sh"

: "${BENCH_DRIVER:=xen}"
# What the uplink is paced to, in bits per second, so that it is what is scarce: an emulated guest
# on a busy machine sends little more. tests/xen/dom0/start sets less where the machine is slow.
: "${SUITE_RATE:=2000000}"
# Seconds between two reports of a sink.
: "${SUITE_TICK:=0.5}"
# An option of the sink. At this rate a guest's TAP holds seconds, and TCP that fills it takes minutes
# to find its share: it has a window that fits.
: "${SUITE_WINDOW=-B 16384}"

# ---- Xenstore ----

uplink=/local/domain/0/data/dmvl/default

# be NAME [ID], fe NAME [ID]: a device's directories.
be()
{
	echo "/local/domain/0/backend/dmvl/$(guest_domid "$1")/${2:-0}"
}

fe()
{
	echo "/local/domain/$(guest_domid "$1")/device/dmvl/${2:-0}"
}

# states NAME [ID]: backend's and frontend's, "4 4" when connected.
states()
{
	_domid=$(guest_domid "$1")
	echo "$(xenstore-read "/local/domain/0/backend/dmvl/$_domid/${2:-0}/state" 2>/dev/null)" \
		"$(xenstore-read "/local/domain/$_domid/device/dmvl/${2:-0}/state" 2>/dev/null)"
}

states_are()
{
	[ "$(states "$2" "${3:-0}")" = "$1" ]
}

connected()
{
	states_are '4 4' "$@"
}

# broken: the emulator has broken a guest since faults=$(emulator_faults).
broken()
{
	# shellcheck disable=SC2154 # the caller's
	[ "$(emulator_faults)" != "$faults" ]
}

# agentless NAME [ID], waits_for_vif NAME [ID]: the states of a device with via=vif, which has no frontend.
agentless()
{
	states_are '4 ' "$@"
}

waits_for_vif()
{
	states_are '2 ' "$@"
}

# key_is PATH VALUE, key_like PATH PATTERN: for wait_for.
key_is()
{
	[ "$(xenstore-read "$1" 2>/dev/null)" = "$2" ]
}

key_like()
{
	# shellcheck disable=SC2254
	case $(xenstore-read "$1" 2>/dev/null) in
	$2) return 0 ;;
	esac
	return 1
}

no_node()
{
	! xenstore-exists "$1"
}

# ---- The programs ----

back=
_starts=0

# card_plug IF MBIT STATE: from now on a card, which is played, stands behind a port of xenbr0: a folder over
# that of the port in sysfs. card: what the card's driver says from now on. The change of a length tells of it.
card_plug()
{
	mkdir -p "card.$1/device" "card.$1/brport"
	ln -s /sys/bus/pci "card.$1/device/subsystem"
	ln -s "$(readlink -f "/sys/class/net/$1/master")" "card.$1/master"
	cat "/sys/class/net/$1/brport/port_no" >"card.$1/brport/port_no"
	card "$@"
	mount --bind "card.$1" "$(readlink -f "/sys/class/net/$1")"
}

_length=900
card()
{
	echo "$2" >"card.$1/speed"
	echo "$3" >"card.$1/operstate"
	_length=$((_length + 1))
	ip link set "$1" txqueuelen $_length
}

card_unplug()
{
	umount "$(readlink -f "/sys/class/net/$1")"
}

# back_start [OPTION..]: dmvl-back with a TAP on xenbr0; $back is its process id. back_run takes
# the uplink too. Its log goes to back.N.log, N counting the starts. A veth pair has no
# back-pressure, so a capacity must be given: one that limits nobody, unless an option is another.
back_start()
{
	given --tx-capacity "$@" || set -- --tx-capacity 10gbit "$@"
	back_run --uplink tap:dmvl-up,bridge=xenbr0 "$@"
}

# given OPTION WORD..: is it among them?
given()
{
	_option=$1
	shift
	for _word; do
		case $_word in
		"$_option" | "$_option="*) return 0 ;;
		esac
	done
	return 1
}

back_run()
{
	_starts=$((_starts + 1))
	_log=back.$_starts.log
	given --log-level "$@" || set -- --log-level debug "$@"
	dmvl-back "$@" 2>"$_log" &
	back=$!
	wait_for 30 grep -q 'version .*: uplink' "$_log"
}

# second_start [OPTION..]: a dmvl-back beside that one, for the uplink "second", a TAP on xenbr1; $second is its
# process id. Its log is back.second.log, whichever start it is.
second_start()
{
	[ -d /sys/class/net/xenbr1 ] || { ip link add xenbr1 type bridge && ip link set xenbr1 up; } >&2
	_versions=$(grep -c 'version .*: uplink' back.second.log 2>/dev/null)
	dmvl-back -n second --uplink tap:dmvl-up2,bridge=xenbr1 --tx-capacity 50mbit --log-level debug "$@" 2>>back.second.log &
	second=$!
	wait_for 30 _second_runs "${_versions:-0}"
}

# It has begun after N others.
_second_runs()
{
	[ "$(grep -c 'version .*: uplink' back.second.log)" -gt "$1" ]
}

# back_fds, back_maps: how many descriptors dmvl-back keeps, and pieces of guests' memory. Of other memory
# it has what its allocator likes, a sanitizer's most of all. It opens some descriptors for a moment, as for
# a run of tc(8), so the fewest of several looks count.
_fds_now()
{
	find "/proc/$back/fd" -mindepth 1 -maxdepth 1 | wc -l
}

back_fds()
{
	for _look in 1 2 3 4 5 6 7 8 9 10; do
		_fds_now
		sleep 0.1
	done | sort -n | head -n 1
}

back_maps()
{
	grep -c -e memfd:grant -e /dev/xen/gntdev "/proc/$back/maps"
}

_fds_within()
{
	[ "$(_fds_now)" -le "$1" ]
}

_maps_within()
{
	[ "$(back_maps)" -le "$1" ]
}

# back_keeps FDS MAPS WHEN: two checks. What is there for a moment goes, what leaked stays; the log of the test
# has the names then.
back_keeps()
{
	check "dmvl-back has no more descriptors $3" wait_for 30 _fds_within "$1"
	_fds_within "$1" || find "/proc/$back/fd" -mindepth 1 -maxdepth 1 -printf '%f %l\n' | sort -n >&2
	check "dmvl-back maps no more guest memory $3" wait_for 30 _maps_within "$2"
	_maps_within "$2" || grep -e memfd:grant -e /dev/xen/gntdev "/proc/$back/maps" >&2
}

# ended PID: for wait_for. A child that is not waited for is a zombie until then.
ended()
{
	! [ -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# back_stop: SIGTERM; gives its exit status.
back_stop()
{
	kill "$back"
	wait_for 30 ended "$back" || kill -9 "$back"
	wait "$back"
}

# back_pause: dmvl-back stands still until SIGCONT, but not in the middle of a request: xenstored would wait for
# its rest, and answer nobody.
back_pause()
{
	kill -STOP "$back"
	until timeout 2 xenstore-read domid >/dev/null 2>&1; do
		kill -CONT "$back"
		kill -STOP "$back"
	done
}

# _counters NAME ID: the device's counters, a line for each time that dmvl-back has logged them.
_counters()
{
	grep ": $(guest_domid "$1")/$2: tx frames=" "$_log"
}

_counted()
{
	[ "$(_counters "$2" "$3" | wc -l)" -gt "$1" ]
}

# dropped NAME REASON [ID]: how many frames from or to the device were dropped for it so far. Asks
# for that now, so what it counts must have been waited for.
dropped()
{
	_id=${3:-0}
	_before=$(_counters "$1" "$_id" | wc -l)
	kill -USR1 "$back"
	wait_for 30 _counted "$_before" "$1" "$_id" || echo 'no answer'
	_counters "$1" "$_id" | tail -n 1 | awk -v r="$2=" '
		{
			for (i = 1; i <= NF; i++)
				if (index($i, r) == 1)
					n = substr($i, length(r) + 1)
		}
		END { print n + 0 }'
}

# agent_start NAME [OPTION..]: $agent is its process id in the guest, kept in agent.NAME too. Each agent has
# $agent_options before its own.
agent_options=
agent_start()
{
	_agent_guest=$1
	shift
	agent=$(guest_bg "$_agent_guest" "exec dmvl-front --log-level debug $agent_options $* 2>>/run/front.log")
	echo "$agent" >"agent.$_agent_guest"
}

# For a guest, before its agent is to end: how often agents had too little time to end in order.
_late="grep -c 'did not answer in time' /run/front.log"
note_late="$_late >/run/front.late"

# agent_kill SIGNAL NAME [PID]
agent_kill()
{
	guest "$2" "$note_late; kill -$1 ${3:-$(cat "agent.$2")}"
}

# agent_closed NAME [STATES]: an agent that got SIGTERM has closed its side, and dmvl-back offers a new connection
# (STATES, a pattern, are other states). On real Xen the emulated guest may be too slow for the time that an agent
# has; then the agent has said so.
agent_closed()
{
	# shellcheck disable=SC2254 # a pattern
	case $(states "$1") in
	${2:-2 6}) return 0 ;;
	esac
	[ "$BENCH_DRIVER" = xen ] && guest "$1" "[ \$($_late) -gt \$(cat /run/front.late) ]"
}

# agent_gone NAME [PID]: for wait_for. Until then an agent keeps its TAP.
agent_gone()
{
	! guest "$1" "kill -0 ${2:-$(cat "agent.$1")}"
}

# agent_again NAME INDEX [OPTION..]: another agent takes the place of the present one, and the guest talks.
agent_again()
{
	_again_guest=$1 _again_index=$2
	shift 2
	agent_kill TERM "$_again_guest" >&2
	wait_for 30 agent_gone "$_again_guest"
	agent_start "$_again_guest" "$@"
	wait_for 60 connected "$_again_guest" || bail "$_again_guest connects"
	guest_net "$_again_guest" "$_again_index" >&2
	talks "$_again_guest"
}

# ldp NAME INDEX [KEY=VALUE..]: device 0, connected, with the addresses of guest_net. Meant to work:
# a test about attaching itself says `check'.
ldp()
{
	_ldp_attach "$@"
	_ldp_connect "$@"
}

# ldps 'NAME INDEX [KEY=VALUE..]'..: several at once.
ldps()
{
	for _ldp; do
		# shellcheck disable=SC2086
		_ldp_attach $_ldp
	done
	for _ldp; do
		# shellcheck disable=SC2086
		_ldp_connect $_ldp
	done
}

_ldp_attach()
{
	_ldp_guest=$1
	shift 2
	dmvlctl attach "$_ldp_guest" "$@" >&2 || bail "attach $_ldp_guest"
	agent_start "$_ldp_guest"
}

_ldp_connect()
{
	wait_for 60 connected "$1" || bail "$1 connects: $(states "$1")"
	guest_net "$1" "$2" >&2 || bail "addresses of $1"
}

# What the tests of settings that outlive a domain give to a device.
kept='weight=300 tx-min=100000 tx-max=7000000 spoof-check=1 allowed-ip=10.77.1.9 mac=00:16:3e:00:00:09'

# kept_guest NAME [LINE..]: a guest, with these lines of its configuration, and its device so set.
kept_guest()
{
	check "guest $1 is created" guest_create "$@"
	# shellcheck disable=SC2086
	ldp "$1" 9 $kept
}

# kept_whole NAME: its device has all that.
kept_whole()
{
	for _key in $kept; do
		[ "$(xenstore-read "$(be "$1")/${_key%%=*}")" = "${_key#*=}" ] || return 1
	done
}

# ---- Kernels and domains ----

# console_clean NAME: its kernel has not complained.
console_clean()
{
	! guest_console "$1" | without_emulator_faults | grep -aE 'BUG|Oops|general protection|WARNING:|Call Trace'
}

# zombies: domains that are dead and still hold memory.
zombies()
{
	if [ "$BENCH_DRIVER" = xen ]; then
		xl list 2>/dev/null | awk 'NR > 1 && $(NF - 1) ~ /d/'
	else
		xensim list | awk '$3 ~ /d/'
	fi
}

no_zombies()
{
	[ -z "$(zombies)" ]
}

# ---- The end ----

# The logs of both daemons, for whoever looks for the cause.
_suite_end()
{
	[ -e failed ] || return 0
	for _log in back.*.log; do
		[ ! -e "$_log" ] || { echo "--- $_log"; tail -n 60 "$_log"; }
	done >&2
	[ "$BENCH_DRIVER" = xen ] || return 0
	for _name in $(guest_all); do
		echo "--- $_name"
		guest -t 10 "$_name" 'tail -n 40 /run/front*.log 2>/dev/null'
	done >&2
}
trap _suite_end EXIT

not_ok()
{
	_tests=$((_tests + 1))
	: >failed
	echo "not ok $_tests - $*"
}
