# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What libxl and its hotplug script do for a guest's vif, over xensim: a veth in Dom0 is the vif, its far
# end is eth<ID> in the guest. Sourced by tests of the suite.

# vif_make NAME INDEX [ID]: libxl makes a vif, with the addresses of guest_net. Nothing else has happened.
vif_make()
{
	_id=${3:-0} _mac=00:16:3e:77:0${3:-0}:0$2
	ip link add "$(vif "$1" "$_id")" addr fe:ff:ff:ff:ff:ff type veth \
		peer name "eth$_id" addr "$_mac" netns "$(guest_bg "$1" 'exec sleep 1000')"
	xenstore-write "$(vif_dir "$1" "$_id")/script" /etc/xen/scripts/vif-bridge \
		"$(vif_dir "$1" "$_id")/bridge" xenbr0 "$(vif_dir "$1" "$_id")/mac" "$_mac"
	guest_net "$1" "$2" "eth$_id"
}

# vif_join NAME [ID]: the hotplug script puts it into xenbr0.
vif_join()
{
	ip link set "$(vif "$@")" master xenbr0 up
}

# vif_ready NAME [ID]: the script says that it is done.
vif_ready()
{
	xenstore-write "$(vif_dir "$@")/hotplug-status" connected
}

# vif_plug NAME INDEX [ID]: all of that.
vif_plug()
{
	vif_make "$@"
	vif_join "$1" "${3:-0}"
	vif_ready "$1" "${3:-0}"
}

# vif_unplug INTERFACE DIRECTORY: libxl takes the vif away.
vif_unplug()
{
	ip link del "$1"
	xenstore-rm "$2"
}
