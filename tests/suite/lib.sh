# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of this directory share: the product's three programs at work, and measuring.
# The tests run unchanged on real Xen and over xensim (tests/xen/run, tests/xensim/suite);
# tests/xen/lib.sh tells what they may use. They wait for conditions, and compare rates only with
# each other: neither latency nor throughput of an emulated machine says anything.

# shellcheck source=tests/xen/lib.sh
. "${BENCH_LIB:-/bench/lib.sh}"

: "${BENCH_DRIVER:=xen}"
# What the uplink is paced to, in bits per second, so that it is what is scarce: an emulated guest
# on a busy machine sends little more.
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

# agent_start NAME [OPTION..]: $agent is its process id in the guest, kept in agent.NAME too.
agent_start()
{
	_agent_guest=$1
	shift
	agent=$(guest_bg "$_agent_guest" "exec dmvl-front --log-level debug $* 2>>/run/front.log")
	echo "$agent" >"agent.$_agent_guest"
}

# agent_kill SIGNAL NAME [PID]
agent_kill()
{
	guest "$2" "kill -$1 ${3:-$(cat "agent.$2")}"
}

# agent_gone NAME [PID]: for wait_for. Until then an agent keeps its TAP.
agent_gone()
{
	! guest "$1" "kill -0 ${2:-$(cat "agent.$1")}"
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

# reaches WHERE ADDRESS: one ping, from "world" or a guest.
reaches()
{
	case $2 in
	*:*) at "$1" ping6 -c 1 -W 2 "$2" ;;
	*) at "$1" ping -c 1 -W 2 "$2" ;;
	esac
}

# talks NAME: it and the world can.
talks()
{
	wait_for 30 reaches "$1" 10.77.0.1
}

# at WHERE COMMAND..: in a guest's shell, or in the world's.
at()
{
	_where=$1
	shift
	if [ "$_where" = world ]; then
		world sh -c "$*"
	else
		guest "$_where" "$*"
	fi
}

# ---- dmvl-back in a driver domain, the guest drv, whose domid is $B ----

b_log=/run/front-back.log # collected like those of agents

# b_boot: a driver domain, as an operator makes it. xl gives it a directory to write in. Its files are in
# memory, of which the credit log wants some.
b_boot()
{
	guest_create drv 'driver_domain=1' 'memory=256' "$(vif_line 9)" >&2 || bail 'the driver domain boots'
	B=$(guest_domid drv)
	if [ "$BENCH_DRIVER" = xensim ]; then
		xenstore-write "/local/domain/$B/backend" ''
		xenstore-chmod "/local/domain/$B/backend" "n$B"
		# shellcheck source=tests/xensim/vif.sh
		. "$SUITE_TOP/tests/xensim/vif.sh"
		vif_plug drv 9 >&2
	fi
	wait_for 30 guest drv 'ip link show eth0' || bail 'the driver domain has a card'
	guest drv 'ip addr flush dev eth0
		ip link add br0 type bridge && ip link set eth0 master br0 up && ip link set br0 up' >&2 ||
		bail 'the driver domain has a bridge'
}

b_be()
{
	echo "/local/domain/$B/backend/dmvl/$(guest_domid "$1")/0"
}

b_connected()
{
	key_is "$(b_be "$1")/state" 4 && key_is "$(fe "$1")/state" 4
}

b_logged()
{
	guest drv "grep -q '$1' $b_log"
}

b_count()
{
	guest drv "grep -c '$1' $b_log"
}

b_start()
{
	b_pid=$(guest_bg drv "exec dmvl-back --uplink tap:dmvl-up,bridge=br0 --tx-capacity 1gbit --log-level debug 2>$b_log")
	wait_for 60 b_logged 'version .*: uplink'
}

b_gone()
{
	! guest drv "kill -0 $b_pid"
}

b_stop()
{
	guest drv "kill $b_pid"
	wait_for 30 b_gone
}

# nothing_wrong: what dmvlctl check says goes to the log of this test.
nothing_wrong()
{
	wait_for 30 dmvlctl check -B drv || dmvlctl check -B drv
}

# detached NAME: with time for a busy emulator.
detached()
{
	dmvlctl detach -B drv "$1" --timeout 60s
}

# ---- Traffic ----

# pipe_start FROM TO ADDRESS PORT BYTES [OPTION..]: a file of random bytes sent over TCP; its end is
# pipe_wait's. One at a time for each port.
pipe_start()
{
	_from=$1 _to=$2 _addr=$3 _port=$4 _bytes=$5
	shift 5
	rm -f "pipe.$_port.err" # what the last one said is no sign
	if [ "$_to" = world ]; then
		world sh -c "exec dmvl-pipe recv $_port >/run/got.$_port" 2>"pipe.$_port.err" &
	else
		guest -t 280 "$_to" "exec dmvl-pipe recv $_port >/run/got.$_port" 2>"pipe.$_port.err" &
	fi
	echo $! >"pipe.$_port.pid"
	wait_for 30 grep -q '^ready' "pipe.$_port.err" || return 1
	at "$_from" "head -c $_bytes /dev/urandom >/run/sent.$_port"
	if [ "$_from" = world ]; then
		world sh -c "exec dmvl-pipe send $_addr $_port $* </run/sent.$_port" >&2 &
	else
		guest -t 280 "$_from" "exec dmvl-pipe send $_addr $_port $* </run/sent.$_port" >&2 &
	fi
	echo $! >>"pipe.$_port.pid"
}

# pipe_wait FROM TO PORT: it ended, and both hashes are the same.
pipe_wait()
{
	while read -r _pid; do
		wait "$_pid" || return 1
	done <"pipe.$3.pid"
	[ "$(at "$1" "sha256sum </run/sent.$3")" = "$(at "$2" "sha256sum </run/got.$3")" ]
}

# pipe_stop PORT: an end before its time, as when one of the two guests is lost.
pipe_stop()
{
	while read -r _pid; do
		kill "$_pid"
		wait "$_pid"
	done <"pipe.$1.pid" 2>/dev/null
}

# pipe_got TO PORT: bytes so far.
pipe_got()
{
	at "$1" "wc -c </run/got.$2"
}

# pipe_past TO PORT BYTES: for wait_for.
pipe_past()
{
	[ "$(pipe_got "$1" "$2")" -gt "$3" ]
}

# ---- Shares ----

# sink_ticks FILE AFTER N: how many intervals after the second AFTER a sink has told of in which N
# senders got something through.
sink_ticks()
{
	awk -v after="$2" -v n="$3" '
		$1 != "total" && $1 > after && $4 > 0 { seen[$1]++ }
		END { for (t in seen) if (seen[t] >= n) full++; print full + 0 }' "$1"
}

# ticks_pass FILE AFTER N TICKS: for wait_for.
ticks_pass()
{
	[ "$(sink_ticks "$1" "$2" "$3")" -ge "$4" ]
}

# tick FILE: the second up to which a sink has reported.
tick()
{
	awk '$1 != "total" { t = $1 } END { print t + 0 }' "$1"
}

# sink_start [WHERE]: a sink on port 5001, into sink.out; $sink is its process id.
sink_start()
{
	if [ "${1:-world}" = world ]; then
		# shellcheck disable=SC2086
		start sink world dmvl-flow sink 5001 -I "$SUITE_TICK" $SUITE_WINDOW
	else
		start sink guest -t 280 "$1" "exec dmvl-flow sink 5001 -I $SUITE_TICK $SUITE_WINDOW"
	fi
	sink=$started
}

# sends NAME tcp|udp [OPTION..]: to the sink, for longer than a test takes.
sends()
{
	_sender=$1 _proto=$2
	shift 2
	guest_bg "$_sender" "exec dmvl-flow $_proto 10.77.0.1 5001 -w 250 $*" >&2
}

# senders_124 tcp|udp [OPTION..]: an uplink, a sink, and g1, g2 and g3 with weights 100, 200 and 400
# that all send.
senders_124()
{
	uplink_setup
	back_start --tx-capacity "$SUITE_RATE"
	ldps 'g1 1 weight=100' 'g2 2 weight=200' 'g3 3 weight=400'
	talks g1
	talks g2
	talks g3
	sink_start
	sends g1 "$@"
	sends g2 "$@"
	sends g3 "$@"
}

# settle N: a change is in force and the N senders have found their rates.
settle()
{
	wait_for 100 ticks_pass sink.out "$(tick sink.out)" "$1" 5
}

# _window TICKS ADDRESS=WEIGHT..: over the next TICKS full intervals of the sink (not the one under
# way and the next, in which a change may still show): Jain's index of what each got by weight, and
# by how much the worst share is off, into shares.out, last.
_window()
{
	_ticks=$1
	shift
	_from=$(awk -v t="$(tick sink.out)" -v i="$SUITE_TICK" 'BEGIN { print t + 2 * i }')
	wait_for $((20 * _ticks)) ticks_pass sink.out "$_from" 1 "$_ticks"
	awk -v first="$_from" -v pairs="$*" '
		BEGIN {
			n = split(pairs, p, " ")
			for (i = 1; i <= n; i++) {
				split(p[i], w, "=")
				weight[w[1]] = w[2]
				weights += w[2]
			}
		}
		$1 != "total" && $1 > first && $2 in weight { got[$2] += $4; sum += $4 }
		END {
			worst = 0
			for (a in weight) {
				x = got[a] / weight[a]
				s += x
				q += x * x
				off = sum ? got[a] / sum * weights / weight[a] - 1 : 1
				off = off < 0 ? -off : off
				worst = off > worst ? off : worst
				printf "# %s weight %g: %d bytes, share off by %.1f %%\n",
					a, weight[a], got[a], off * 100
			}
			printf "%.4f %.4f\n", q ? s * s / n / q : 0, worst
		}' sink.out >shares.out
	cat shares.out >&2
}

_fair()
{
	tail -n 1 shares.out | awk '{ exit !($1 >= 0.98 && $2 <= 0.1) }'
}

# shares DESCRIPTION TICKS ADDRESS=WEIGHT..: each address gets its share by weight within 10 %, and
# Jain's index by weight is 0.98 at least, over a window of TICKS intervals. A sender that this
# machine did not let run has not offered its share, so there are some windows to show it in;
# an unfair scheduler shows it in none.
shares()
{
	_what=$1
	shift
	for _try in 1 2 3 4 5 6; do
		_window "$@"
		_fair && break
	done
	read -r _jain _worst <<-END
		$(tail -n 1 shares.out)
	END
	diag "$_what: jain $_jain, worst share off by $_worst, window $_try"
	between "$_jain" 0.98 1 "$_what: Jain's index by weight"
	between "$_worst" 0 0.1 "$_what: each share within 10 %"
}

# ---- Frames ----

# new_mark: $mark becomes one that no frame had so far, in a subshell too: late frames of an earlier
# look are not taken for those of this one.
new_mark()
{
	echo >>marks
	mark=$((1000 + $(wc -l <marks)))
}

# frames_between FROM IF TO IF SEND-OPTIONS RECV-OPTIONS: what recv prints of what send sends.
frames_between()
{
	start "recv.$3" at "$3" "exec dmvl-frames recv -i $4 $6"
	at "$1" "dmvl-frames send -i $2 $5" >&2
	wait "$started"
	cat "recv.$3.out"
}

# hold_frames NAME MARK: the uplink all but stands still while the guest sends 40 frames, to one host, since a
# flood has a limit. They wait in its ring and, what does not fit, in its TAP. Once for each start of dmvl-back.
hold_frames()
{
	xenstore-write "$uplink/tx-capacity" 8000
	wait_for 30 grep -q 'uplink default: capacity 8kbit' "$_log"
	guest "$1" dmvl-frames send -i dmvl0 -d 02:00:00:00:00:99 -m "$2" -l 1000 -c 40 >&2
}

# mac WHERE IF
mac()
{
	at "$1" "cat /sys/class/net/$2/address"
}

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
