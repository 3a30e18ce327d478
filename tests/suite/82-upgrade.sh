#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# runs: xensim
# set: rest
# dmvl-backend is upgraded while three guests send: its maintainer script starts the new dmvl-back, the guests
# connect again, and what they sent is lost only where nothing could leave.
#
#   UPGRADES=N         upgrades (2)
#   UPGRADE_DEBS=DIR   by dpkg, to N packages in this folder, 1.deb to N.deb; else the programs are replaced as dpkg
#                      does, and the script of this tree is run
# shellcheck source=tests/suite/lib.sh
. "${SUITE_LIB:-/bench/suite.sh}"

[ -x /usr/lib/systemd/systemd ] && command -v deb-systemd-invoke >/dev/null || skip_all 'there is no systemd of Debian here'
: "${UPGRADES:=2}" "${UPGRADE_DEBS:=}"
top=$(dirname "$SUITE_LIB")/../..
unit=dmvl-back@default
rate=200

dom0()
{
	nsenter -t "$(cat /run/sd/pid)" -m -p -C env -u LD_PRELOAD -u LD_LIBRARY_PATH "$@"
}

booted()
{
	[ "$(dom0 systemctl is-active multi-user.target 2>/dev/null)" = active ]
}

# private: what dpkg writes stays in this instance.
private()
{
	for _dir in usr var/lib/dpkg var/log; do
		mkdir -p "/run/sd/$_dir.upper" "/run/sd/$_dir.work"
		dom0 mount -t overlay none -o "lowerdir=/$_dir,upperdir=/run/sd/$_dir.upper,workdir=/run/sd/$_dir.work" "/$_dir"
	done
}

# upgrade N: to the Nth next version.
upgrade()
{
	if [ -n "$UPGRADE_DEBS" ]; then
		dom0 dpkg --no-triggers -i "$UPGRADE_DEBS/$1.deb"
		return
	fi
	for _program in dmvl-back dmvlctl; do
		dom0 cp -p "/usr/sbin/$_program" "/usr/sbin/$_program.dpkg-new" &&
			dom0 mv "/usr/sbin/$_program.dpkg-new" "/usr/sbin/$_program" || return
	done
	dom0 sh "$top/debian/dmvl-backend.postinst" configure "0.0.$1"
}

main_pid()
{
	dom0 systemctl show -P MainPID $unit
}

# field FILE NAME: of the line of dmvl-gap.
field()
{
	tr ' ' '\n' <"$1" | sed -n "s/^$2=//p"
}

streams_start()
{
	for _i in 1 2 3; do
		start "gap.$_i" world dmvl-gap recv 501$_i
		echo "$started" >"receiver.$_i"
		in-guest g$_i dmvl-gap send 10.77.0.1 501$_i -r $rate -w 600 2>"sender.$_i.err" &
		echo $! >"sender.$_i"
	done
	for _i in 1 2 3; do
		wait_for 30 arrives $_i
	done
}

# arrives N: what the guest N sends arrives now.
arrives()
{
	talks "g$1" >&2 && wait_for 30 sent_past "$1" $(($(sent "$1") + 20))
}

sent()
{
	guest "g$1" cat /sys/class/net/dmvl0/statistics/tx_packets
}

sent_past()
{
	[ "$(sent "$1")" -gt "$2" ]
}

streams_end()
{
	for _i in 1 2 3; do
		kill "$(cat "sender.$_i")"
		wait "$(cat "sender.$_i")"
	done
	for _i in 1 2 3; do
		kill "$(cat "receiver.$_i")"
		wait "$(cat "receiver.$_i")"
	done
}

# lost_in_gap FILE: no more than was sent while nothing could leave. A sender that was late sends more at once.
lost_in_gap()
{
	_most=$((($(field "$1" gap-max) + $(field "$1" send-gap-max)) * rate / 1000000 + 2))
	[ "$(field "$1" lost)" -le "$_most" ]
}

all_connected()
{
	connected g1 && connected g2 && connected g3
}

mkdir /run/sd
"$top/tests/xensim/systemd" /run/sd &
systemds=$!
check 'systemd boots in Dom0' wait_for 30 booted
dom0 rm -f /usr/sbin/policy-rc.d # where a container forbids all services
[ -z "$UPGRADE_DEBS" ] || {
	private
	dom0 rm -f /usr/sbin/policy-rc.d
	check 'the package is installed' dom0 dpkg --no-triggers -i "$UPGRADE_DEBS/0.deb"
}
uplink_setup
dom0 sh -c 'printf "uplink = tap:dmvl-up,bridge=xenbr0\ntx-capacity = 100mbit\n" >/etc/dmvl/default.conf'
check 'the unit starts' dom0 systemctl start $unit
back=$(main_pid)
ldps 'g1 1' 'g2 2 weight=512' 'g3 3 tx-min=40000000'
talks g1
talks g2
talks g3
tap=$(cat /sys/class/net/dmvl-up/ifindex)
pipe_start g1 world 10.77.0.1 5001 20000000 '-b 8000000'
# carriers N: how often the carrier of the guest N has changed.
carriers()
{
	guest "g$1" cat /sys/class/net/dmvl0/carrier_changes
}

# keeps_carrier N TIMES: it has not changed, unless this machine was too slow for it.
keeps_carrier()
{
	[ "$(carriers "$1")" = "$2" ] || [ "$(field "gap.$1.out" gap-max)" -gt 1900000 ]
}

for n in $(seq "$UPGRADES"); do
	was=$(main_pid)
	carriers1=$(carriers 1) carriers2=$(carriers 2) carriers3=$(carriers 3)
	streams_start
	check "upgrade $n succeeds" upgrade "$n"
	check "upgrade $n: all guests connect again" wait_for 60 all_connected
	for i in 1 2 3; do
		check "upgrade $n: g$i sends again" arrives $i
	done
	streams_end
	is "$([ "$(main_pid)" = "$was" ] && echo the same)" '' "upgrade $n: another dmvl-back runs"
	for i in 1 2 3; do
		check "upgrade $n: g$i loses nothing but what it sent while nothing could leave" lost_in_gap "gap.$i.out"
		eval "check 'upgrade $n: g$i keeps its carrier' keeps_carrier $i \$carriers$i"
		diag "upgrade $n: g$i: $(cat "gap.$i.out")"
		echo "$(field "gap.$i.out" gap-max) $(field "gap.$i.out" lost)" >>gaps
	done
done
is "$(cat /sys/class/net/dmvl-up/ifindex)" "$tap" 'the TAP stays over all upgrades'
is "$(xenstore-read "$(be g3)/tx-min")" 40000000 'g3 has its minimum after all upgrades'
check 'a TCP file outlives all upgrades' pipe_wait g1 world 5001

# As dpkg does with a package that is in the way of another one, which then cannot be installed.
dom0 sh "$top/debian/dmvl-backend.prerm" remove >&2
is "$(dom0 systemctl is-active $unit)" inactive 'dmvl-back does not run after its package is about to go'
dom0 sh "$top/debian/dmvl-backend.postinst" abort-remove in-favour other 1 >&2
is "$(dom0 systemctl is-active $unit)" active 'dmvl-back runs again after the removal is given up'
check 'all guests connect again after the removal is given up' wait_for 60 all_connected
dom0 systemctl stop $unit
kill "$systemds"
wait "$systemds"
[ -n "$UPGRADE_DEBS" ] || done_testing
