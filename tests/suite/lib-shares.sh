# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Senders, their sink, and what each gets by its weight. Sourced by lib.sh, which lies beside it.

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
		start sink guest -t 600 "$1" "exec dmvl-flow sink 5001 -I $SUITE_TICK $SUITE_WINDOW"
	fi
	sink=$started
}

# sends NAME tcp|udp [OPTION..]: to the sink, for longer than a test takes.
sends()
{
	_sender=$1 _proto=$2
	shift 2
	guest_bg "$_sender" "exec dmvl-flow $_proto 10.77.0.1 5001 -w 900 $*" >&2
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

# _got_sink TICKS ADDRESS=WEIGHT..: what each got over the next TICKS full intervals of the sink (not the one under way
# and the next, in which a change may still show), into got.out: ADDRESS BYTES.
_got_sink()
{
	_ticks=$1
	shift
	_from=$(awk -v t="$(tick sink.out)" -v i="$SUITE_TICK" 'BEGIN { print t + 2 * i }')
	wait_for $((20 * _ticks)) ticks_pass sink.out "$_from" 1 "$_ticks"
	awk -v first="$_from" '$1 != "total" && $1 > first { got[$2] += $4 } END { for (a in got) print a, got[a] }' sink.out >got.out
}

# _got_wire TICKS GUEST=WEIGHT..: likewise GUEST BYTES, of its frames.
_got_wire()
{
	_ticks=$1 _macs='' _names=''
	shift
	for _pair in "$@"; do
		_names="$_names ${_pair%=*}"
		_macs="$_macs $(mac "${_pair%=*}" dmvl0)"
	done
	# shellcheck disable=SC2086
	{
		echo $_names
		world dmvl-count world0 "$(awk "BEGIN { print $_ticks * $SUITE_TICK }")" $_macs
	} | awk 'NR == 1 { split($0, name); next } { for (i = 1; i <= NF; i++) print name[i], $i }' >got.out
}

# _judge TICKS NAME=WEIGHT..: of got.out, Jain's index of what each got by weight, by how much the worst share is off,
# and which part of SUITE_RATE all got, into shares.out, last.
_judge()
{
	_ticks=$1
	shift
	awk -v pairs="$*" -v seconds="$(awk "BEGIN { print $_ticks * $SUITE_TICK }")" -v rate="$SUITE_RATE" '
		BEGIN {
			n = split(pairs, p, " ")
			for (i = 1; i <= n; i++) {
				split(p[i], w, "=")
				weight[w[1]] = w[2]
				weights += w[2]
			}
		}
		$1 in weight { got[$1] = $2; sum += $2 }
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
			printf "%.4f %.4f %.2f\n", q ? s * s / n / q : 0, worst, sum * 8 / seconds / rate
		}' got.out >shares.out
	cat shares.out >&2
}

_window()
{
	_got_sink "$@"
	_judge "$@"
}

_wire_window()
{
	_got_wire "$@"
	_judge "$@"
}

_fair()
{
	tail -n 1 shares.out | awk '{ exit !($1 >= 0.98 && $2 <= 0.1) }'
}

# backlogged_now tx|rx: the time, and for how long each device had frames waiting, in microseconds.
backlogged_now()
{
	awk '{ printf "%.0f\n", $1 * 1000000 }' /proc/uptime
	dmvlctl stat --json | grep -o "\"$1-backlogged\": *[0-9]*" | grep -o '[0-9]*$'
}

# backlogged_since tx|rx: since backlogged_now wrote to backlogged.was, each device that had frames waiting had them
# nearly all the time.
backlogged_since()
{
	backlogged_now "$1" >backlogged.now
	paste backlogged.was backlogged.now | awk '
		NR == 1 { all = $2 - $1 }
		NR > 1 && $2 - $1 > all / 50 && $2 - $1 < all * 0.95 { gap = 1 }
		END { exit gap }'
}

# _contested: in the last window each sender had frames waiting, and all together most of SUITE_RATE.
_contested()
{
	awk 'END { exit !($3 >= 0.8) }' shares.out && backlogged_since tx
}

# _shares WINDOW DESCRIPTION TICKS NAME=WEIGHT..
_shares()
{
	_how=$1 _what=$2
	shift 2
	_unfair=0
	for _try in $(seq 40); do
		backlogged_now tx >backlogged.was
		$_how "$@"
		_fair && break
		! _contested || _unfair=$((_unfair + 1))
		[ $_unfair -lt 6 ] || break
	done
	read -r _jain _worst _used <<-END
		$(tail -n 1 shares.out)
	END
	diag "$_what: jain $_jain, worst share off by $_worst, $_used of the rate, window $_try"
	between "$_jain" 0.98 1 "$_what: Jain's index by weight"
	between "$_worst" 0 0.1 "$_what: each share within 10 %"
}

# shares DESCRIPTION TICKS ADDRESS=WEIGHT..: each address gets its share by weight within 10 %, and
# Jain's index by weight is 0.98 at least, over a window of TICKS intervals. A sender that this
# machine did not let run has not offered its share, so there are some windows to show it in;
# an unfair scheduler shows it in none. Windows in which the uplink was not full or a sender had
# nothing to send for a while say nothing of the scheduler: of these there may be more.
shares()
{
	_shares _window "$@"
}

# wire_shares DESCRIPTION TICKS GUEST=WEIGHT..: the same of the frames that reach the world. For TCP: where a frame was
# lost, the sink gets what came behind it in one lump, when it was sent again.
wire_shares()
{
	_shares _wire_window "$@"
}
