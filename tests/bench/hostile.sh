#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Seven guests with weights fill an uplink of 100 Mbit/s; in an eighth slot there is a polite guest
# or a hostile one, in turn, each with a tenth of a processor. How far are the seven off their
# shares?
# shellcheck source=tests/hostile/lib.sh
. "$SUITE_TOP/tests/hostile/lib.sh"

weights='100 100 200 200 300 400 500'
rate=100000000
rounds=5
window=8 # seconds
tick=0.5

# The group was made outside, and is seen through a mount of its own.
group_mount()
{
	mkdir /run/cpu
	mount -t cgroup -o cpu none /run/cpu 2>/dev/null && [ -d "/run/cpu/$HOSTILE_GROUP" ] && return
	umount /run/cpu 2>/dev/null
	mount -t cgroup2 none /run/cpu && [ -d "/run/cpu/$HOSTILE_GROUP" ]
}

# in_group COMMAND..: with a tenth of a processor, it and all that it starts.
in_group()
{
	# shellcheck disable=SC2016 # the inner shell expands
	sh -c 'echo 0 >"$0"; exec "$@"' "/run/cpu/$HOSTILE_GROUP/cgroup.procs" "$@"
}

flow()
{
	echo "exec dmvl-flow udp 10.77.0.1 5001 -w 600 -b $1 -l 1400"
}

# measure CASE ROUND: a window of the sink's; one line into CASE.out: the worst relative error of
# the seven shares among themselves, and their bits per second.
measure()
{
	from=$(awk -v t="$(tick sink.out)" -v i=$tick 'BEGIN { print t + 3 * i }')
	to=$(awk -v f="$from" -v w=$window 'BEGIN { print f + w }')
	wait_for 60 sh -c "awk '\$1 != \"total\" && \$1 > $to { found = 1 } END { exit !found }' sink.out"
	awk -v from="$from" -v to="$to" -v weights="$weights" -v window=$window '
		BEGIN { n = split(weights, w, " "); for (i = 1; i <= n; i++) sum += w[i] }
		$1 != "total" && $1 > from && $1 <= to && split($2, a, ".") == 4 && a[4] <= n {
			got[a[4]] += $4
			total += $4
		}
		END {
			for (i = 1; i <= n; i++) {
				off = total ? got[i] / total * sum / w[i] - 1 : 1
				off = off < 0 ? -off : off
				worst = off > worst ? off : worst
			}
			printf "%.5f %d\n", worst, total * 8 / window
		}' sink.out >>"$1.out"
	diag "$1 $2: $(tail -n 1 "$1.out" | awk '{
		printf "worst share off by %.2f %%, the seven get %.2f Mbit/s", $1 * 100, $2 / 1e6 }')"
}

control()
{
	agent=$(in_group in-guest g8 sh -c 'dmvl-front 2>>/run/front.log >/dev/null & echo $!')
	wait_for 30 connected g8 || bail "the polite guest connects"
	guest_net g8 8 >&2
	sender=$(in_group in-guest g8 sh -c "$(flow $((rate / 6))) >/dev/null 2>&1 & echo \$!")
	measure control "$1"
	kill "$sender" "$agent"
	wait_for 20 states_are '2 6' g8
}

# In pieces: a device whose connections fail has to wait longer and longer for the next.
hostile_run()
{
	while ! [ -e "$1.end" ]; do
		in_group in-guest g8 dmvl-hostile -s "$seed" -t 2 >>hostiles.out
		seed=$((seed + 1))
		fresh g8 weight=256 2>>fresh.err
	done
}

hostile()
{
	seed=$(($1 * 1000))
	hostile_run "$1" &
	runner=$!
	measure hostile "$1"
	: >"$1.end"
	wait $runner
}

# stat CASE FIELD FUNCTION: median or max or min of the rounds.
stat()
{
	sort -g -k"$2,$2" "$1.out" | awk -v f="$2" -v what="$3" '{ v[NR] = $f }
		END { print what == "median" ? v[int((NR + 1) / 2)] : what == "min" ? v[1] : v[NR] }'
}

group_mount || bail 'the control group is there'
uplink_setup
back_start --log-level info --tx-capacity $rate
i=0
for w in $weights; do
	i=$((i + 1))
	ldp g$i $i "weight=$w"
done
echo "$(cat /run/guests/8/xensim/pid)" >"/run/cpu/$HOSTILE_GROUP/cgroup.procs"
dmvlctl attach g8 weight=256 >&2
start sink world dmvl-flow sink 5001 -I $tick
i=0
for w in $weights; do
	i=$((i + 1))
	guest_bg g$i "$(flow $((rate / 1800 * w * 13 / 10)))" >&2
done
check 'all seven send' wait_for 30 ticks_pass sink.out 0 7 2
rss_watch
round=1
while [ $round -le $rounds ]; do
	control $round
	hostile $round
	round=$((round + 1))
done
check 'dmvl-back lives' kill -0 "$back"
lines=$(grep -c ": $(guest_domid g8)/0: " back.1.log)
back_stop
is "$(reports)" 0 'no sanitizer has anything to report'

for case in control hostile; do
	metric '7 polite + 1' $case share-error-median "$(stat $case 1 median)" 1
	metric '7 polite + 1' $case share-error-max "$(stat $case 1 max)" 1
	metric '7 polite + 1' $case polite-rate-median "$(stat $case 2 median)" bit/s
	metric '7 polite + 1' $case polite-rate-min "$(stat $case 2 min)" bit/s
done
between "$(stat hostile 1 max)" 0 0.01 'beside a hostile one each is within 1 % of its share'
for what in rounds connects messages writes events nodes; do
	metric '7 polite + 1' hostile $what \
		"$(tr ' ' '\n' <hostiles.out | awk -F= -v w=$what '$1 == w { n += $2 } END { print n + 0 }')" 1
done
metric '7 polite + 1' hostile log-lines "$lines" 1
rss_metrics '7 polite + 1' dmvl-back
done_testing
