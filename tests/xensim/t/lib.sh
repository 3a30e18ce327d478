# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of xensim itself. Each is a shell script that prints TAP:
#
#   . "$(dirname "$0")/lib.sh"; instance 2 "$@"     go on in an instance with two guests
#   is "GOT" "WANT" "what"                          one test
#   until_in FILE WORD                              wait for a line of a background command
#   finish

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../../.." && pwd)
PATH=$top/build/xensim/tools:$PATH
run=$top/tests/xensim/run
count=0 failed=0

# Re-run this script within an instance, once.
instance() {
	guests=$1
	shift
	if [ -z "${IN_INSTANCE:-}" ]; then
		IN_INSTANCE=1 exec "$run" --guests "$guests" sh "$0" "$@"
	fi
	tmp=/run/t
	mkdir -p "$tmp"
	# Process 1 is /bin/sh's grandparent: what it ends with is up to us.
	# shellcheck disable=SC2086
	set -- $DMVL_SIM_GUESTS
	g1=${1:-} g2=${2:-}
}

is() {
	count=$((count + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $count - $3"
	else
		failed=$((failed + 1))
		echo "not ok $count - $3"
		printf '%s\n' "$1" | sed 's/^/#  got: /'
		printf '%s\n' "$2" | sed 's/^/# want: /'
	fi
}

# Wait at most 5 s until a line of FILE is WORD.
until_in() {
	tries=0
	until grep -qx -- "$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { echo "# '$2' did not come: $(cat "$1")"; return 1; }
		sleep 0.01
	done
}

# Line N of a file, once it is there.
line() {
	tries=0
	until [ "$(wc -l 2>/dev/null <"$1" || echo 0)" -ge "$2" ] || [ $tries -ge 500 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
	sed -n "$2p" "$1"
}

finish() {
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
}
