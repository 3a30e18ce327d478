# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many guests, and agents that come and go, over xensim: for tests/suite/71-many.sh and the benches.
# After tests/suite/lib.sh.

# many_agents NAME..: an agent in each, waiting for its device. Nice: the guests of a host have
# processors of their own, those of this machine shall not take the backend's. But a program that takes
# seconds to begin would never come to its turn.
many_agents()
{
	_nice=19
	[ "${VALGRIND:-}" != 1 ] || _nice=0
	for _g; do
		in-guest "$_g" nice -n $_nice dmvl-front 2>"/run/front.$_g.log" &
	done
	wait_for 60 _many_wait "$@"
}

_many_wait()
{
	for _g; do
		grep -q created "/run/front.$_g.log" || return 1
	done
}

# many_attach DOM..: one after the other.
many_attach()
{
	for _g; do
		dmvlctl attach "$_g" || return 1
	done >attached.out
}

# count_connected: devices that both sides call connected.
count_connected()
{
	xenstore-ls -f /local/domain | awk '
		$1 ~ /^\/local\/domain\/0\/backend\/dmvl\/[0-9]+\/[0-9]+\/state$/ && $3 == "\"4\"" { back++ }
		$1 ~ /^\/local\/domain\/[0-9]+\/device\/dmvl\/[0-9]+\/state$/ && $3 == "\"4\"" { front++ }
		END { print back < front ? back + 0 : front + 0 }'
}

# count_closed: devices that the backend calls closed.
count_closed()
{
	xenstore-ls -f /local/domain/0/backend/dmvl | grep -c '/state = "6"'
}

all_connected()
{
	[ "$(count_connected)" -ge "$1" ]
}

# soon COMMAND..: until it succeeds, at most some five seconds; looks more often than wait_for.
soon()
{
	_tries=0
	until "$@" 2>/dev/null; do
		_tries=$((_tries + 1))
		[ $_tries -lt 500 ] || return 1
		sleep 0.01
	done
}

not_connected()
{
	[ "$(xenstore-read "$1/state")" != 4 ]
}

# cycle NAME DOMID: its agent comes, is killed, and its device is attached again.
cycle()
{
	in-guest "$1" dmvl-front 2>"/run/front.$1.log" &
	_agent=$!
	soon _both_4 "$2" || return 1
	kill -9 $_agent
	wait $_agent 2>/dev/null
	soon not_connected "/local/domain/0/backend/dmvl/$2/0" || return 1
	# Nobody is there to close the guest's side.
	dmvlctl detach "$1" --timeout 1ms 2>/dev/null
	dmvlctl attach "$1" >/dev/null
}

_both_4()
{
	[ "$(xenstore-read "/local/domain/0/backend/dmvl/$1/0/state" \
		"/local/domain/$1/device/dmvl/0/state" | tr -d '\n')" = 44 ]
}

# cycles N NAME DOMID: fails with the first that fails.
cycles()
{
	_n=$1
	while [ "$_n" -gt 0 ]; do
		cycle "$2" "$3" || return 1
		_n=$((_n - 1))
	done
}

# holdings: what may grow and must not, a line each. Not among the nodes: what an agent writes at
# some time after it has connected, when it has something to tell.
# shellcheck disable=SC2154 # the suite's
holdings()
{
	echo "fds $(back_fds)"
	echo "maps $(back_maps)"
	echo "threads $(find "/proc/$back/task" -mindepth 1 -maxdepth 1 | wc -l)"
	echo "nodes $(xenstore-ls -f / | grep -vc '/device/dmvl/[0-9]*/\(log-offset\|demand\) ')"
	xensim stat 0 | tr ' =' '\n '
}

# as_before: for wait_for; what is held is what the file `before' says.
as_before()
{
	holdings >after
	diff before after
}
