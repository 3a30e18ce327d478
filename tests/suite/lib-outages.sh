# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# Outages made on purpose, of which dmvlctl check must say what mends them. On xensim alone: a test sources this file itself.

outages=0

# ---- what the commands call that a simulated host does not have

# service dmvl-back.NAME restart
service()
{
	kill "$back" 2>/dev/null && wait_for 30 ended "$back"
	wait "$back"
	# shellcheck disable=SC2086
	back_start $back_options
}

# xl sched-credit2 -d Domain-0 -w WEIGHT, or -c CAP; xl vcpu-pin Domain-0 all all
xl()
{
	case $1$4 in
	sched-credit2-w) echo "$5" >/run/xensim/weight.0 ;;
	sched-credit2-c) echo "$5" >/run/xensim/cap.0 ;;
	vcpu-pin*) rm /run/xensim/cpus.0 ;;
	esac
}

modprobe()
{
	xensim fail 0 "${1#xen_}" ENOENT 0
}

ethtool()
{
	:
}

# systemctl edit UNIT, systemctl restart UNIT: a unit that stands still gets SIGCONT too.
systemctl()
{
	[ "$1" = restart ] || return 0
	if [ -e "agent.$victim" ] && ! agent_gone "$victim"; then
		agent_kill TERM "$victim"
		agent_kill CONT "$victim"
		wait_for 30 agent_gone "$victim"
	fi
	agent_start "$victim"
}

# ---- finding and following

look()
{
	dmvlctl check --grace 1s >found 2>&1
}

finds()
{
	look
	grep -qE -- "$1" found
}

# Not a note either.
finds_nothing()
{
	look && [ ! -s found ]
}

# notes PATTERN: it is noted, and counts for nothing; there is nothing else.
notes()
{
	look && grep -qE -- "^note: .*$1" found && ! grep -vqE -- "^note: .*$1|^    " found
}

# commands PATTERN: those below each line that fits, without their comments. What is for the next boot is left out,
# since these files are not the test's.
commands()
{
	awk -v pattern="$1" '
		!/^    / { on = $0 ~ pattern }
		/^    / && on && !/^    echo .*\/etc\// { sub(/ +#.*/, ""); sub(/^ +/, ""); print }' found
}

# outage WHAT PATTERN: it was made. check finds it; its commands are run, and check finds nothing.
outage()
{
	check "dmvlctl check finds $1" wait_for 30 finds "$2" || cat found >&2
	grep -qE -- "$2" found && outages=$((outages + 1))
	commands "$2" >todo
	check "dmvlctl check says what to do about $1" test -s todo
	while read -r command; do
		diag "$command"
		case $command in
		*/sys/module/xen_gntalloc/*) xensim limit "$(guest_domid "$victim")" 8192 ;;
		*) eval "$command" >&2 ;;
		esac </dev/null
	done <todo
	_after=$1
	[ $# -lt 3 ] || eval "$3"
	check "dmvlctl check finds nothing after what it said about $_after" wait_for 30 finds_nothing || cat found >&2
}

# start_back OPTION..: the daemon that a command starts again has the same options.
start_back()
{
	back_options=$*
	back_start "$@"
}

# outages_setup: a host on which all is well, with g1 and g2.
outages_setup()
{
	uplink_setup
	start_back
	ldps 'g1 1' 'g2 2'
	check 'dmvlctl check finds nothing at the beginning' wait_for 30 finds_nothing || cat found >&2
}
