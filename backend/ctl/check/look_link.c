/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/check/look_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/netdev.h"
#include "common/tap.h"
#include "common/units.h"

#define STP_CENTI 100 /* times of a bridge are in hundredths of a second */

/* The TAP's bridge; false: it is in none, or of another domain. */
static bool bridge_of(const struct look *look, char device[VIEW_TEXT_MAX], char bridge[IFNAMSIZ])
{
	if (look->ctl->backend_given || !look->uplink->keys.value[KEY_UPLINK_DEVICE])
		return false;
	view_text(&look->uplink->keys, KEY_UPLINK_DEVICE, device, VIEW_TEXT_MAX);
	return strlen(device) < IFNAMSIZ && netdev_bridge(device, bridge);
}

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

	if (!bridge_of(look, device, bridge))
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

/* Through sysfs, which also tells by whom: 1 is the kernel's spanning tree, 2 a program's. */
bool look_spanning_tree(struct look *look)
{
	char device[VIEW_TEXT_MAX], bridge[IFNAMSIZ], text[32] = "0";
	struct finding_row *f;
	unsigned long delay;

	if (!bridge_of(look, device, bridge) ||
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
