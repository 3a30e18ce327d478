#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl top, in a terminal that tmux plays, and its text for pipes.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ "$BENCH_DRIVER" = xensim ] || skip_all 'only on xensim: it needs tmux'
command -v tmux >/dev/null || skip_all 'there is no tmux'

tmux()
{
	command tmux -S "$PWD/tmux.sock" -f /dev/null "$@"
}

# terminal COLUMNS LINES [VARIABLE=VALUE..]: a fresh one that runs dmvlctl top.
terminal()
{
	_size="-x $1 -y $2"
	shift 2
	# shellcheck disable=SC2086
	tmux new-session -d -s top $_size "env LC_ALL=C.UTF-8 $* dmvlctl top 2>top.err; echo status=\$?; exec sleep 1000"
}

screen()
{
	tmux capture-pane -p -t top
}

# shows PATTERN, shows_not PATTERN: for wait_for, of grep -E.
shows()
{
	screen | grep -qE -- "$1"
}

shows_not()
{
	! shows "$1"
}

keys()
{
	tmux send-keys -t top "$@"
}

# on_line NUMBER PATTERN
on_line()
{
	screen | sed -n "$1p" | grep -qE -- "$2"
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
# A session that stays: the server ends with its last one, and the next would meet one that is ending.
tmux new-session -d -s stays 'exec sleep 1000'
ldp g1 1 weight=300 tx-min=100kbit
ldp g2 2
dmvlctl attach g3 >&2
sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400

# ---- on a terminal

terminal 80 24
check 'top shows a device with its state and rate' wait_for 30 shows '^g1/0 +connected +[0-9.]+[kM]'
check 'top shows its share of the promise as a bar' wait_for 30 shows '^g1/0 .*█.* [0-9]+%'
check 'top shows the history of its rate' wait_for 30 shows '^g1/0 +connected +[0-9.]+[kM] +[▁▂▃▄▅▆▇█]'
check 'top shows a guest without an agent in words' wait_for 30 shows '^g3/0 +no agent in the guest'
check 'the first line of top has the number of devices' on_line 1 '3 devices, by TX'
check 'the second line of top has the uplink with its capacity' on_line 2 '^default +TX .* of .*%.* 2 connected'
check 'the device that sends is first' on_line 4 '^g1/0 '
check 'the last column of top ends at the edge of the terminal' shows 'TX SHARE +TX 50%/99% DROP/S$'

keys r
check 'r turns the order round' wait_for 30 on_line 4 '^(g2|g3)/0 '
keys r N
check 'N sorts by name' wait_for 30 shows 'devices, by name'
keys Right Right Right Right Right
check 'arrow keys bring the limits' wait_for 30 shows '^g1/0 .* 100k/300/-'
keys d
check 'd shows the limits of reception' wait_for 30 shows '^g1/0 .* -/300/-'
keys d Left Left Left Left Left
keys / g2
check 'a filter is shown while it is typed' wait_for 30 shows 'filter: g2_'
check 'a filter hides other devices' wait_for 30 shows_not '^g1/0'
keys Enter
check 'the title tells of the filter' wait_for 30 shows '1 with "g2"'
keys Escape
check 'Escape shows all devices' wait_for 30 shows '^g1/0'
keys Home Enter
check 'Enter shows a device alone' wait_for 30 shows '^g1/0 +connected +on default'
check 'its page has its limits' shows 'min/weight/max +100k/300/- +-/300/-'
check 'its page has its delays' wait_for 30 shows '^delay +50% < .*, 99% < '
keys Down Down
check 'down goes on to a device without an agent' wait_for 30 shows '^g3/0 +no agent in the guest'
keys q ?
check '? explains the columns' wait_for 30 shows 'SHARE +rate in percent of the promise'
keys q

tmux resize-window -t top -x 130 -y 12
check 'a wider terminal has room for the limits' wait_for 30 shows 'TX MIN/WEIGHT/MAX'
check 'a lower terminal keeps its last line' wait_for 30 on_line 12 '\? help'
check 'after a resize no line goes on in the next one' on_line 4 '^g1/0 .*[^ ]$'
tmux resize-window -t top -x 30 -y 5
check 'a terminal that is too small says so' wait_for 30 shows 'needs 40 columns'
tmux resize-window -t top -x 80 -y 24
check 'a terminal that has its size again shows all' wait_for 30 shows '^g1/0 .*%'

# ---- guests' names are hostile

xenstore-write "/local/domain/$(guest_domid g2)/name" "$(printf 'x\033[31m\007y')"
check 'a name is shown without what a terminal obeys' wait_for 30 shows '^x\?\[31m\?y/0'
xenstore-write "/local/domain/$(guest_domid g2)/name" g2

# ---- devices and daemons come and go

dmvlctl detach g3 >&2
check 'a device that was detached is gone from top' wait_for 30 shows_not '^g3/0'
kill -9 "$back"
check 'top says that dmvl-back does not write any more' wait_for 30 shows '^default: its dmvl-back does not write'
check 'top says what the devices wait for' wait_for 30 shows '^g1/0 +waiting for dmvl-back'
back_start --tx-capacity "$SUITE_RATE"
check 'top shows rates again when dmvl-back is back' wait_for 60 shows '^g1/0 +connected +[0-9.]+[kM]'
keys q
check 'q ends top with status 0' wait_for 30 shows '^status=0'
check 'top leaves nothing on the terminal' shows_not '^g1/0'
tmux kill-session -t top

# ---- other terminals

terminal 80 24 LC_ALL=C
check 'without UTF-8 bars are of ASCII' wait_for 30 shows '^g1/0 .* #[#.]{5} '
tmux kill-session -t top
terminal 80 24 TERM=nonsense
check 'a terminal that is not known is an error' wait_for 30 shows '^status=1'
like "$(cat top.err)" '*TERM*--batch*' 'the error about the terminal says what to do'
tmux kill-session -t top
terminal 80 24 NO_COLOR=1
check 'top works without colours' wait_for 30 shows '^g1/0 +connected'
is "$(tmux capture-pane -e -p -t top | grep -c "$(printf '\033')\[3[0-7]m")" 0 'with NO_COLOR there are no colours'
keys C-c
check 'Ctrl-C ends top with status 0' wait_for 30 shows '^status=0'
tmux kill-server

# ---- a terminal that goes without a word: top has no controlling terminal, so no signal comes

hang_up()
{
	python3 -c '
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
top = subprocess.Popen(["dmvlctl", "top"], stdin=theirs, stdout=theirs, start_new_session=True, env={**os.environ, "TERM": "xterm"})
os.close(theirs)
seen = b""
while b"g1/0" not in seen:
    seen += os.read(ours, 65536)
os.close(ours)
try:
    top.wait(30)
except subprocess.TimeoutExpired:
    top.kill()
    sys.exit(1)'
}
check 'top ends when its terminal was hung up' hang_up

# ---- pipes

is "$(dmvlctl top 2>&1 >/dev/null | grep -c -- --batch)" 1 'where stdout is no terminal, top says to use --batch'
is "$(dmvlctl top >/dev/null 2>&1; echo $?)" 2 'where stdout is no terminal, top is wrong use'
batch=$(dmvlctl top --batch)
like "$batch" '*default: tx * of * bit/s*DEVICE *TX-MIN*g1/0 *connected *' 'top --batch prints uplinks and devices once'
is "$(echo "$batch" | grep -c '^g1/0 ')" 1 'top --batch prints a device once'
is "$(dmvlctl top --batch --interval 100ms | head -n 9 | grep -c '^DEVICE')" 2 'top --batch --interval prints again and again'
like "$(dmvlctl top --json | tr -d ' \n')" '*"name":"g1",*"weight":300,*"min":100000,*' 'top --json prints the same as JSON'
dmvlctl top --json >out
check 'top --json is what the schema says of it' "$SUITE_TOP/tests/json-check" "$SUITE_TOP/docs/dmvlctl.schema.json" top <out
for _how in --batch --json; do
	is "$(dmvlctl top $_how --uplink nosuch 2>err; echo $?)" 1 "top $_how of an uplink that is not there prints an error only"
	like "$(cat err)" '*there is no uplink nosuch: dmvlctl uplinks shows all' "top $_how says which uplink is not there"
	is "$(dmvlctl top $_how --uplink default >/dev/null 2>&1; echo $?)" 0 "top $_how of an uplink that is there is none"
done
dmvlctl attach g4 uplink=nosuch >&2
is "$(dmvlctl top --batch --uplink nosuch | grep -c /0)" 1 'top --uplink leaves out devices of other uplinks'
dmvlctl detach g4 >&2
is "$(dmvlctl list --batch >/dev/null 2>&1; echo $?)" 2 'other commands take no --batch'
back_stop
done_testing
