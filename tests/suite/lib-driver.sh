# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dmvl-back in a driver domain, the guest drv, whose domid is $B. Sourced by lib.sh, which lies beside it.

b_log=/run/front-back.log # collected like those of agents

# b_boot: a driver domain, as an operator makes it. xl gives it a directory to write in. Its files are in
# memory, of which the credit log wants some.
b_boot()
{
	guest_create drv 'driver_domain=1' 'memory=256' "$(vif_line 9)" >&2 || bail 'the driver domain boots'
	B=$(guest_domid drv)
	if [ "$BENCH_DRIVER" = xensim ]; then
		xenstore-write "/local/domain/$B/backend" ''
		xenstore-chmod "/local/domain/$B/backend" "n$B"
		# shellcheck source=tests/xensim/vif.sh
		. "$SUITE_TOP/tests/xensim/vif.sh"
		vif_plug drv 9 >&2
	fi
	wait_for 30 guest drv 'ip link show eth0' || bail 'the driver domain has a card'
	guest drv 'ip addr flush dev eth0
		ip link add br0 type bridge && ip link set eth0 master br0 up && ip link set br0 up' >&2 ||
		bail 'the driver domain has a bridge'
}

b_be()
{
	echo "/local/domain/$B/backend/dmvl/$(guest_domid "$1")/0"
}

b_connected()
{
	key_is "$(b_be "$1")/state" 4 && key_is "$(fe "$1")/state" 4
}

b_logged()
{
	guest drv "grep -q '$1' $b_log"
}

b_count()
{
	guest drv "grep -c '$1' $b_log"
}

b_start()
{
	b_pid=$(guest_bg drv "exec dmvl-back --uplink tap:dmvl-up,bridge=br0 --tx-capacity 1gbit --log-level debug 2>$b_log")
	wait_for 60 b_logged 'version .*: uplink'
}

b_gone()
{
	! guest drv "kill -0 $b_pid"
}

b_stop()
{
	guest drv "kill $b_pid"
	wait_for 30 b_gone
}

# nothing_wrong: what dmvlctl check says goes to the log of this test.
nothing_wrong()
{
	wait_for 30 dmvlctl check -B drv || dmvlctl check -B drv
}

# detached NAME: with time for a busy emulator.
detached()
{
	dmvlctl detach -B drv "$1" --timeout 60s
}
