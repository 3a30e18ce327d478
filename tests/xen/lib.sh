# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a test in Dom0 may use: TAP, guests, the uplink with a world behind it. Sourced as
# /bench/lib.sh by dash. Names that begin with an underscore are not for tests.

export PATH=/usr/sbin:/usr/bin:/bench/dom0/bin

# ---- TAP ----
# Call these from the test's own shell, not from a subshell or a pipe: they count.

_tests=0

ok()
{
	_tests=$((_tests + 1))
	echo "ok $_tests - $*"
}

not_ok()
{
	_tests=$((_tests + 1))
	echo "not ok $_tests - $*"
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# check DESCRIPTION COMMAND..: ok if the command succeeds; its output goes to the test's log.
check()
{
	_what=$1
	shift
	if "$@" >&2; then
		ok "$_what"
	else
		not_ok "$_what"
		diag "failed: $*"
	fi
}

# is GOT WANTED DESCRIPTION
is()
{
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3"
		diag "got:    $1"
		diag "wanted: $2"
	fi
}

# like GOT PATTERN DESCRIPTION: a shell pattern.
like()
{
	# shellcheck disable=SC2254
	case $1 in
	$2) ok "$3" ;;
	*)
		not_ok "$3"
		diag "got:    $1"
		diag "wanted: $2"
		;;
	esac
}

# between VALUE LOW HIGH DESCRIPTION: numbers, fractions too.
between()
{
	if awk -v v="$1" -v l="$2" -v h="$3" 'BEGIN { exit !(v != "" && v + 0 >= l && v + 0 <= h) }'; then
		ok "$4"
	else
		not_ok "$4"
		diag "got: $1, wanted: $2 to $3"
	fi
}

# skip REASON [DESCRIPTION]: one test that cannot be run here.
skip()
{
	_tests=$((_tests + 1))
	echo "ok $_tests - ${2-} # SKIP $1"
}

# skip_all REASON: none of this file can be run here.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

plan()
{
	echo "1..$1"
}

# The last line of a test, unless it began with a plan: without it the test counts as dead.
done_testing()
{
	plan "$_tests"
}

bail()
{
	not_ok "$*"
	exit 1
}

# ---- The bench ----

# event KIND WORD..: to the script on the host. Kinds: say, begin, end, trouble, end-of-run.
event()
{
	echo "@$*" >>/bench/events
}

# say TEXT: progress for whoever looks on, with the elapsed time; no part of the TAP.
say()
{
	event say "$*"
}

# wait_for SECONDS COMMAND..: until the command succeeds; fails when the time is over. The command
# may itself wait: what is kept is kept in parameters, which are each call's own.
wait_for()
{
	read -r _up _ </proc/uptime
	set -- $((${_up%.*} + $1)) "$@"
	until _third_on "$@" >/dev/null 2>&1; do
		read -r _up _ </proc/uptime
		[ "${_up%.*}" -lt "$1" ] || return 1
		sleep 0.2
	done
}

_third_on()
{
	shift 2
	"$@"
}

# start NAME COMMAND..: run beside the test, with output to NAME.out and NAME.err, and wait until it
# says that it is ready, as the receivers of dmvl-frames and dmvl-flow do. $started is its process
# id, for kill and wait: start sink world dmvl-flow sink 5001. A function will not do, its process
# is a shell's.
start()
{
	_name=$1
	shift
	rm -f "$_name.err" # what the last one said is no sign
	"$@" >"$_name.out" 2>"$_name.err" &
	export started=$!
	wait_for 30 grep -q '^ready' "$_name.err"
}

# ---- Guests ----

# guest_names: the standing guests, g1..gN, which each test finds running.
guest_names()
{
	seq 1 "$BENCH_GUESTS" | sed 's/^/g/' | xargs
}

# guest_all: all guests that there are now.
guest_all()
{
	xl list 2>/dev/null | awk 'NR > 1 && $1 != "Domain-0" && $1 != "(null)" { print $1 }'
}

# _outside COMMAND..: not in the test's control group, whose processes end with the test: xl
# leaves one that looks after its domain.
_outside()
{
	(echo 0 >/sys/fs/cgroup/cgroup.procs && exec "$@")
}

# _guest_type NAME: pvh for the last BENCH_PVH of the standing guests, else pv.
_guest_type()
{
	for _type in $(guest_names | tr ' ' '\n' | tail -n "${BENCH_PVH:-0}"); do
		[ "$_type" != "$1" ] || { echo pvh; return; }
	done
	echo pv
}

# guest_create NAME [LINE..]: boot a guest and wait until it takes commands. Each LINE is added to
# its xl configuration, for instance "$(vif_line 2)" or 'type="pvh"'. Several may be created side by side, with &.
guest_create()
{
	_create=/run/guest-$1.cfg
	{
		echo "name=\"$1\""
		case " $*" in
		*' type='*) ;;
		*) echo "type=\"$(_guest_type "$1")\"" ;;
		esac
		echo 'kernel="/run/domu/vmlinux-domu"'
		echo 'ramdisk="/run/domu/domu.cpio"'
		echo "memory=$BENCH_GUEST_MEM"
		echo 'vcpus=1'
		echo 'extra="console=hvc0 panic=1 quiet loglevel=4"'
		echo 'on_crash="destroy"'
	} >"$_create"
	_name=$1
	shift
	for _line; do
		echo "$_line" >>"$_create"
	done
	_outside xl create -q "$_create" >&2 && guest -t "$BENCH_BOOT" "$_name" true
}

guest_destroy()
{
	xl destroy "$1" >&2
}

# _another NAME DOMID: the guest runs as another domain, and takes commands.
_another()
{
	_now=$(guest_domid "$1")
	[ -n "$_now" ] && [ "$_now" != "$2" ] && guest -t 20 "$1" true
}

# guest_again NAME [WAY]: the guest ends, and is built again with the same UUID. WAY: destroy, by xl destroy and
# create (its configuration needs a uuid=); or reboot, poweroff or crash, by xl itself, which its configuration
# must tell to restart it (on_crash="restart").
guest_again()
{
	_again=$(guest_domid "$1")
	case ${2:-destroy} in
	destroy) xl destroy "$1" >&2 && _outside xl create -q "/run/guest-$1.cfg" >&2 ;;
	# Without a word on the console, where a trace counts as a fault.
	crash) guest_bg "$1" 'sleep 1; echo 0 >/proc/sys/kernel/printk; echo c >/proc/sysrq-trigger' >&2 ;;
	*) guest_bg "$1" "sleep 1; exec $2 -f" >&2 ;;
	esac
	wait_for $((BENCH_BOOT + 60)) _another "$1" "$_again"
}

# guest_domid NAME: its number, which a restore changes.
guest_domid()
{
	guest-exec domid "$1" 2>/dev/null
}

# guest [-i] [-t SECONDS] NAME COMMAND..: run a command line in the guest's shell. Its stdout,
# stderr and exit status are the command's; -i passes standard input. 124: no end in time (120 s
# unless told), 125: no such guest, or it has rebooted. Lives through save and restore; may be
# used for several guests at once (guest g1 .. & guest g2 .. & wait). SIGTERM is passed on to the
# command. This is a program (guest-exec/), about 0.3 s a call.

# guest_bg NAME COMMAND..: run in the guest's background; its process id goes to stdout, its
# output to /tmp/bg.<pid> in the guest.
guest_bg()
{
	_name=$1
	shift
	# setsid, so that a signal to minus the process id meets all of it.
	guest "$_name" "setsid sh -c 'exec >/tmp/bg.\$\$ 2>&1 </dev/null; $*' </dev/null >/dev/null 2>&1 & echo \$!"
}

# guest_put NAME FILE DEST and guest_get NAME FILE DEST: small files; the mode is kept by put.
guest_put()
{
	_mode=$(stat -c %a "$2")
	guest -i "$1" "cat >'$3' && chmod $_mode '$3'" <"$2"
}

guest_get()
{
	guest "$1" "cat '$2'" >"$3"
}

# guest_save NAME, guest_restore NAME: xl save and restore through a file in Dom0.
guest_save()
{
	xl save "$1" "/run/guest-$1.save" >&2
}

guest_restore()
{
	_outside xl restore "/run/guest-$1.save" >&2
	_status=$?
	rm -f "/run/guest-$1.save"
	return $_status
}

# guest_checkpoint NAME: it is suspended, and then the same domain goes on.
guest_checkpoint()
{
	xl save -c "$1" "/run/guest-$1.save" >&2
	_status=$?
	rm -f "/run/guest-$1.save"
	return $_status
}

# guest_migrate NAME: xl's live migration, to this host. Not for paravirtual guests, which Debian's Xen cannot
# migrate: guest_create NAME 'type="pvh"'.
guest_migrate()
{
	_outside xl migrate -s '' "$1" 'xl migrate-receive' >&2
}

# emulator_faults: how often QEMU has broken a guest until now. Now and then (in one of ten live migrations) it
# overwrites the state of a PVH guest that enters or leaves its processor with that of the hypervisor, and the guest
# ends in a triple fault at an address and in a code segment of Xen's, which no guest can have. And an interrupt within
# cmpxchg16b can leave the flags with parts of an address in them, where no processor has any of the upper ten.
emulator_faults()
{
	cat /bench/log/dom0-console.log /bench/log/console/guest-*.log 2>/dev/null | awk '
		/Dumping Dom[1-9]/ { guest = 1 }
		guest && /RIP:/ { faults += /RIP: *e008:/; guest = 0 }
		/ EFLAGS: / && !/ EFLAGS: 00[0-3]/ { faults++ }
		END { print faults + 0 }'
}

# without_emulator_faults: a kernel's log without what QEMU is to blame for. With such flags the kernel traps at each
# step until it clears them, or ends at once.
without_emulator_faults()
{
	awk '
		function tell() { printf "%s", theirs ? "" : held; held = ""; theirs = 0; ends = "" }
		/cut here/ { tell(); ends = "end trace" }
		/PANIC: / || (/Oops: / && held !~ /PANIC: [^\n]*\n$/) { tell(); ends = "Kernel Offset" }
		ends == "" { print; next }
		{
			held = held $0 "\n"
			theirs += /exc_debug_kernel/ || (/ EFLAGS: / && !/ EFLAGS: 00[0-3]/)
		}
		$0 ~ ends { tell() }
		END { tell() }'
}

# guest_console NAME: what its kernel has said so far.
guest_console()
{
	cat "/bench/log/console/guest-$1.log"
}

# _guest_ensure NAME: it runs and answers, or is replaced; nothing that a test left is in it.
_guest_ensure()
{
	_domid=$(guest_domid "$1")
	if [ -n "$_domid" ]; then
		if guest -t 20 "$1" 'echo 0 >/sys/fs/cgroup/cgroup.procs
			echo 1 >/sys/fs/cgroup/jobs/cgroup.kill
			rm -f /run/front*.log /run/sent.* /run/got.*' >&2; then
			xenstore-rm "/local/domain/$_domid/device/dmvl" 2>/dev/null
			return 0
		fi
		guest_destroy "$1"
	fi
	# On a busy machine xl's own limits may be too short: once more.
	guest_create "$1" && return
	guest_destroy "$1"
	guest_create "$1"
}

# guests_ensure: all standing guests run and answer.
guests_ensure()
{
	_ensured=
	for _name in $(guest_names); do
		_guest_ensure "$_name" &
		_ensured="$_ensured $!"
	done
	_status=0
	for _pid in $_ensured; do
		wait "$_pid" || _status=1
	done
	return $_status
}

# machine_slowness: how many times longer a loop takes in all standing guests at once than on a machine that carries
# the suite's rates with ease; at least 1, at most 4.
machine_slowness()
{
	_loop='i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); done'
	_loops=
	read -r _up _ </proc/uptime
	for _name in $(guest_names); do
		guest -t 100 "$_name" "$_loop" &
		_loops="$_loops $!"
	done
	# shellcheck disable=SC2086
	wait $_loops
	read -r _now _ </proc/uptime
	# There, two take 2.2 s on the two processors, four take 4.4 s; one alone is no faster than two.
	awk -v n="$BENCH_GUESTS" -v t="$_now" -v from="$_up" 'BEGIN {
		x = n ? (t - from) / (1.1 * (n < 2 ? 2 : n)) : 1
		x = x < 1 ? 1 : x > 4 ? 4 : x
		printf "%.2f\n", x
	}'
}

# ---- The uplink: bridge xenbr0, and behind a veth pair the world ----

# uplink_setup: bridge xenbr0 in Dom0, joined by up0 to world0 (10.77.0.1/16, fd77::1/64) in the
# network namespace "world". The bench takes it away after the test.
uplink_setup()
{
	ip -batch - <<-EOF
		netns add world
		link add xenbr0 type bridge
		link add up0 type veth peer name world0 netns world
	EOF
	# Addresses would make Dom0 speak on the bridge: its frames would be counted as guests'.
	sysctl -q -w net.ipv6.conf.xenbr0.disable_ipv6=1 net.ipv6.conf.up0.disable_ipv6=1
	ip -batch - <<-EOF
		link set up0 master xenbr0 up
		link set xenbr0 up
	EOF
	ip -n world -batch - <<-EOF
		addr add 10.77.0.1/16 dev world0
		addr add fd77::1/64 dev world0 nodad
		link set lo up
		link set world0 up
	EOF
}

# neighbour_setup: another port of the bridge, slow0, and behind it the network namespace "slow" with the address
# $slow. A test makes its queue slow, as that of a paused guest's vif is.
export slow=10.77.0.9
neighbour_setup()
{
	ip netns add slow
	ip link add slow0 type veth peer name slow1 netns slow
	ip link set slow0 master xenbr0 up
	ip -n slow link set slow1 up
	ip -n slow addr add $slow/16 dev slow1
}

# bridge_filter 0|1: whether bridges hand their frames to iptables, arptables and ip6tables. Each test
# begins with 0, as hosts of Xen have it. Fails without the module br_netfilter.
bridge_filter()
{
	for _switch in /proc/sys/net/bridge/bridge-nf-call-*tables; do
		[ -e "$_switch" ] && echo "$1" >"$_switch" || return 1
	done
}

# world COMMAND..: on the far side of the uplink. This is a program (dom0/bin/world).

# uplink_rate RATE: both directions carry no more (tc's units). Segmentation offload is off, so
# that frames are as on a wire.
uplink_rate()
{
	ethtool -K up0 tso off gso off >&2
	world ethtool -K world0 tso off gso off >&2
	tc qdisc replace dev up0 root tbf rate "$1" burst 16k limit 64k
	world tc qdisc replace dev world0 root tbf rate "$1" burst 16k limit 64k
}

# guest_net NAME INDEX [INTERFACE]: addresses 10.77.1.INDEX and fd77::1:INDEX, link up.
guest_net()
{
	_if=${3:-dmvl0}
	guest "$1" "printf '%s\\n' 'addr add 10.77.1.$2/16 dev $_if' \
		'addr add fd77::1:$2/64 dev $_if nodad' 'link set $_if up' | ip -force -batch -"
}

# vif_line INDEX: the xl configuration of a netback vif on xenbr0, for guest_create.
vif_line()
{
	printf 'vif=["mac=00:16:3e:77:00:%02x,bridge=xenbr0,script=/bench/dom0/vif"]\n' "$1"
}

# vif NAME [ID], vif_dir NAME [ID]: a guest's vif, and its backend's directory in xenstore.
vif()
{
	echo "vif$(guest_domid "$1").${2:-0}"
}

vif_dir()
{
	echo "/local/domain/0/backend/vif/$(guest_domid "$1")/${2:-0}"
}

# bridge_of INTERFACE: the bridge it is a port of.
bridge_of()
{
	sed -n 's/^INTERFACE=//p' "/sys/class/net/$1/master/uevent"
}

# port_picture INTERFACE: how it and its port of a bridge are, to be compared; without what counts time.
port_picture()
{
	{
		ip -d link show dev "$1"
		bridge -d link show dev "$1"
		bridge -d vlan show dev "$1" 2>/dev/null
		cat "/proc/sys/net/ipv6/conf/$1/disable_ipv6"
	} | sed 's/[a-z_]*timer *[0-9.]*//g; s/topology_change_ack [0-9]//; s/mcast_n_groups [0-9]*//'
}
