#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same three guests share one link by dmvl, by qdiscs over a bridge, and by nothing but a FIFO, in turns: who
# gets how much, how steadily, and how long a ping takes. Each guest has a device of dmvl and a vif. The same script
# runs over xensim and on real Xen. Each line "# json {..}" of its output is one measurement; tests/bench/fair collects
# them, and fair.awk makes docs/fairness.md of them.
#
#   FAIR_RATES='8 100 ..'       Mbit/s of the link         FAIR_ROUNDS=N    times each is measured
#   FAIR_WORKLOADS='udp ..'     these only                 FAIR_SECONDS=S   each time
#   FAIR_SUBJECTS='dmvl ..'     these only                 FAIR_WARM=S      before that
#   FAIR_DIRECTIONS='tx rx'     TX goes out of the guest   FAIR_STOPS='no yes'
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

: "${FAIR_RATES:=8 100 1000}" "${FAIR_ROUNDS:=3}" "${FAIR_SECONDS:=6}" "${FAIR_WARM:=2}"
: "${FAIR_WORKLOADS:=tcp-1-1-1 tcp-1-4-16 udp udp-1-2-4 light line wakes own ecn}"
: "${FAIR_SUBJECTS:=dmvl htb drr ets cake fq_codel fifo}"
: "${FAIR_DIRECTIONS:=tx rx}" "${FAIR_STOPS:=no yes}"

guests='g1 g2 g3'
bin=10    # ms
ping=0.02 # seconds between two
# That of busybox knows no -n, and asks nobody for names.
numeric=-n
[ "$BENCH_DRIVER" != xen ] || numeric=
# us for which a sender of datagrams rests at least. Guests of an emulator have no processor to spare for more wake-ups.
rest=2000
[ "$BENCH_DRIVER" != xen ] || rest=10000

# Linux's default, on machines that have another one too: a sender that keeps its queue short is not backlogged.
congestion='-C cubic'

# m EXPRESSION: its value.
m()
{
	awk "BEGIN { printf \"%.10g\", $* }"
}

# nth N WORD..
nth()
{
	shift "$1"
	echo "$1"
}

# ---- Guests: dmvl0 is dmvl's, eth0 is a vif ----

guest_make()
{
	if [ "$BENCH_DRIVER" = xen ]; then
		guest_create "$1" "$(vif_line "$2")" >&2
	else
		# shellcheck source=tests/xensim/vif.sh
		. "$SUITE_TOP/tests/xensim/vif.sh"
		vif_plug "$1" "$2" >&2
	fi || bail "$1 has a vif"
}

# address GUEST-INDEX INTERFACE, or the world's with index 0.
address()
{
	case $2 in
	dmvl0) _net=10.77 ;;
	*) _net=10.78 ;;
	esac
	[ "$1" = 0 ] && echo $_net.0.1 || echo $_net.1."$1"
}

# interface_setup NAME INDEX INTERFACE: addresses, and neighbours that need no questions.
interface_setup()
{
	guest "$1" "ip addr flush dev $3; ip addr add $(address "$2" "$3")/16 dev $3; ip link set $3 up
		sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		ip neigh replace $(address 0 "$3") lladdr $(mac world world0) dev $3 nud permanent" >&2
	ip -n world neigh replace "$(address "$2" "$3")" lladdr "$(mac "$1" "$3")" dev world0 nud permanent
	wait_for 30 reaches world "$(address "$2" "$3")" || bail "the world reaches $3 of $1"
}

# each_guest COMMAND..: with the guest's name and index.
each_guest()
{
	_index=0
	for _each in $guests; do
		_index=$((_index + 1))
		"$@" "$_each" $_index
	done
}

vif_up()
{
	guest_make "$1" "$2"
	interface_setup "$1" "$2" eth0
}

dmvl_attach()
{
	dmvlctl attach "$1" >&2 || bail "attach $1"
	agent_start "$1"
}

dmvl_connected()
{
	wait_for 60 connected "$1" || bail "$1 connects: $(states "$1")"
	interface_setup "$1" "$2" dmvl0
}

# dmvl_up MBIT
dmvl_up()
{
	[ -z "${dmvl_runs-}" ] || back_stop
	back_start --log-level info --share-uplink no --tx-capacity "$1mbit" --rx-capacity "$1mbit"
	[ -n "${dmvl_runs-}" ] || each_guest dmvl_attach
	dmvl_runs=yes
	each_guest dmvl_connected
}

# ---- Who shares the link ----

# has_qdisc KIND WORD..: this kernel has it.
has_qdisc()
{
	tc qdisc add dev probe0 root "$@" 2>/dev/null && tc qdisc del dev probe0 root
}

subject_known()
{
	case $1 in
	dmvl) return 0 ;;
	fifo) has_qdisc tbf rate 1mbit burst 10k limit 10k ;;
	ets) has_qdisc htb && has_qdisc ets bands 3 quanta 1514 1514 1514 ;;
	cake) has_qdisc cake ;;
	*) has_qdisc htb && has_qdisc "$1" ;;
	esac
}

# Those of $FAIR_SUBJECTS that there are, in $subjects.
subjects_find()
{
	ip link add probe0 type veth peer name probe1
	subjects=
	for subject in $FAIR_SUBJECTS; do
		if subject_known "$subject"; then
			subjects="$subjects $subject"
		else
			diag "json {\"absent\":\"$subject\"}"
		fi
	done
	ip link del probe0
}

# What a shaper may send at once, its leaves hold, and DRR gives in one round: as an operator would choose.
sizes()
{
	burst=$(($1 * 125)) leaf=$(($1 * 6250)) quantum=3000
	[ $burst -ge 16384 ] || burst=16384
	[ $leaf -ge 100000 ] || leaf=100000
	[ $leaf -le 2000000 ] || leaf=2000000
	[ "$1" -lt 500 ] || quantum=30000
}

# htb_root DEVICE MBIT: one class with all of the link.
htb_root()
{
	tc qdisc add dev "$1" root handle 1: htb default 10
	tc class add dev "$1" parent 1: classid 1:1 htb rate "$2mbit" burst $burst cburst $burst quantum 15000
	tc class add dev "$1" parent 1:1 classid 1:10 htb rate "$2mbit" ceil "$2mbit" burst $burst cburst $burst quantum 15000
}

# htb_leaf DEVICE MBIT INDEX WEIGHT WEIGHTS
htb_leaf()
{
	tc class add dev "$1" parent 1:1 classid "1:1$3" htb rate $(($2 * 1000 * $4 / $5))kbit ceil "$2mbit" \
		burst $burst cburst $burst quantum $((quantum * $4))
	tc qdisc add dev "$1" parent "1:1$3" bfifo limit $leaf
}

# filters DEVICE PARENT CLASSES src|dst: a class for each guest, and the first for all else.
filters()
{
	for _i in 1 2 3; do
		tc filter add dev "$1" parent "$2" protocol ip prio 1 u32 match ip "$4" "$(address $_i eth0)/32" flowid "$3$_i"
	done
	tc filter add dev "$1" parent "$2" protocol all prio 9 u32 match u32 0 0 flowid "${3}1"
}

# shape SUBJECT DEVICE MBIT src|dst W1 W2 W3
shape()
{
	_kind=$1 _dev=$2 _mbit=$3 _way=$4
	shift 4
	sizes "$_mbit"
	case $_kind in
	fifo)
		tc qdisc add dev "$_dev" root tbf rate "${_mbit}mbit" burst 64k latency 100ms
		return
		;;
	cake)
		tc qdisc add dev "$_dev" root cake bandwidth "${_mbit}mbit" besteffort "dual-${_way}host"
		return
		;;
	esac
	htb_root "$_dev" "$_mbit"
	case $_kind in
	htb)
		for _i in 1 2 3; do
			htb_leaf "$_dev" "$_mbit" $_i "$(nth $_i "$@")" $(($1 + $2 + $3))
		done
		filters "$_dev" 1: 1:1 "$_way"
		return
		;;
	fq_codel) tc qdisc add dev "$_dev" parent 1:10 handle 10: fq_codel ;;
	ets) tc qdisc add dev "$_dev" parent 1:10 handle 10: ets bands 3 quanta $((1514 * $1)) $((1514 * $2)) $((1514 * $3)) ;;
	drr)
		tc qdisc add dev "$_dev" parent 1:10 handle 10: drr
		for _i in 1 2 3; do
			tc class add dev "$_dev" parent 10: classid 10:$_i drr quantum $((1514 * $(nth $_i "$@")))
			tc qdisc add dev "$_dev" parent 10:$_i bfifo limit $leaf
		done
		;;
	esac
	[ "$_kind" = fq_codel ] || filters "$_dev" 10: 10: "$_way"
}

unshape()
{
	tc qdisc del dev up0 root
	tc qdisc del dev up0 ingress
	tc qdisc del dev ifb0 root
	world tc qdisc del dev world0 root
	world tc qdisc del dev world0 ingress
	world tc qdisc del dev line0 root
} 2>/dev/null

# subject_begin SUBJECT MBIT tx|rx W1 W2 W3: sets $interface.
subject_begin()
{
	_s=$1 _mbit=$2 _way=$3
	shift 3
	unshape
	interface=eth0
	case $_s-$_way in
	dmvl-*)
		interface=dmvl0
		for _i in 1 2 3; do
			dmvlctl set g$_i weight=$((100 * $(nth $_i "$@"))) >&2
		done
		;;
	fifo-rx) world tc qdisc add dev world0 root tbf rate "${_mbit}mbit" burst 64k latency 100ms ;;
	*-tx) shape "$_s" up0 "$_mbit" src "$@" ;;
	*-rx)
		tc qdisc add dev up0 ingress
		tc filter add dev up0 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ifb0
		shape "$_s" ifb0 "$_mbit" dst "$@"
		;;
	esac
}

# ---- Workloads ----

# workload NAME MBIT: what each guest sends or gets (tcp FLOWS, udp MBIT, or nothing), weights, who is compared, who
# pings, who wakes up, whether TCP agrees on ECN, and whether a line of that rate is behind the link.
workload()
{
	one='' two='' three='' weights='1 1 1' compared=1,1,1 pings='' wakes='' ecn='' line=''
	case $1 in
	tcp-1-1-1) one='tcp 1' two='tcp 1' three='tcp 1' ;;
	tcp-1-4-16) one='tcp 1' two='tcp 4' three='tcp 16' ;;
	udp) one="udp $2" two="udp $(m "$2 * .6")" three="udp $(m "$2 * .45")" ;;
	udp-1-2-4)
		weights='1 2 4' compared=1,2,4
		one="udp $(m "$2 * .22")" two="udp $(m "$2 * .44")" three="udp $(m "$2 * .88")"
		;;
	light) one='tcp 4' two='tcp 4' compared=1,1,0 pings=g3 ;;
	line) one='tcp 4' two='tcp 4' compared=1,1,0 pings=g3 line=yes ;;
	wakes) one="udp $(m "$2 * .6")" two=$one three=$one wakes=3 ;;
	own) one='tcp 4' two='tcp 4' three='tcp 4' pings=g1 ;;
	ecn) one='tcp 4' two='tcp 4' three='tcp 4' pings=g1 ecn=yes ;;
	*) bail "$1: no such workload" ;;
	esac
}

# sender KIND AMOUNT ADDRESS: a command line for a shell.
sender()
{
	case $1 in
	tcp) echo "for n in $(seq "$2" | xargs); do dmvl-flow tcp $3 5001 -w 250 $congestion & done; wait" ;;
	udp) echo "exec dmvl-flow udp $3 5001 -w 250 -b $(m "$2 * 1e6") -l 1400 -P $rest" ;;
	esac
}

# send_from tx|rx NAME INDEX KIND AMOUNT: the process group of the senders goes to senders.NAME.
send_from()
{
	if [ "$1" = tx ]; then
		guest_bg "$2" "$(sender "$4" "$5" "$(address 0 $interface)")" >"senders.$2"
	else
		world setsid sh -c "$(sender "$4" "$5" "$(address "$3" $interface)")" >&2 &
		echo $! >"senders.$2"
	fi
}

# senders_end tx|rx: with SIGKILL, since what is left in their sockets is not wanted any more.
senders_end()
{
	for _g in $guests; do
		[ -s "senders.$_g" ] || continue
		if [ "$1" = tx ]; then
			guest "$_g" "kill -KILL -$(cat "senders.$_g")"
		else
			kill -KILL "-$(cat "senders.$_g")"
		fi
		rm "senders.$_g"
	done >&2 2>/dev/null
}

# ---- Measuring ----

# ecn_set 1|2: TCP asks for ECN, or takes it if asked, as Linux does by default.
ecn_set()
{
	for _g in $guests; do
		guest "$_g" "sysctl -q -w net.ipv4.tcp_ecn=$1"
	done
	world sysctl -q -w net.ipv4.tcp_ecn="$1"
}

# retransmitted tx|rx: segments that were sent again so far, by those who send.
retransmitted()
{
	if [ "$1" = tx ]; then
		for _g in $guests; do
			guest "$_g" 'cat /proc/net/snmp'
		done
	else
		world cat /proc/net/snmp
	fi | awk '/^Tcp: [0-9]/ { sum += $13 } END { print sum }'
}

# line_set MBIT: what comes out of the link passes a line that takes one frame after the other, a hundredth faster
# than the link, as a network card and its cable do.
line_set()
{
	world tc qdisc add dev world0 ingress
	world tc filter add dev world0 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev line0
	world tc qdisc add dev line0 root tbf rate "$(($1 * 1010))kbit" burst "$(m "int($1 * 25 > 3200 ? $1 * 25 : 3200)")" limit 4m
}

# listeners_start tx|rx: sinks, and captures on the far side of the link. Their process ids are in $listeners
# and $captures.
listeners_start()
{
	listeners='' captures=
	if [ "$1" = tx ]; then
		start sink world dmvl-flow sink 5001 -I 10 -B 16777216
		listeners=$started
		start wire world dmvl-wire world0 $bin src "$(address 1 $interface)" "$(address 2 $interface)" "$(address 3 $interface)"
		captures=$started
		return
	fi
	for _i in 1 2 3; do
		start "sink$_i" guest -t 280 g$_i "echo \$\$ >/run/sink.pid; exec dmvl-flow sink 5001 -I 10 -B 16777216"
		listeners="$listeners $started"
		start "wire$_i" guest -t 280 g$_i "exec dmvl-wire $interface $bin dst $(address $_i $interface)"
		captures="$captures $started"
	done
}

# clock: ms since 1970.
clock()
{
	dmvl-wire clock
}

# busy: members of the JSON object: the load of the last minute, with what this bench did in it, and how many other
# programs want a processor now, before a measurement: the mean of some looks. On real Xen both are Dom0's.
busy()
{
	read -r _load _ </proc/loadavg
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sed 's,.* \([0-9]*\)/.*,\1,' /proc/loadavg
		sleep 0.03
	done | awk -v load="$_load" '{ sum += $1 - 1 } END { printf "\"load\":%s,\"others\":%.1f", load, sum / NR }'
}

# stops_start tx|rx ROUND: agents stop, and what sends or receives in the guests.
stops_start()
{
	for _i in 1 2 3; do
		[ $_i != 3 ] || [ "$compared" != 1,1,0 ] || continue
		_stopped=
		[ $interface != dmvl0 ] || _stopped=$(cat agent.g$_i)
		if [ "$1" = tx ]; then
			[ ! -s senders.g$_i ] || _stopped="$_stopped -$(cat senders.g$_i)"
		else
			_stopped="$_stopped $(guest g$_i cat /run/sink.pid)"
		fi
		guest_bg g$_i "exec dmvl-stop $(($2 * 10 + _i)) $_stopped" >stopper.g$_i
	done
}

stops_end()
{
	for _g in $guests; do
		[ -s "stopper.$_g" ] || continue
		guest "$_g" "kill $(cat "stopper.$_g")"
		rm "stopper.$_g"
	done >&2
}

# delays: members of the JSON object, from the output of ping.
delays()
{
	awk '
		/time=/ { sub(/.*time=/, ""); v[++n] = $1 + 0 }
		/packets transmitted/ { sent = $1 }
		END {
			for (i = 2; i <= n; i++) {
				x = v[i]
				for (k = i - 1; k > 0 && v[k] > x; k--)
					v[k + 1] = v[k]
				v[k + 1] = x
			}
			if (n)
				printf ",\"ping_median\":%s,\"ping_p99\":%s", v[int((n + 1) / 2)], v[int(n * .99 + .5)]
			printf ",\"ping_lost\":%.3f", sent ? 1 - n / sent : 1
		}' ping.out
}

# window_pass tx|rx: the time that is measured. Sets $from and $to.
window_pass()
{
	from=$(clock)
	if [ -n "$wakes" ]; then
		sleep 0.5
		# shellcheck disable=SC2086
		send_from "$1" g3 3 $three
	fi
	if [ -n "$pings" ]; then
		# Into a file: to hand on each line would keep a guest on real Xen busier than the ping.
		guest $pings "ping $numeric -i $ping -w $FAIR_SECONDS $(address 0 $interface) >/run/ping.out 2>&1
			cat /run/ping.out" >ping.out 2>&1
	else
		sleep "$FAIR_SECONDS"
	fi
	to=$(clock)
}

senders_start()
{
	# shellcheck disable=SC2086
	for _i in 1 2 3; do
		case $_i in
		1) _what=$one ;;
		2) _what=$two ;;
		3) _what=$three ;;
		esac
		[ -z "$_what" ] || [ "$_i" = "$wakes" ] || send_from "$1" g$_i $_i $_what
	done
}

listeners_end()
{
	# The captures first: what a sink's end resets is no part of it.
	for _pid in $captures $listeners; do
		kill "$_pid"
		wait "$_pid"
	done >&2 2>/dev/null
}

# measure SUBJECT MBIT tx|rx WORKLOAD STOPS ROUND
measure()
{
	rm -f wire*.out ping.out
	# shellcheck disable=SC2086
	subject_begin "$1" "$2" "$3" $weights
	[ -z "$line" ] || line_set "$2"
	[ -z "$ecn" ] || ecn_set 1
	_busy=$(busy)
	listeners_start "$3"
	senders_start "$3"
	sleep "$FAIR_WARM"
	[ "$5" = no ] || stops_start "$3" "$6"
	[ -z "$ecn" ] || _again=$(retransmitted "$3")
	window_pass "$3"
	[ -z "$ecn" ] || _again=$(($(retransmitted "$3") - _again))
	stops_end
	listeners_end
	senders_end "$3"
	[ -z "$ecn" ] || ecn_set 2
	_figures=$(dmvl-figures -c "${2}000000" -g $compared -f "$from" -t "$to" ${wakes:+-k $wakes} wire*.out) || {
		diag "$4 with $1: no figures"
		return
	}
	[ -z "$pings" ] || _figures="$_figures$(delays)"
	[ -z "$ecn" ] || _figures="$_figures,\"retransmitted\":$_again"
	diag "json {\"mbit\":$2,\"direction\":\"$3\",\"workload\":\"$4\",\"stops\":\"$5\",\"subject\":\"$1\",\"round\":$6,\"seconds\":$FAIR_SECONDS,$_busy$_bare,$_figures}"
}

# able SUBJECT WORKLOAD tx|rx: cake and fq_codel know no weights. A line is behind the link in TX only.
able()
{
	case $1-$2-$3 in
	cake-udp-1-2-4-* | fq_codel-udp-1-2-4-* | *-line-rx) return 1 ;;
	esac
}

# The processors do not sleep while this runs, as far as they are Linux's: where they are those of a virtual machine
# themselves, its host takes a tenth of a millisecond to wake one up, and some milliseconds at times.
stay_awake()
{
	[ "$BENCH_DRIVER" != xen ] && [ -w /dev/cpu_dma_latency ] || return 0
	# With "command", a shell goes on where the device cannot be opened.
	command exec 9>/dev/cpu_dma_latency && printf '\0\0\0\0' >&9
}

# bare_costs: members of the JSON object: what wake-ups, switches and system calls take that do nothing else. On real
# Xen, those of a guest too, which has one processor.
bare_costs()
{
	{
		dmvl-wake 100 | tr ' ' '\n'
		[ "$BENCH_DRIVER" != xen ] || guest g1 dmvl-wake 50 | tr ' ' '\n' | sed '/^wakes/d; s/^/guest_/'
	} | awk -F = '{ printf ",\"%s\":%s", $1, $2 }'
}

# in_turns MBIT tx|rx WORKLOAD STOPS
in_turns()
{
	workload "$3" "$1"
	_bare=$(bare_costs)
	for round in $(seq "$FAIR_ROUNDS"); do
		for subject in $subjects; do
			! able "$subject" "$3" "$2" || measure "$subject" "$1" "$2" "$3" "$4" "$round"
		done
	done
}

stay_awake
uplink_setup
ip -n world addr add 10.78.0.1/16 dev world0
ip link add ifb0 type ifb
ip link set ifb0 up
ip -n world link add line0 type ifb
ip -n world link set line0 up
each_guest vif_up
subjects_find
for mbit in $FAIR_RATES; do
	dmvl_up "$mbit"
	for direction in $FAIR_DIRECTIONS; do
		for name in $FAIR_WORKLOADS; do
			for stops in $FAIR_STOPS; do
				in_turns "$mbit" "$direction" "$name" "$stops"
			done
		done
	done
done
back_stop
ok 'all has been measured'
done_testing
