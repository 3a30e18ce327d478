#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvlctl report: how well a guarantee was kept, against what arrives, and one outage of each reason.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# look: what the report says now of what g1 sends. seen FIELD: a number of it. sending FIELD: both.
look()
{
	dmvlctl report g1 --json | tr -d ' \n' | sed 's/.*"tx":{//; s/"worst".*//' | tr ',{' '\n\n' >seen
}

seen()
{
	sed -n "s/\"$1\":\\([0-9]*\\).*/\\1/p" seen | head -n 1
}

sending()
{
	look
	seen "$1"
}

windows_are()
{
	[ "$(sending windows)" -ge "$1" ]
}

# arrived N: in how many of the sink's last N intervals g1 had nine tenths of its minimum. 1400 bytes
# are 1446 on the wire.
arrived()
{
	awk -v n="$1" -v least="$((SUITE_RATE / 2))" '
		$1 == "total" { next }
		$2 == "10.77.1.1" { at[++k] = $1; bytes[k] = $4 }
		END {
			for (i = k; i > 1 && i > k - n; i--)
				good += bytes[i] * 1446 / 1400 * 8 >= least * .9 * (at[i] - at[i - 1])
			print good + 0
		}' sink.out
}

# In a stretch of 50 windows the report and the sink tell the same, for nine of ten windows at least.
agrees()
{
	look
	_judged=$(seen windows)
	_kept=$(seen kept)
	_from=$(tick sink.out)
	wait_for 60 windows_are $((_judged + 50)) || return 1
	_ticks=$(awk -v from="$_from" '$1 != "total" && $2 == "10.77.1.1" && $1 > from { n++ } END { print n + 0 }' sink.out)
	_good=$(arrived "$_ticks")
	look
	_now=$(seen windows)
	_kept=$(($(seen kept) - _kept))
	diag "kept $_kept of $((_now - _judged)) windows; g1 had its minimum in $_good of $_ticks intervals of the sink"
	[ $((_kept * 10)) -ge $(((_now - _judged) * 9)) ] && [ "$_ticks" -gt 5 ] && [ $((_good * 10)) -ge $((_ticks * 9)) ]
}

reasons='guest-stood-still uplink-down daemon-restarted loop-late link-slow other'

count()
{
	look
	for _reason in $reasons; do
		echo "$_reason $(seen "$_reason")"
	done >"$1"
}

# Since before.counts more windows were broken for that reason than for all others together, and 5 at
# least.
mostly()
{
	count now.counts
	paste -d' ' before.counts now.counts | awk -v reason="$1" '
		{ n = $4 - $2; if ($1 == reason) it = n; else others += n }
		END { exit !(it >= 5 && it > others) }'
}

# outage REASON WORDS BEGIN END: makes it, ends it, and looks what it is called.
outage()
{
	wait_for 60 windows_go_on || bail 'windows go on'
	count before.counts
	$3
	$4
	check "the report counts an outage: $1" wait_for 60 mostly "$1"
	diag "$(paste -d' ' before.counts now.counts | awk '{ printf "%s %d, ", $1, $4 - $2 }')"
	like "$(dmvlctl report g1)" "*sends *$2*" "the report says why: $2"
}

# Windows are kept again.
windows_go_on()
{
	_before=$(sending kept)
	wait_for 20 kept_is_past $((_before + 5))
}

kept_is_past()
{
	[ "$(sending kept)" -gt "$1" ]
}

uplink_setup
# Back-pressure comes from a qdisc that holds the frames, faster than the capacity but for one outage.
link()
{
	tc qdisc replace dev up0 root tbf rate "$1" burst 8k limit 100k
}
link $((SUITE_RATE * 4))
back_start --tx-capacity "$SUITE_RATE"
run=$(dirname "$(xenstore-read "$uplink/log-path")")
ldp g1 1 weight=100 tx-min=$((SUITE_RATE / 2))
ldp g2 2 weight=300
talks g1
talks g2
like "$(dmvlctl report g1)" 'g1/0 on default, since the beginning*sends *never had frames waiting*' \
	'a device that sends nothing has no windows'

sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
sends g2 udp -b $((SUITE_RATE * 2)) -l 1400
# Something comes for g1 all the time.
world sh -c 'exec ping -i 0.2 10.77.1.1 >/run/ping.out' &
check 'windows are counted while frames wait' wait_for 60 windows_are 20
for _try in 1 2 3 4 5 6; do
	agrees && break
done
is $? 0 'the minimum was kept as the report says, by what arrives at the sink'
like "$(dmvlctl report)" '*g1/0 on default*g2/0 on default*' 'without a domain all devices are reported'
like "$(dmvlctl report g1/0 --since 10min)" 'g1/0 on default, since 20*sends *% kept of * windows*' \
	'a report may begin at a time'
is "$(dmvlctl report g1 --since yesterday >/dev/null 2>&1; echo $?)" 2 'a time that is none is refused'
like "$(dmvlctl report g1 --since yesterday 2>&1)" '*--since "yesterday": expected a time in the past*' \
	'the refusal says what is expected'
for _json in '' --json; do
	is "$(dmvlctl report nosuch $_json >/dev/null 2>&1; echo $?)" 1 "a guest of which nothing is recorded is an error $_json"
	is "$(dmvlctl report g1/7 $_json >/dev/null 2>&1; echo $?)" 1 "a device of which nothing is recorded is an error $_json"
	is "$(dmvlctl report g1 --uplink nosuch $_json >/dev/null 2>&1; echo $?)" 1 "a report on an uplink that is not there is an error $_json"
	is "$(dmvlctl report g1 $_json >/dev/null 2>&1; echo $?)" 0 "a report of a device is none $_json"
	is "$(dmvlctl stat g1/7 $_json >/dev/null 2>&1; echo $?)" 1 "statistics of a device that is not there are an error $_json"
done
like "$(dmvlctl report g1/7 --json 2>&1 >/dev/null)" '*nothing is recorded of device 7 of g1' 'the error names the device'
like "$(dmvlctl stat g1 --json)" '*"tx-windows-kept":*' 'the statistics have the windows'

# The guest: its agent stands still.
stand_still() { agent_kill STOP g1; }
still_counted() { wait_for 60 mostly guest-stood-still; agent_kill CONT g1; }
outage guest-stood-still 'the guest stood still' stand_still still_counted

slow() { link $((SUITE_RATE / 4)); }
slow_counted() { wait_for 60 mostly link-slow; link $((SUITE_RATE * 4)); }
outage link-slow 'the link was slower than configured' slow slow_counted

wire_out() { world ip link set world0 down; }
wire_in()
{
	wait_for 60 mostly uplink-down
	world ip link set world0 up
	talks g1
}
outage uplink-down 'the uplink was down' wire_out wire_in

late() { back_pause; }
goes_on() { sleep 2; kill -CONT "$back"; }
outage loop-late 'the frame loop was late' late goes_on

killed() { kill -9 "$back"; wait "$back"; sleep 1; }
again() { back_start --tx-capacity "$SUITE_RATE"; }
before=$(sending windows)
outage daemon-restarted 'dmvl-back was started again' killed again
check 'windows of before a restart are kept' windows_are "$before"

# Somebody removes the file.
rm "$run/default.windows"
check 'a file that was removed is made again' wait_for 30 test -s "$run/default.windows"
check 'windows are counted in the fresh file' wait_for 60 windows_are 5

domid=$(guest_domid g2)
dmvlctl detach g2 >&2
like "$(dmvlctl report g2)" 'g2/0 on default*sends *% kept of*' 'a device that was detached is reported'
like "$(dmvlctl report "$domid")" 'g2/0 on default*' 'a domid will do'
back_stop
check 'the record stays when the daemon ends' test -s "$run/default.windows"
done_testing
