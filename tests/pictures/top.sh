#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The picture of dmvlctl top in README.md: guests that send over xensim, in a terminal of tmux (make picture-top).
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

columns=120 lines=12

tmux()
{
	command tmux -S "$PWD/tmux.sock" -f /dev/null "$@"
}

has()
{
	[ "$(tmux capture-pane -p -t top | grep -cE "$1")" -ge "$2" ]
}

# called NAME NEW
called()
{
	xenstore-write "/local/domain/$(guest_domid "$1")/name" "$2"
}

uplink_setup
back_start --tx-capacity 20mbit
ldps 'g1 1 weight=512 tx-min=5mbit' 'g2 2' 'g3 3 weight=128 tx-max=3mbit'
dmvlctl attach g4 >&2
sink_start
sends g1 udp -b 4000000 -l 1400
sends g2 udp -b 40000000 -l 1400
sends g3 udp -b 40000000 -l 1400
called g1 web1
called g2 mail
called g3 batch
called g4 db
tmux new-session -d -s top -x $columns -y $lines 'env LC_ALL=C.UTF-8 dmvlctl top'
check 'three guests have a history' wait_for 60 has '/0 +connected .*[▁▂▃▄▅▆▇█]{8}' 3
tmux capture-pane -e -p -t top | awk -v columns=$columns -v lines=$lines -f "$SUITE_TOP/tests/pictures/svg.awk" \
	>"$SUITE_TOP/docs/pictures/top.svg"
check 'the picture is made' test -s "$SUITE_TOP/docs/pictures/top.svg"
tmux kill-server
back_stop
done_testing
