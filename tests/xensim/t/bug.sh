#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Closing an event channel from before a resume is a kernel BUG: the whole run must fail for it.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

if [ -n "${IN_INSTANCE:-}" ]; then
	instance 1
	mkfifo $tmp/server.in $tmp/client.in
	exec 3<>$tmp/server.in 4<>$tmp/client.in
	in-guest "$g1" dmvl-vchan resume 0 data/v "$1" <$tmp/server.in >$tmp/s &
	server=$!
	until_in $tmp/s ready
	dmvl-vchan hang "$g1" /local/domain/"$g1"/data/v <$tmp/client.in >$tmp/c &
	until_in $tmp/s open
	case $1 in
	close)
		xensim restore "$g1" >/dev/null
		echo go >&3
		until_in $tmp/s closed
		;;
	kill)
		xensim restore "$g1" >/dev/null
		kill -9 $server
		wait $server
		;;
	esac
	# The broker learns of it a moment later.
	tries=0
	until xensim dmesg | grep -q 'kernel BUG' || [ $((tries += 1)) -ge 500 ]; do
		sleep 0.01
	done
	exit 0
fi
for how in close kill; do
	IN_INSTANCE=1 "$run" --guests 1 sh "$0" $how >/tmp/xensim-bug.$$ 2>&1
	is "$? $(grep -c 'kernel BUG' /tmp/xensim-bug.$$)" "99 1" "the run fails when a pre-resume handle ends by $how"
	rm -f /tmp/xensim-bug.$$
done
finish
