/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/ctl/check/look_port.h"
#include "backend/uplink/netdev.h"
#include "common/tap.h"
#include "common/units.h"

#define STP_CENTI 100 /* times of a bridge are in hundredths of a second */

/* As brport/state has them. */
#define PORT_DISABLED	'0'
#define PORT_FORWARDING '3'

static uint32_t mtu_of(const char *ifname)
{
	uint32_t mtu = 0;

	return tap_get_mtu(ifname, &mtu) < 0 ? 0 : mtu;
}

/* The exit whose MTU is the smallest; 0: there is none. */
static uint32_t narrowest_exit(const struct look *look, char out[IFNAMSIZ])
{
	char list[VIEW_TEXT_MAX], *rest = list, *name;
	uint32_t least = 0;

	if (!look->uplink->keys.value[KEY_UPLINK_EXITS])
		return 0;
	view_text(&look->uplink->keys, KEY_UPLINK_EXITS, list, sizeof(list));
	while ((name = strsep(&rest, ","))) {
		uint32_t mtu = strlen(name) < IFNAMSIZ ? mtu_of(name) : 0;

		if (mtu == 0 || (least && mtu >= least))
			continue;
		least = mtu;
		snprintf(out, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, name);
	}
	return least;
}

/*
 * dmvl-back follows the bridge, and a bridge its ports; what somebody set by hand stays. The TAP
 * may be wider than the exits, since guests reach each other by it, and not narrower.
 */
bool look_uplink_mtu(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ], narrowest[IFNAMSIZ] = "";
	uint32_t own, other, least;
	struct finding_row *f;

	if (!look_bridge_of(look, device, bridge))
		return true;
	own = mtu_of(device);
	other = mtu_of(bridge);
	least = narrowest_exit(look, narrowest);
	if (own == 0 || (own == other && own >= least))
		return true;
	f = look_found(look);
	if (own < least)
		finding_text(f,
			     "the MTU of %s is %" PRIu32
			     ", and that of %s, by which frames leave the "
			     "host, is %" PRIu32,
			     device, own, narrowest, least);
	else
		finding_text(f,
			     "the MTU of %s is %" PRIu32 ", and that of its bridge %s is %" PRIu32,
			     device, own, bridge, other);
	finding_do(f, "ip link set %s mtu %" PRIu32, device, own < least ? least : other);
	if (own < least)
		finding_do(f, "ip link set %s mtu %" PRIu32, bridge, least);
	return true;
}

/*
 * A bridge may do that by itself, whatever the switches for all bridges are. Those are there once
 * the module that does it is loaded.
 */
bool look_bridge_calls(struct look *look)
{
	static const char *const tables[] = {"iptables", "ip6tables", "arptables"};
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ], file[32];

	if (!look_bridge_of(look, device, bridge) || access("/proc/sys/net/bridge", F_OK) < 0)
		return true;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct finding_row *f;

		snprintf(file, sizeof(file), "bridge/nf_call_%s", tables[i]);
		if (!look_port_says(bridge, file, '1'))
			continue;
		f = look_found(look);
		finding_text(f,
			     "the bridge %s hands its frames to %s: a full uplink is not noticed, "
			     "and frames wait where weights do not count",
			     bridge, tables[i]);
		finding_do(f, "ip link set %s type bridge nf_call_%s 0", bridge, tables[i]);
	}
	return true;
}

/* Through sysfs, which also tells by whom: 1 is the kernel's spanning tree, 2 a program's. */
bool look_spanning_tree(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ], text[32] = "0";
	struct finding_row *f;
	unsigned long delay;

	if (!look_bridge_of(look, device, bridge) ||
	    !netdev_text(NETDEV_SYSFS, bridge, "bridge/stp_state", text, sizeof(text)) ||
	    strcmp(text, "0") == 0)
		return true;
	netdev_text(NETDEV_SYSFS, bridge, "bridge/forward_delay", text, sizeof(text));
	delay = strtoul(text, NULL, 10);
	f = look_found(look);
	finding_text(f,
		     "the bridge %s has spanning tree on: guests have no network for %lu.%02lu s "
		     "each time that %s is made, unless a service manager keeps it",
		     bridge, 2 * delay / STP_CENTI, 2 * delay % STP_CENTI, device);
	finding_do(f,
		   "ip link set %s type bridge stp_state 0    # only if no other path leads there",
		   bridge);
	return true;
}

/*
 * A port without a link is disabled too, and dmvl-back says why. In the other states a port passes
 * nothing: spanning tree sets them, and whoever sets a state by hand.
 */
static void tell_state(struct look *look, const char *bridge, const char *exit, char state)
{
	bool tree = !look_port_says(bridge, "bridge/stp_state", '0');
	struct finding_row *f = look_found(look);

	if (state == PORT_DISABLED || !tree)
		finding_text(f, "the bridge %s has its port %s %s, by which frames leave the host",
			     bridge, exit, state == PORT_DISABLED ? "disabled" : "not forwarding");
	else
		finding_text(f,
			     "spanning tree of the bridge %s does not forward at %s, by which "
			     "frames leave the host",
			     bridge, exit);
	if (state == PORT_DISABLED || !tree)
		finding_do(f, "bridge link set dev %s state 3", exit);
	else
		finding_do(f, "bridge -d link show dev %s    # which other port leads there?",
			   exit);
}

static void look_at_exit(struct look *look, const char *tap, const char *bridge, const char *exit,
			 void *arg)
{
	char state[8];

	(void)arg;
	if (netdev_text(NETDEV_SYSFS, exit, "brport/state", state, sizeof(state)) &&
	    state[0] != PORT_FORWARDING && look_port_says(exit, "carrier", '1')) {
		tell_state(look, bridge, exit, state[0]);
	} else if (look_port_says(tap, "brport/isolated", '1') &&
		   look_port_says(exit, "brport/isolated", '1')) {
		struct finding_row *f = look_found(look);

		finding_text(f,
			     "%s and %s are isolated ports of the bridge %s, which passes no "
			     "frames between them",
			     tap, exit, bridge);
		finding_do(f, "bridge link set dev %s isolated off", exit);
	}
}

bool look_exits(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];

	if (look_bridge_of(look, device, bridge))
		look_each_exit(look, device, bridge, look_at_exit, NULL);
	return true;
}

static void look_at_flag(struct look *look, const char *bridge, const char *port, const char *flag,
			 const char *option, const char *consequence)
{
	struct finding_row *f;

	if (!look_port_says(port, flag, '0'))
		return;
	f = look_found(look);
	finding_text(f, "the bridge %s has %s off at its port %s: %s", bridge, option, port,
		     consequence);
	finding_do(f, "bridge link set dev %s %s on", port, option);
}

static void look_at_multicast(struct look *look, const char *bridge, const char *port)
{
	if (look_port_says(bridge, "bridge/multicast_snooping", '0'))
		look_at_flag(
			look, bridge, port, "brport/multicast_flood", "mcast_flood",
			"multicasts are lost there, and with them neighbour discovery of IPv6");
}

static void look_at_exit_flooding(struct look *look, const char *tap, const char *bridge,
				  const char *exit, void *arg)
{
	(void)arg;
	(void)tap;
	look_at_flag(look, bridge, exit, "brport/unicast_flood", "flood",
		     "guests cannot reach a host outside that has sent nothing for a while");
	look_at_flag(look, bridge, exit, "brport/broadcast_flood", "bcast_flood",
		     "guests' ARP requests do not leave, so they find nobody outside");
	look_at_multicast(look, bridge, exit);
}

/* Multicasts count where the bridge does not learn who joined a group, and must flood them. */
bool look_flooding(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ];

	if (!look_bridge_of(look, device, bridge))
		return true;
	look_at_flag(look, bridge, device, "brport/unicast_flood", "flood",
		     "nobody can reach a guest that has sent nothing for a while");
	look_at_flag(look, bridge, device, "brport/broadcast_flood", "bcast_flood",
		     "guests hear no ARP requests, so nobody finds them");
	look_at_multicast(look, bridge, device);
	look_each_exit(look, device, bridge, look_at_exit_flooding, NULL);
	return true;
}

/* Then frames wait, and are lost, in the card's queue, where weights do not count. */
bool look_capacity(struct look *look)
{
	const struct view *keys = &look->uplink->keys;
	uint64_t speed = view_number(keys, KEY_UPLINK_SPEED);
	uint64_t capacity = view_number(keys, KEY_UPLINK_TX_CAPACITY);
	char is[UNITS_TEXT_MAX], card[UNITS_TEXT_MAX];
	struct finding_row *f;

	if (speed == 0 || capacity <= speed)
		return true;
	f = look_found(look);
	finding_text(
		f, "%s is %s, more than the %s of the card: weights do not count where it is full",
		schema_name(KEY_UPLINK_TX_CAPACITY), units_format_rate(is, sizeof(is), capacity),
		units_format_rate(card, sizeof(card), speed));
	finding_do(f, "dmvlctl uplink %s %s=0    # 98 %% of the speed", look->uplink->name,
		   schema_name(KEY_UPLINK_TX_CAPACITY));
	return true;
}
