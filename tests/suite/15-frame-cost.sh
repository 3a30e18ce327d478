#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# frame-cost: the least bytes that a frame is charged by, given by option and, live, by key.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# A slow emulator cannot send many frames a second, and here they are small.
rate=$((SUITE_RATE / 2))
uplink_setup
back_start --tx-capacity "$rate" --frame-cost 0
ldps 'g1 1' 'g2 2'
talks g1
talks g2
sink_start
# g1 sends frames of less than half of g2's length.
sends g1 udp -b $((rate * 3 / 2)) -l 640
sends g2 udp -b $((rate * 3 / 2)) -l 1418
is "$(xenstore-read "$uplink/frame-cost")" 0 'the option --frame-cost shows in the key frame-cost'
shares 'with frame-cost 0 frames cost their bytes' 5 10.77.1.1=0.933 10.77.1.2=0.969
xenstore-write "$uplink/frame-cost" 1464
shares 'with frame-cost 1464 small frames cost as much as large ones' 5 10.77.1.1=640 10.77.1.2=1418
xenstore-write "$uplink/frame-cost" 65537
check 'a frame-cost out of range is logged' wait_for 30 grep -q 'frame-cost.*65537' "$_log"
shares 'a frame-cost out of range leaves the shares as they are' 5 10.77.1.1=640 10.77.1.2=1418
xenstore-rm "$uplink/frame-cost"
shares 'without frame-cost small frames of a slow uplink cost their bytes' 5 10.77.1.1=0.933 10.77.1.2=0.969
back_stop
done_testing
