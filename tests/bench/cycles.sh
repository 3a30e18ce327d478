#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Agents are killed and their devices attached again, a thousand times: what is left behind?
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"
# shellcheck source=tests/hostile/many.sh
. "$SUITE_TOP/tests/hostile/many.sh"

cycles=${CYCLES:-1000}
workers=4
each=$((cycles / workers))

work()
{
	for w in $(seq $workers); do
		cycles "$1" "g$w" "$(guest_domid "g$w")" &
		eval "work$w=$!"
	done
	for w in $(seq $workers); do
		eval "wait \$work$w" || return 1
	done
}

offered()
{
	for w in $(seq $workers); do
		key_is "$(be "g$w")/state" 2 || return 1
	done
}

uplink_setup
back_start --log-level info
for w in $(seq $workers); do
	dmvlctl attach "g$w" >&2
done
check 'the first times' work $((each / 10 + 1))
wait_for 10 offered
holdings >before
memory=$(rss)
check "$((each * workers)) times killed and attached again" work $each
wait_for 10 offered
check 'nothing is left behind' wait_for 10 as_before
while read -r what count; do
	metric "$cycles cycles" before "$what" "$(echo "$count" | tr -dc 0-9)" 1
done <before
while read -r what count; do
	metric "$cycles cycles" after "$what" "$(echo "$count" | tr -dc 0-9)" 1
done <after
metric "$cycles cycles" before memory "$memory" KiB
metric "$cycles cycles" after memory "$(rss)" KiB
diag "memory: $memory KiB before, $(rss) KiB after"
back_stop
is $? 0 'dmvl-back ends well'
is "$(reports)" 0 'no sanitizer has anything to report'
done_testing
