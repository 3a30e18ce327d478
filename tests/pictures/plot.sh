#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The pictures in docs/plot.md: a minute of guests that send over xensim, recorded and plotted (make picture-plot).
# PLOT_KEEP names a folder for the recording too.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

out=$SUITE_TOP/docs/pictures

# called NAME NEW
called()
{
	xenstore-write "/local/domain/$(guest_domid "$1")/name" "$2"
}

# lasts FILE SECONDS: for wait_for; the recording has intervals over so long.
lasts()
{
	awk -v want="$2" '
		$1 == "T" && !first { first = $3 }
		$1 == "T" { last = $3 }
		END { exit last - first < want * 1000 }' "$1"
}

uplink_setup
back_start --tx-capacity 20mbit
ldps 'g1 1 weight=512 tx-min=5mbit' 'g2 2' 'g3 3 weight=128 tx-max=3mbit'
called g1 web1
called g2 mail
called g3 batch
sink_start world
dmvlctl record monday.rec 2>&1 &
recorder=$!
sends g2 udp -b 40000000 -l 1400
sends g3 udp -b 40000000 -l 1400
check 'two guests are recorded for a while' wait_for 60 lasts monday.rec 12
sends g1 udp -b 40000000 -l 1400
check 'three guests are recorded for a while' wait_for 60 lasts monday.rec 28
back_stop
back_start --tx-capacity 20mbit
check 'a daemon that is started again is recorded' wait_for 60 lasts monday.rec 44
dmvlctl set mail weight=1024 >&2
check 'a weight that is changed is recorded' wait_for 60 lasts monday.rec 60
kill -INT "$recorder"
wait "$recorder"
for what in shares rates loans delay; do
	check "the picture of $what is made" dmvlctl plot monday.rec --what $what -o "$what.svg"
	check "the picture of $what is made of points" dmvlctl plot monday.rec --what $what -o "$what.png"
done
check 'the loans of the log are drawn' dmvlctl plot --log -o log.png
cp shares.svg "$out/plot-shares.svg"
cp rates.svg "$out/plot-rates.svg"
check 'the pictures are in docs' test -s "$out/plot-shares.svg" -a -s "$out/plot-rates.svg"
[ -z "$PLOT_KEEP" ] || cp monday.rec ./*.svg ./*.png "$PLOT_KEEP"
back_stop
done_testing
