#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: main
# tx-max, rx-max and minima: in force beside another guest, admitted against the capacity.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

uplink_setup
back_start --tx-capacity "$SUITE_RATE" --rx-capacity "$SUITE_RATE" --share-uplink no
ldps 'g1 1' 'g2 2'
talks g1
talks g2

# g1 and g2 both offer more than the uplink carries. With a ceiling of a quarter of the uplink, g1 has a
# quarter of what arrives.
dmvlctl set g1 tx-max=$((SUITE_RATE / 4)) >&2
sink_start
for g in g1 g2; do
	guest_bg $g "exec dmvl-flow udp 10.77.0.1 5001 -w 900 -b $((SUITE_RATE * 2)) -l 1400" >>flow.$g
done
shares 'with a tx-max of a quarter g1 and g2 share 1:3' 5 10.77.1.1=1 10.77.1.2=3
dmvlctl set g1 tx-max=0 >&2
shares 'with its tx-max removed g1 shares 1:1 with g2' 5 10.77.1.1=1 10.77.1.2=1

# A minimum of three quarters for g1.
check 'a tx-min that fits the capacity is accepted' dmvlctl set g1 tx-min=$((SUITE_RATE * 3 / 4))
shares 'with a tx-min of three quarters g1 and g2 share 3:1' 5 10.77.1.1=3 10.77.1.2=1

# More than 95 % in sum is refused: an error, and the old value stays in force.
xenstore-write "$(be g2)/tx-min" $((SUITE_RATE / 4))
check 'a tx-min beyond 95 % of the capacity in sum is refused' wait_for 30 key_like "$(be g2)/error" '*tx-min*95*'
shares 'a tx-min refused live leaves the shares at 3:1' 5 10.77.1.1=3 10.77.1.2=1
back_stop
back_start --tx-capacity "$SUITE_RATE" --rx-capacity "$SUITE_RATE" --share-uplink no
check 'g1 with a tx-min that fits connects after a restart' wait_for 60 connected g1
check 'g2 with a tx-min beyond 95 % in sum connects after a restart' wait_for 60 connected g2
check 'dmvl-back refuses a tx-min beyond 95 % in sum at its start' key_like "$(be g2)/error" '*tx-min*95*'
shares 'a tx-min refused at start leaves the shares at 3:1' 5 10.77.1.1=3 10.77.1.2=1
xenstore-write "$(be g2)/tx-min" $((SUITE_RATE / 5 + 1))
check 'a tx-min one bit beyond 95 % in sum is refused' wait_for 30 key_like "$(be g2)/error" "*tx-min*$((SUITE_RATE / 5 + 1))*"
xenstore-write "$(be g2)/tx-min" $((SUITE_RATE / 5))
check 'a tx-min of exactly 95 % in sum is accepted' wait_for 30 key_is "$(be g2)/error" ''
xenstore-write "$(be g2)/tx-min" 0
check 'the error is empty after a tx-min is taken back' wait_for 30 key_is "$(be g2)/error" ''
xenstore-write "$(be g2)/tx-min" $((SUITE_RATE / 4))
wait_for 30 key_like "$(be g2)/error" '*tx-min*95*'
xenstore-write "$uplink/tx-capacity" $((SUITE_RATE * 2))
check 'the error of a refused tx-min clears when the capacity grows' wait_for 30 key_is "$(be g2)/error" ''
xenstore-write "$(be g2)/tx-min" 0
xenstore-write "$uplink/tx-capacity" "$SUITE_RATE"
xenstore-write "$(be g1)/tx-max" 1000
check 'a tx-max below tx-min is refused' wait_for 30 key_like "$(be g1)/error" '*tx-m*'
shares 'a tx-max refused below tx-min leaves the shares at 3:1' 4 10.77.1.1=3 10.77.1.2=1
xenstore-write "$(be g1)/tx-max" 0
check 'the error of a tx-max below tx-min clears when tx-max is mended' wait_for 30 key_is "$(be g1)/error" ''
for g in g1 g2; do
	guest $g "kill $(cat flow.$g)"
done
kill "$sink"
wait "$sink"
dmvlctl set g1 tx-min=0 >&2

# Receiving: the world sends to both. The sinks do not report at the same time, so each is counted over
# the same number of intervals, begun when both receive.
for i in 1 2; do
	start sink$i guest -t 600 g$i "exec dmvl-flow sink 5002 -I $SUITE_TICK"
	echo "$started" >>receivers
done
for i in 1 2; do
	world dmvl-flow udp 10.77.1.$i 5002 -w 900 -b $((SUITE_RATE * 3 / 2)) -l 1400 >&2 &
	echo $! >>senders
done
wait_for 60 ticks_pass sink1.out 0 1 2
wait_for 60 ticks_pass sink2.out 0 1 2

# got N LINE: bytes in the six intervals after that line of sink N.
got()
{
	awk -v a="$2" 'NR > a && NR <= a + 6 { s += $4 } END { print s }' "sink$1.out"
}
ticked()
{
	[ "$(wc -l <sink1.out)" -ge $(($1 + 7)) ] && [ "$(wc -l <sink2.out)" -ge $(($2 + 7)) ]
}
# window SHARE: $part is the part of g1 in what both receive, divided by SHARE.
window()
{
	n1=$(($(wc -l <sink1.out) + 1)) n2=$(($(wc -l <sink2.out) + 1))
	wait_for 100 ticked $n1 $n2
	got1=$(got 1 $n1) got2=$(got 2 $n2)
	diag "received: g1 $got1, g2 $got2"
	part=$(awk -v a="$got1" -v b="$got2" -v s="$1" 'BEGIN { print (a + b) ? a / (a + b) / s : 0 }')
	awk -v p="$part" 'BEGIN { exit !(p >= 0.85 && p <= 1.15) }'
}
# g1_gets SHARE DESCRIPTION: over several windows, as in `shares': in one of them a busy machine may not
# have let both run.
g1_gets()
{
	for _ in $(seq 12); do
		! window "$1" || break
	done
	between "$part" 0.85 1.15 "$2"
}
dmvlctl set g1 rx-max=$((SUITE_RATE / 4)) >&2
g1_gets 0.25 'with an rx-max of a quarter g1 receives a quarter'
dmvlctl set g1 rx-max=0 rx-min=$((SUITE_RATE * 3 / 4)) >&2
g1_gets 0.75 'with an rx-min of three quarters g1 receives three quarters'
xenstore-write "$(be g2)/rx-min" $((SUITE_RATE / 5 + 1))
check 'an rx-min beyond 95 % of the capacity in sum is refused' wait_for 30 key_like "$(be g2)/error" '*rx-min*95*'
g1_gets 0.75 'a refused rx-min leaves three quarters to g1'
# shellcheck disable=SC2046
kill $(cat senders receivers)
back_stop
done_testing
