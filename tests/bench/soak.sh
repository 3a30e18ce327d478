#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostility of all kinds for $SOAK seconds, with another seed every three of them: for sanitizers.
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

uplink_setup
back_start --tx-capacity 100mbit
ldp g1 1
talks g1
dmvlctl attach g2 >&2
rss_watch
guest_bg g1 "exec dmvl-flow udp 10.77.0.1 5003 -w $((SOAK + 60)) -b 5000000" >&2
start sink world dmvl-flow sink 5003
end=$(($(cut -d. -f1 /proc/uptime) + SOAK))
seed=$SOAK_SEED
while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] && kill -0 "$back"; do
	guest g2 "dmvl-hostile -s $seed -t 3 -v" >>hostile.out 2>>rounds.out
	seed=$((seed + 1))
	fresh g2
done
check 'dmvl-back lives' kill -0 "$back"
check 'g1 talks' talks g1
back_stop
is $? 0 'and ends well'
is "$(reports)" 0 'no sanitizer has anything to report'
diag "seeds $SOAK_SEED..$((seed - 1))"
metric soak "$SOAK_SUBJECT" seconds "$SOAK" s
metric soak "$SOAK_SUBJECT" seed "$SOAK_SEED" 1
metric soak "$SOAK_SUBJECT" sanitizer-reports "$(reports)" 1
for what in rounds connects messages writes events nodes; do
	metric soak "$SOAK_SUBJECT" $what \
		"$(tr ' ' '\n' <hostile.out | awk -F= -v w=$what '$1 == w { n += $2 } END { print n + 0 }')" 1
done
rss_metrics soak "$SOAK_SUBJECT"
done_testing
