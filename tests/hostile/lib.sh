# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What benches with hostile guests, or many, share. tests/bench/run runs them as tests of xensim's
# suite; beside their TAP they write figures, one JSON object a line, into $BENCH_JSON.

# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

# metric CASE SUBJECT METRIC VALUE UNIT
metric()
{
	printf '{"bench":"%s","case":"%s","subject":"%s","metric":"%s","value":%s,"unit":"%s"}\n' \
		"$BENCH" "$1" "$2" "$3" "${4:-null}" "$5" >>"$BENCH_JSON"
}

# rss: the backend's resident memory in KiB.
rss()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$back/status"
}

# rss_watch: into rss.out each second, until the backend ends.
rss_watch()
{
	while kill -0 "$back" 2>/dev/null; do
		rss
		sleep 1
	done >rss.out 2>/dev/null &
}

# rss_metrics CASE SUBJECT: what rss_watch has seen.
rss_metrics()
{
	# shellcheck disable=SC2046
	set -- "$1" "$2" $(awk 'NF { if (!n++) first = $1; if ($1 > max) max = $1; last = $1 }
		END { print first, max, last }' rss.out)
	metric "$1" "$2" rss-first "$3" KiB
	metric "$1" "$2" rss-max "$4" KiB
	metric "$1" "$2" rss-last "$5" KiB
	diag "backend's memory: first $3, max $4, last $5 KiB"
}

# reports: how many programs a sanitizer has something to say of, as tests/instrument.sh has it.
reports()
{
	find . -maxdepth 1 -name 'report.*' -size +0 | wc -l
}

# fresh NAME: a new device, with which nobody has failed.
fresh()
{
	dmvlctl detach "$1" --timeout 2s >&2
	dmvlctl attach "$@" >&2
}
