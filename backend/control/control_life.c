/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_hold.h"
#include "backend/control/control_state.h"
#include "backend/control/device_state.h"
#include "backend/control/device_xs.h"
#include "backend/msg/msg.h"
#include "backend/uplink/keep.h"
#include "backend/uplink/netdev.h"
#include "common/log.h"
#include "common/tap.h"
#include "xenstore-schema/xskey.h"

/*
 * Theory of operation
 *
 * Netlink tells of each change of an interface; what changed is looked up (life.h), not read from
 * its messages. While something is wrong, the uplink's `error` says it and guests have no carrier.
 * Connections, rings and credits stay: when the interface is back, frames go on.
 *
 * An interface that was deleted is made again, and a TAP that was taken out of its bridge is put
 * back, but only when it has been wrong for a while: an operator's script may be about to do that,
 * and guests should notice that they lost the network. The rest waits for the operator.
 *
 * The frame loop owns the uplink's descriptor. This thread has a copy of it, which finds the
 * interface under whatever name and in whatever namespace it is.
 */
#define REPAIR_NS (1000 * 1000000ull)

bool control_life_carrier(const struct control *c)
{
	return c->life.why[0] == '\0';
}

/* --- guests ----------------------------------------------------------------------------------- */

static int write_carrier(struct control *c, struct device *d, uint32_t t, const void *arg)
{
	(void)arg;
	return xskey_write(c->xs, t, d->back, KEY_BACK_CARRIER,
			   control_life_carrier(c) ? "1" : "0");
}

void control_life_tell(struct control *c)
{
	struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		int ret = !d->gone ? device_write(c, d, write_carrier, NULL) : 0;

		if (ret < 0 && ret != -ENOENT)
			log_warning("%s: cannot write its carrier: %s", d->name, strerror(-ret));
	}
}

static void advertise(struct control *c)
{
	if (c->out)
		msg_post(c->out, msg_new(MSG_ADVERTISE, LDP_SLOT_NONE));
}

static void set_why(struct control *c, const char *why)
{
	struct control_life *life = &c->life;
	bool had = control_life_carrier(c);

	if (strcmp(life->why, why) == 0)
		return;
	snprintf(life->why, sizeof(life->why), "%s", why);
	c->due.link = true; /* there the error is shown */
	if (had == control_life_carrier(c))
		return;
	life->since_ns = loop_now_ns();
	control_life_tell(c);
	if (!had) {
		log_notice("uplink %s: guests have a carrier again", c->conf.name);
		advertise(c);
	}
}

/* --- repairs ---------------------------------------------------------------------------------- */

/* What is wrong has not been so for long: look again then. */
static bool is_early(struct control *c)
{
	uint64_t now = loop_now_ns(), due = c->life.since_ns + REPAIR_NS;

	if (control_life_carrier(c))
		due = now + REPAIR_NS;
	if (due < c->life.not_before_ns)
		due = c->life.not_before_ns;
	if (due > now)
		loop_timer_set(c->life.timer, due - now);
	return due > now;
}

static void take(struct control *c, const struct uplink *fresh)
{
	struct control_life *life = &c->life;
	struct msg *m = msg_new(MSG_UPLINK, LDP_SLOT_NONE);

	close(life->up.fd);
	life->up = *fresh;
	life->up.fd = fcntl(fresh->fd, F_DUPFD_CLOEXEC, 0);
	keep_give(c->conf.spec, fresh);
	m->uplink = *fresh;
	msg_post(c->out, m);
}

/* False: it could not be; life->why says why. */
static bool repair(struct control *c, struct life *l)
{
	const struct uplink_spec *spec = c->conf.spec;
	struct uplink fresh;
	char err[SCHEMA_ERR_MAX];
	int ret;

	if (l->state == LIFE_OUT) {
		ret = uplink_join(spec, err, sizeof(err));
	} else {
		ret = uplink_reopen(&c->life.up, &fresh, spec, c->conf.name, err, sizeof(err));
		if (ret == 0)
			take(c, &fresh);
	}
	if (ret == 0) {
		log_notice("uplink %s: repaired: %s", c->conf.name, l->why);
		return true;
	}
	snprintf(l->why, sizeof(l->why), "%.*s", (int)sizeof(l->why) - 1, err);
	c->life.not_before_ns = loop_now_ns() + REPAIR_NS;
	loop_timer_set(c->life.timer, REPAIR_NS);
	return false;
}

/* The uplink follows its bridge, or the device below it; what the operator set by hand stays. */
static void follow_mtu(struct control *c, const struct life *l)
{
	struct control_life *life = &c->life;
	bool changed = l->parent_mtu_bytes != life->parent_mtu_bytes &&
		       strcmp(l->parent, life->parent) == 0;
	uint32_t mtu;

	memcpy(life->parent, l->parent, sizeof(life->parent));
	life->parent_mtu_bytes = l->parent_mtu_bytes;
	if (!changed || tap_get_mtu(life->up.ifname, &mtu) < 0 || mtu == l->parent_mtu_bytes)
		return;
	if (tap_set_mtu(life->up.ifname, l->parent_mtu_bytes) < 0)
		log_warning("uplink %s: %s cannot have the MTU %u of %s", c->conf.name,
			    life->up.ifname, l->parent_mtu_bytes, l->parent);
	else
		log_notice("uplink %s: %s has the MTU %u, as %s", c->conf.name, life->up.ifname,
			   l->parent_mtu_bytes, l->parent);
}

bool control_life_readable(struct control *c)
{
	struct control_life *life = &c->life;

	if (life->unreadable)
		return false;
	life->unreadable = !netdev_readable();
	if (life->unreadable) {
		loop_timer_set(life->timer, REPAIR_NS);
		if (!life->unreadable_told)
			log_warning("uplink %s: no file descriptors are left to look at the "
				    "host's interfaces: what is known of them counts",
				    c->conf.name);
	}
	life->unreadable_told = life->unreadable;
	return !life->unreadable;
}

void control_life_look(struct control *c)
{
	struct life l;

	if (c->quitting) /* what was made now would stay behind */
		return;
	if (!control_life_readable(c))
		return;
	life_look(c->conf.spec, &c->life.up, &l);
	if ((l.state == LIFE_LOST || l.state == LIFE_OUT) && !is_early(c) && repair(c, &l))
		life_look(c->conf.spec, &c->life.up, &l);
	if (l.state == LIFE_WELL)
		follow_mtu(c, &l);
	control_hold_look(c, l.state == LIFE_WELL); /* first: xenstore takes its time */
	set_why(c, l.why);
}

/* --- the way out ------------------------------------------------------------------------------ */

void control_life_exits(struct control *c)
{
	char way[WAY_MAX];

	if (!control_life_readable(c))
		return;
	way_of_exits(NETDEV_SYSFS, &c->probe.exits, way);
	if (way[0] == '\0' || strcmp(way, c->life.way) == 0)
		return;
	if (c->life.way[0]) {
		log_info("uplink %s: frames leave by another way now:%s", c->conf.name, way);
		advertise(c);
	}
	memcpy(c->life.way, way, sizeof(way));
}

/* --- begin and end ---------------------------------------------------------------------------- */

static void on_timer(void *arg)
{
	struct control *c = arg;

	c->due.probe |= c->life.unreadable;
	c->life.unreadable = false;
	control_life_look(c);
	loop_timer_set(c->timer, 0);
}

int control_life_open(struct control *c)
{
	struct control_life *life = &c->life;

	life->up = *c->conf.uplink;
	life->up.fd = fcntl(c->conf.uplink->fd, F_DUPFD_CLOEXEC, 0);
	if (life->up.fd < 0)
		return -errno;
	life->timer = loop_timer_new(c->loop, on_timer, c);
	return life->timer ? 0 : -ENOMEM;
}

void control_life_close(struct control *c)
{
	loop_timer_free(c->life.timer);
	if (c->life.timer)
		close(c->life.up.fd);
}
