#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvl-exporter: what Prometheus is told, against dmvlctl stat; daemons that come and go, foreign files, bad
# clients. It runs as the user that its unit has, without any privilege.
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

port=9873
ids=4242

# exporter_start NAME OPTION..: $exporter is its process id; its log goes to NAME.log.
exporter_start()
{
	_name=$1
	shift
	setpriv --reuid $ids --regid $ids --clear-groups --bounding-set=-all --no-new-privs \
		dmvl-exporter "$@" 2>"$_name.log" &
	exporter=$!
	wait_for 30 grep -q 'version ' "$_name.log"
}

# scrape [OPTION..]: what it answers, into scrape.out.
scrape()
{
	timeout 60 busybox wget -q -O scrape.out "$@" "http://127.0.0.1:$port/metrics"
}

# value PATTERN: of the first sample that begins so. now PATTERN: of a fresh answer.
value()
{
	awk -v begin="$1" 'index($0, begin) == 1 { print $NF; exit }' scrape.out
}

now()
{
	scrape
	value "$1"
}

now_is()
{
	[ "$(now "$1")" = "$2" ]
}

# samples PATTERN: how many lines of the answer have it.
samples()
{
	grep -v '^#' scrape.out | grep -c "$1"
}

uuid()
{
	dmvlctl stat "$1" --json | tr -d ' \n' | sed -n 's/.*"uuid":"\([^"]*\)".*/\1/p'
}

# of NAME METRIC [LABEL=VALUE]: how a sample of it begins.
of()
{
	echo "$2{uplink=\"default\",uuid=\"$(cat "uuid.$1")\",id=\"0\"${3:+,$3}}"
}

# stat NAME FIELD: dmvlctl's.
stat_of()
{
	dmvlctl stat "$1" --json | tr -d ' \n' | sed "s/.*\"devices\"//; s/.*\"$2\":\\(-*[0-9]*\\).*/\\1/"
}

# Both read the same numbers, as soon as nothing passes between the two looks.
agrees()
{
	_there=$(stat_of g1 "$3")
	[ -n "$_there" ] && now_is "$(of g1 "$1" "$2")" "$_there" && [ "$_there" = "$(stat_of g1 "$3")" ]
}

clean()
{
	promtool check metrics <scrape.out >promtool.out 2>&1 && [ ! -s promtool.out ] || {
		cat promtool.out
		return 1
	}
}

check_clean()
{
	if command -v promtool >/dev/null; then
		check "$1" clean
	else
		skip "$1" 'there is no promtool'
	fi
}

# bad_client WORD: see tests/suite/http-client.py.
bad_client()
{
	python3 "$(dirname "$0")/http-client.py" "$port" "$@"
}

# The group to which dmvl-back gives its files.
cp /etc/group group
echo "dmvl:x:$ids:" >>group
mount --bind group /etc/group
ip link set lo up
uplink_setup
back_start --tx-capacity "$SUITE_RATE"
run=$(dirname "$(xenstore-read "$uplink/log-path")")
ldp g1 1 tx-min=$((SUITE_RATE / 4))
ldp g2 2
for guest in g1 g2; do
	talks $guest
	uuid $guest >uuid.$guest
done
exporter_start exporter -l $port --run-dir "$run"
is "$(awk '/^Uid/ { print $2 } /^CapEff/ { print $2 }' "/proc/$exporter/status" | tr '\n' ' ')" \
	"$ids 0000000000000000 " 'the exporter runs without privilege'

check 'the uplink is up' wait_for 30 now_is 'dmvl_uplink_up{uplink="default"}' 1
check_clean 'promtool has nothing to say against the metrics'
is "$(samples 'dmvl_ldp_info{.*domid="'"$(guest_domid g1)"'",name="g1"')" 1 'the guest of a device has its name and domid'
is "$(samples 'name="\|domid="')" 2 'no other metric has a name or a domid'
is "$(samples "uuid=\"$(cat uuid.g1)\"")" 25 'a device has 25 series'
is "$(samples 'dmvl_uplink_wait_seconds_bucket')" 48 'the uplink has a histogram for each direction'

sink_start
sends g1 udp -b $((SUITE_RATE * 2)) -l 1400
kept()
{
	[ "$(now "$(of g1 dmvl_ldp_kept_windows_total 'direction="tx"')")" -gt 5 ]
}
check 'windows that were kept are counted' wait_for 60 kept
guest g1 'kill $(pidof dmvl-flow)'
check 'bytes sent are those of dmvlctl stat' wait_for 60 agrees dmvl_ldp_bytes_total 'direction="tx"' tx-bytes
check 'frames received are those of dmvlctl stat' wait_for 60 agrees dmvl_ldp_frames_total 'direction="rx"' rx-frames
check 'the balance is that of dmvlctl stat' wait_for 60 agrees dmvl_ldp_balance_bytes 'direction="tx"' tx-balance
scrape
is "$(value 'dmvl_uplink_wait_seconds_bucket{uplink="default",direction="tx",le="+Inf"}')" \
	"$(awk '/^dmvl_ldp_frames_total.*"tx"/ { n += $NF } END { print n }' scrape.out)" \
	'each frame that was sent is in the histogram of the uplink'
scrape --header 'Accept: application/openmetrics-text; version=1.0.0'
is "$(tail -n 1 scrape.out)" '# EOF' 'who knows OpenMetrics gets it'
is "$(grep -c '^# TYPE dmvl_ldp_bytes counter' scrape.out)" 1 'in OpenMetrics a counter is typed without its ending'

# All that is known of an LDP, over a socket.
mkdir more
chown $ids:$ids more
exporter_start more --listen "unix:$PWD/more/sock" --run-dir "$run" --per-ldp
bad_client unix "$PWD/more/sock" >scrape.out
is "$(samples "dmvl_ldp_wait_seconds_bucket.*$(cat uuid.g1)")" 48 'with --per-ldp a device has its histograms'
check_clean 'promtool has nothing to say against all metrics of each device'
scraped=$PWD/scrape.out
metrics=$SUITE_TOP/tests/metrics
is "$("$metrics/dashboard.py" "$scraped")" '' 'rules, dashboard and manual page have the metrics that the exporter has'
"$metrics/dashboard.py" --rules >panels.yml
if command -v promtool >/dev/null; then
	check 'promtool reads the expressions of the dashboard' promtool check rules panels.yml
	check 'promtool reads the rules' promtool check rules "$SUITE_TOP/docs/metrics/dmvl.rules.yml"
	check 'alerts fire when they should, and only then' promtool test rules "$metrics/rules.test.yml"
else
	skip 'the rules are tested' 'there is no promtool'
fi
kill "$exporter"
wait "$exporter"
is $? 0 'the exporter ends with status 0 on SIGTERM'
check 'the socket goes with the exporter' test ! -e more/sock

# The sums of the uplink outlive their devices.
scrape
waits=$(value 'dmvl_uplink_wait_seconds_bucket{uplink="default",direction="tx",le="+Inf"}')
windows=$(value 'dmvl_uplink_windows_total{uplink="default",direction="tx"}')
dmvlctl detach g1 >&2
gone()
{
	scrape
	[ "$(samples "$(cat uuid.g1)")" = 0 ]
}
check 'a device that was detached has no series' wait_for 30 gone
not_less()
{
	[ "$(value "$1")" -ge "$2" ]
}
check 'waits of the uplink do not go back when a device ends' \
	not_less 'dmvl_uplink_wait_seconds_bucket{uplink="default",direction="tx",le="+Inf"}' "$waits"
check 'windows of the uplink do not go back when a device ends' \
	not_less 'dmvl_uplink_windows_total{uplink="default",direction="tx"}' "$windows"

# Foreign files.
evil=$(printf 'a"\\b\n\377')
echo nonsense >"$run/$evil.stats"
head -c 100000 /dev/urandom >"$run/random.stats"
mkdir "$run/directory.stats"
ln -s default.stats "$run/link.stats"
for file in "$run/$evil.stats" "$run/random.stats"; do
	chmod 644 "$file"
done
scrape
is "$(value 'dmvl_uplink_up{uplink="default"}')" 1 'beside foreign files the uplink is up'
is "$(samples '^dmvl_uplink_up.* 0$')" 4 'what is no file of statistics is an uplink that is not up'
is "$(value 'dmvl_exporter_file_errors_total{reason="foreign"}')" 4 'foreign files are counted'
check_clean 'promtool has nothing to say about a hostile name'
scrape
is "$(grep -c "random.stats is not a file of dmvl-back's" exporter.log)" 1 'a foreign file is told once'
rm -r "$run/$evil.stats" "$run/random.stats" "$run/directory.stats" "$run/link.stats"

# Clients.
like "$(bad_client send 'POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc')" 'HTTP/1.1 50*' 'POST is refused'
like "$(bad_client send 'GET /etc/passwd HTTP/1.1\r\n\r\n')" 'HTTP/1.1 404 *' 'there are no other pages'
like "$(bad_client huge)" '400' 'a request without end is refused'
bad_client silent 600 &
silent=$!
check 'beside 600 connections that ask nothing the metrics are there' wait_for 60 scrape
kill $silent
bad_client deaf 100 &
deaf=$!
check 'beside 100 clients that do not read the metrics are there' wait_for 60 scrape
kill $deaf

# Daemons.
kill -9 "$back"
check 'an uplink whose dmvl-back was killed is not up' wait_for 30 now_is 'dmvl_uplink_up{uplink="default"}' 0
is "$(samples '^dmvl_ldp')" 0 'of an uplink that is not up there are no devices'
back_start --tx-capacity "$SUITE_RATE"
check 'an uplink that is served again is up' wait_for 30 now_is 'dmvl_uplink_up{uplink="default"}' 1
check 'its devices are there again' wait_for 60 now_is "$(of g2 dmvl_ldp_mac_moves_total)" 0
back_stop
no_uplink()
{
	scrape && [ "$(samples '^dmvl_uplink_up')" = 0 ]
}
check 'after an orderly end there is no uplink' wait_for 30 no_uplink

is "$(dmvl-exporter --listen nowhere 2>/dev/null; echo $?)" 2 'a bad address is refused'
like "$(dmvl-exporter --listen nowhere 2>&1)" '*--listen "nowhere": expected *' 'the refusal says what is expected'
like "$(dmvl-exporter --listen $port 2>&1)" '*127.0.0.1:*is in use: does a dmvl-exporter run?*' \
	'a second exporter says that the port is in use'
done_testing
