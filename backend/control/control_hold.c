/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_hold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_state.h"
#include "backend/msg/msg.h"
#include "backend/uplink/netdev.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * While the uplink's own interface is not where it belongs (control_life.c), all frames for it wait
 * for as long as that lasts: nothing is behind it, and guests have no carrier.
 *
 * While no exit has a link, frames for the exits wait, but not for ever: guests keep their carrier,
 * as they can still reach each other and the host, and a frame that waits holds up the ones behind
 * it in its ring. A card that only changes its speed, or fails over, is back in time.
 *
 * Where no port has hardware behind it, the oldest port is only a guess. Another port with a link
 * may be the way out then.
 */
#define HOLD_LIMIT_NS (10000 * 1000000ull)

static void look_for_link(const char *ifname, void *arg)
{
	bool *found = arg;

	*found |= netdev_has_link(NETDEV_SYSFS, ifname);
}

static bool any_port_has_link(const struct control *c)
{
	char bridge[IFNAMSIZ];
	bool found = false;

	if (netdev_bridge(c->conf.device, bridge))
		netdev_ports(bridge, c->conf.device, look_for_link, &found);
	return found;
}

static bool has_way_out(const struct control *c)
{
	const struct exits *e = &c->probe.exits;

	for (unsigned i = 0; i < e->count; i++) {
		if (netdev_has_link(NETDEV_SYSFS, e->name[i]))
			return true;
	}
	return e->count == 0 || (e->how == EXITS_OLDEST && any_port_has_link(c));
}

static void tell(struct control *c, enum link_hold hold)
{
	struct msg *m;

	if (c->hold.told == hold)
		return;
	c->hold.told = hold;
	m = msg_new(MSG_HOLD, LDP_SLOT_NONE);
	m->hold = hold;
	msg_post(c->out, m);
}

static void set_why(struct control *c, bool way_out)
{
	char why[sizeof(c->hold.why)] = "";

	if (!way_out)
		exits_no_link(&c->probe.exits, why, sizeof(why));
	if (strcmp(why, c->hold.why) == 0)
		return;
	memcpy(c->hold.why, why, sizeof(why));
	c->due.link = true; /* there the error is shown */
}

/* Which frames must wait while no exit has a link. */
static enum link_hold hold_exits(struct control *c)
{
	uint64_t now = loop_now_ns();

	if (c->hold.since_ns == 0)
		c->hold.since_ns = now;
	if (now - c->hold.since_ns >= HOLD_LIMIT_NS)
		return LINK_HOLD_NONE;
	loop_timer_set(c->hold.timer, c->hold.since_ns + HOLD_LIMIT_NS - now);
	return LINK_HOLD_EXITS;
}

void control_hold_look(struct control *c, bool carrier)
{
	bool way_out = !carrier || has_way_out(c);

	if (way_out)
		c->hold.since_ns = 0;
	tell(c, !carrier ? LINK_HOLD_ALL : way_out ? LINK_HOLD_NONE : hold_exits(c));
	set_why(c, way_out);
}

static void on_timer(void *arg)
{
	struct control *c = arg;

	if (c->hold.told != LINK_HOLD_EXITS)
		return;
	log_warning("uplink %s: %s: frames for it do not wait any longer", c->conf.name,
		    c->hold.why);
	tell(c, LINK_HOLD_NONE);
}

int control_hold_open(struct control *c)
{
	c->hold.timer = loop_timer_new(c->loop, on_timer, c);
	return c->hold.timer ? 0 : -ENOMEM;
}

void control_hold_close(struct control *c)
{
	loop_timer_free(c->hold.timer);
}
