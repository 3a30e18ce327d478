# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pings, files over TCP, and single frames. Sourced by lib.sh, which lies beside it.

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

# ---- Files ----

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
