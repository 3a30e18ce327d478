/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/life.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/uplink/lower.h"
#include "backend/uplink/netdev.h"
#include "common/tap.h"
#include "common/tap_if.h"

/* The bridge's states of a port, as sysfs has them. */
#define PORT_DISABLED	'0'
#define PORT_FORWARDING '3'
#define PORT_BLOCKING	'4'

__attribute__((format(printf, 3, 4))) static void say(struct life *l, enum life_state state,
						      const char *fmt, ...)
{
	va_list ap;

	l->state = state;
	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
}

static bool is_up(const char *ifname)
{
	char text[16];

	return netdev_text(NETDEV_SYSFS, ifname, "flags", text, sizeof(text)) &&
	       (strtoul(text, NULL, 0) & IFF_UP);
}

/* Is the interface of u->fd the one that was opened, and up? Else says what happened to it. */
static bool is_there(const struct uplink *u, const char *what, struct life *l)
{
	struct tap_if t;
	bool moved;

	if (tap_if_open(&t, u->fd) < 0) {
		say(l, LIFE_LOST, "the %s %s was deleted", what, u->ifname);
		return false;
	}
	moved = t.moved || !tap_exists(t.name);
	tap_if_close(&t);
	if (moved)
		say(l, LIFE_WAIT, "the %s %s was moved to another network namespace", what,
		    u->ifname);
	else if (strcmp(t.name, u->ifname) != 0)
		say(l, LIFE_WAIT, "the %s %s was renamed to %s", what, u->ifname, t.name);
	else if (!is_up(u->ifname))
		say(l, LIFE_WAIT, "the %s %s is down", what, u->ifname);
	else
		return true;
	return false;
}

/* --- a TAP ------------------------------------------------------------------------------------ */

static void say_port(const char *tap, const char *bridge, char state, struct life *l)
{
	if (state == PORT_BLOCKING)
		say(l, LIFE_WAIT, "the bridge %s blocks its port %s (spanning tree)", bridge, tap);
	else if (state == PORT_DISABLED)
		say(l, LIFE_WAIT, "the bridge %s has its port %s disabled", bridge, tap);
	else
		say(l, LIFE_WAIT,
		    "the bridge %s does not forward frames of %s yet (spanning tree): waiting",
		    bridge, tap);
}

static void look_at_port(const char *tap, const char *bridge, struct life *l)
{
	char state[8];

	if (!is_up(bridge))
		say(l, LIFE_WAIT, "the bridge %s is down", bridge);
	else if (netdev_text(NETDEV_SYSFS, tap, "brport/state", state, sizeof(state)) &&
		 state[0] != PORT_FORWARDING)
		say_port(tap, bridge, state[0], l);
	else
		snprintf(l->parent, sizeof(l->parent), "%s", bridge);
}

static void look_at_bridge(const struct uplink_spec *spec, struct life *l)
{
	char bridge[IFNAMSIZ];
	bool in_bridge = netdev_bridge(spec->device, bridge);

	if (!spec->bridge[0]) {
		if (in_bridge)
			look_at_port(spec->device, bridge, l);
	} else if (in_bridge && strcmp(bridge, spec->bridge) == 0) {
		look_at_port(spec->device, bridge, l);
	} else if (in_bridge) {
		say(l, LIFE_WAIT, "the TAP %s is in the bridge %s and not in %s", spec->device,
		    bridge, spec->bridge);
	} else if (!netdev_is_bridge(spec->bridge)) {
		say(l, LIFE_WAIT, "there is no bridge %s", spec->bridge);
	} else {
		say(l, LIFE_OUT, "the TAP %s is not in the bridge %s", spec->device, spec->bridge);
	}
}

/* --- a macvtap -------------------------------------------------------------------------------- */

static void take_name(const char *ifname, void *arg)
{
	snprintf(arg, IFNAMSIZ, "%.15s", ifname);
}

static void say_lower_gone(const struct uplink_spec *spec, const struct uplink *u, struct life *l)
{
	char now[IFNAMSIZ] = "";

	netdev_lowers(NETDEV_SYSFS, u->ifname, take_name, now);
	if (now[0] && tap_exists(now))
		say(l, LIFE_WAIT,
		    "there is no interface %s below the macvtap: it was renamed to %s",
		    spec->device, now);
	else
		say(l, LIFE_WAIT,
		    "there is no interface %s below the macvtap: it was deleted or moved",
		    spec->device);
}

static void look_at_lower(const struct uplink_spec *spec, const struct uplink *u, struct life *l)
{
	if (!tap_exists(spec->device))
		say_lower_gone(spec, u, l);
	else if (!is_there(u, "macvtap", l))
		return;
	else if (!lower_is_macvtap_over(u->ifname, spec->device))
		say(l, LIFE_LOST, "the macvtap %s is not above %s", u->ifname, spec->device);
	else if (!is_up(spec->device))
		say(l, LIFE_WAIT, "the interface %s below the macvtap is down", spec->device);
	else
		snprintf(l->parent, sizeof(l->parent), "%s", spec->device);
}

void life_look(const struct uplink_spec *spec, const struct uplink *u, struct life *out)
{
	uint32_t mtu;

	*out = (struct life){.state = LIFE_WELL};
	if (u->kind == UPLINK_MACVTAP)
		look_at_lower(spec, u, out);
	else if (is_there(u, "TAP", out))
		look_at_bridge(spec, out);
	if (out->parent[0] && tap_get_mtu(out->parent, &mtu) == 0)
		out->parent_mtu_bytes = mtu;
}
