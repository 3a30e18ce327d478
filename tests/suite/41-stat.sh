#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim xen
# set: rest
# dmvlctl stat: what the frame loop counts, against what arrives.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# number FIELD WORDS..: the last number of that name that `dmvlctl stat WORDS.. --json` prints.
number()
{
	_field=$1
	shift
	dmvlctl stat "$@" --json | tr -d ' \n' | sed -n "s/.*\"$_field\":\\(-*[0-9]*\\).*/\\1/p"
}

# near A B PERCENT
near()
{
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= b * p / 100) }'
}

rate_near()
{
	near "$(number tx-rate-1s g1)" "$1" "$2"
}

# sums_agree DIR: the rates of both guests together, and the uplink's, of one reading.
sums_agree()
{
	dmvlctl stat --json | tr -d ' \n' | tr ',{[' '\n\n\n' |
		awk -F: -v field="\"$1-rate-10s\"" '$1 == field { if (n++) sum += $2; else all = $2 }
			END { exit !(n == 3 && all > 0 && sum >= all * .99 && sum <= all * 1.01) }'
}

counted()
{
	[ "$(number "$@")" -gt 0 ]
}

uplink_setup
back_start --tx-capacity "$SUITE_RATE"
run=$(dirname "$(xenstore-read "$uplink/log-path")")
stats=$run/default.stats
ldp g1 1
ldp g2 2
talks g1
talks g2
check 'the statistics are beside the credit log' test -s "$stats"
like "$(dmvlctl stat g1)" '*g1/0*tx *frames*rx *frames*' 'dmvlctl stat prints the counters of a device'
like "$(dmvlctl stat)" "default: tx *g1/0 *g2/0 *" 'dmvlctl stat without a domain prints the uplink and all devices'
is "$(dmvlctl stat g2 | grep -c /0)" 1 'dmvlctl stat of a domain prints no other'

sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
check 'the rate of the last second is the capacity while g1 alone sends' wait_for 60 rate_near "$SUITE_RATE" 5
check 'waits of frames are counted' counted tx-frames g1
like "$(dmvlctl stat g1)" '*tx *wait: half < *s, 99 % < *s*' 'dmvlctl stat prints how long frames waited'
sends g2 udp -b $((SUITE_RATE * 2)) -l 1400
check 'the rates of all devices together are that of the uplink' wait_for 60 sums_agree tx
for g in 1 2; do
	guest_bg g$g 'exec dmvl-flow sink 5002' >&2
	world dmvl-flow udp 10.77.1.$g 5002 -w 900 -l 1400 -b $((SUITE_RATE / 2)) >&2 &
	echo $! >>world.loads
done
check 'the rates of all devices together are that of the uplink, of what they receive' wait_for 60 sums_agree rx
# shellcheck disable=SC2046 # two
kill $(cat world.loads)
before=$(number tx-bytes g1)
is "$(dmvlctl stat g1 --interval 100ms | head -4 | grep -c frames)" 2 'dmvlctl stat --interval prints until it is stopped'
more()
{
	[ "$(number tx-bytes g1)" -gt "$before" ]
}
check 'counters grow while frames pass' wait_for 20 more

# Somebody cuts the file, or removes it.
: >"$stats"
whole()
{
	[ -s "$stats" ] && dmvlctl stat g1 | grep -q frames
}
check 'a file that was cut is made again' wait_for 20 whole
like "$(cat back.1.log)" "*$stats was cut, removed or replaced*" 'dmvl-back says that the file was cut'
rm "$stats"
check 'a file that was removed is made again' wait_for 20 whole
check 'counters go on in the fresh file' more
echo nonsense >"$run/default.stats.new2"
mv "$run/default.stats.new2" "$stats"
like "$(dmvlctl stat g1 2>&1)" '*default.stats: it is damaged*' 'dmvlctl stat says that a file is damaged'
check 'a file that was replaced is made again' wait_for 20 whole

is "$(dmvlctl stat nosuch >/dev/null 2>&1; echo $?)" 1 'a domain that is not there is an error'
is "$(dmvlctl stat --uplink nosuch >/dev/null 2>&1; echo $?)" 1 'an uplink that is not there is an error'
is "$(dmvlctl stat --interval 1ms >/dev/null 2>&1; echo $?)" 2 'an interval shorter than the period is refused'
is "$(dmvlctl list --interval 1s >/dev/null 2>&1; echo $?)" 2 'other commands take no interval'

dmvlctl detach g2 >&2
gone()
{
	[ "$(dmvlctl stat | grep -c /0)" = 1 ]
}
check 'a detached device is gone from the statistics' wait_for 20 gone
back_stop
check 'an orderly end removes the file' test ! -e "$stats"
like "$(dmvlctl stat 2>&1)" '*there are no statistics*' 'without dmvl-back dmvlctl stat says that there are none'

# One that is killed leaves its file.
stat_says()
{
	case $(dmvlctl stat 2>&1) in
	*"$1"*) ;;
	*) return 1 ;;
	esac
}
back_start --tx-capacity "$SUITE_RATE"
check 'g1 sends again after a restart of dmvl-back' wait_for 60 counted tx-rate-10s g1
kill -9 "$back"
check 'dmvlctl stat does not show what a killed dmvl-back left as if it were now' \
	wait_for 20 stat_says 'does not write any more'
done_testing
