# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a test may use, as in tests/xen/lib.sh and described there, over xensim. TAP, waiting and
# the uplink are the same; a guest is another thing here: processes and namespaces of this machine.

_path=$PATH
# shellcheck source=tests/xen/lib.sh
. "$SUITE_TOP/tests/xen/lib.sh"
export PATH="$_path"

export BENCH_DRIVER=xensim

event()
{
	case $1 in
	say) shift && diag "$*" ;;
	esac
}

guest_all()
{
	xensim list | awk '$2 != "(null)" { print $2 }'
}

# A LINE that gives it a UUID counts; others do not.
guest_create()
{
	_create=$1 _given=
	shift
	for _line; do
		case $_line in
		uuid=*) _given=$(echo "${_line#uuid=}" | tr -d '"') ;;
		esac
	done
	xensim create "$_create" ${_given:+"$_given"} >&2
}

# _uuid NAME: as it is in xenstore.
_uuid()
{
	xenstore-read "$(xenstore-read "/local/domain/$(guest_domid "$1")/vm")/uuid"
}

guest_again()
{
	_again=$(_uuid "$1")
	[ "${2:-destroy}" = destroy ] || xensim shutdown "$1" "$2" >&2
	xensim destroy "$1" >&2 && xensim create "$1" "$_again" >&2
}

guest_destroy()
{
	xensim destroy "$1" >&2
}

guest_domid()
{
	xensim domid "$1" 2>/dev/null
}

# In a guest's /run, which is its own; all else of the file system is everybody's.
guest_bg()
{
	_name=$1
	shift
	guest "$_name" "setsid sh -c 'exec >/run/bg.\$\$ 2>&1 </dev/null; $*' </dev/null >/dev/null 2>&1 & echo \$!"
}

# The domain stays until it is restored, in the state in which it would have been written to a file.
guest_save()
{
	xensim suspend "$1" >&2
}

guest_restore()
{
	xensim restore "$1" >&2
}

guest_checkpoint()
{
	xensim suspend "$1" >&2 && xensim resume "$1" >&2
}

guest_migrate()
{
	xensim migrate "$1" >&2
}

emulator_faults()
{
	echo 0 # there is none
}

# One log for all guests' kernels.
guest_console()
{
	xensim dmesg
}
