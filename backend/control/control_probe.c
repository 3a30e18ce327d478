/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_key.h"
#include "backend/control/control_life.h"
#include "backend/control/control_state.h"
#include "backend/control/device_list.h"
#include "backend/uplink/netdev.h"
#include "backend/uplink/expect.h"
#include "backend/uplink/qdisc.h"
#include "common/log.h"
#include "common/tap.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

#define PROBE_WAIT_NS (200 * 1000000ull)

static bool configured_in_xenstore(struct control *c)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t bps = 0;

	return xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY, text,
			  sizeof(text)) >= 0 &&
	       schema_parse_u64(KEY_UPLINK_TX_CAPACITY, text, &bps, err) == 0 && bps > 0;
}

/* Reads which exit the operator chose. A malformed choice changes nothing. */
static void read_port(struct control *c)
{
	struct control_probe *p = &c->probe;
	char text[SCHEMA_VALUE_MAX + 1];
	int ret;

	p->port_error[0] = '\0';
	ret = control_key_read(c, KEY_UPLINK_UPLINK_PORT, text, p->port_error);
	if (ret == -ENOENT)
		p->port[0] = '\0';
	else if (ret == 0)
		schema_parse_text(KEY_UPLINK_UPLINK_PORT, text, p->port, sizeof(p->port),
				  p->port_error);
}

static void find_exits(struct control *c)
{
	struct control_probe *p = &c->probe;

	read_port(c);
	exits_find(c->conf.uplink, p->port, &p->exits);
	lost_look(&p->lost, &p->exits);
	if (p->port[0] && p->exits.how != EXITS_CHOSEN && !p->port_error[0])
		snprintf(p->port_error, sizeof(p->port_error), "%s \"%s\": %s",
			 schema_name(KEY_UPLINK_UPLINK_PORT), p->port, p->exits.why);
}

static void lower_to(uint32_t *mtu, const char *ifname)
{
	uint32_t is;

	if (tap_get_mtu(ifname, &is) == 0 && (*mtu == 0 || is < *mtu))
		*mtu = is;
}

/* A frame must fit the TAP, too: what answers it comes in there. */
static void find_mtu(struct control *c)
{
	struct control_probe *p = &c->probe;

	p->mtu = 0;
	lower_to(&p->mtu, c->conf.device);
	for (unsigned i = 0; i < p->exits.count; i++)
		lower_to(&p->mtu, p->exits.name[i]);
}

static enum speed_state probe(struct control *c)
{
	struct control_probe *p = &c->probe;
	uint64_t speed_bps;
	enum speed_state state;

	find_exits(c);
	find_mtu(c);
	probe_uplink(&p->exits, &p->found);
	state = speed_of_exits(NETDEV_SYSFS, &p->exits, &speed_bps);
	if (state != SPEED_DOWN)
		p->speed_bps = speed_bps;
	return state;
}

int control_probe_demand(struct control *c, char *err, size_t errlen)
{
	enum speed_state speed = probe(c);
	char why[EXPECT_WHY_MAX];
	enum expect expect = expect_of(&c->probe.exits, &c->probe.found, speed, why);

	if (expect == EXPECT_KNOWN || c->conf.tx_capacity_bps || configured_in_xenstore(c))
		return 0;
	if (expect == EXPECT_LATER) {
		snprintf(err, errlen,
			 "the capacity of uplink %s is not known yet: %s (or give --tx-capacity)",
			 c->conf.name, why);
		return -EAGAIN;
	}
	snprintf(err, errlen,
		 "the capacity of uplink %s cannot be measured: %s; give --tx-capacity",
		 c->conf.name, why);
	return -EINVAL;
}

void control_probe_now(struct control *c)
{
	bool was = c->probe.found.signal;

	c->due.probe = false;
	if (!control_life_readable(c))
		return;
	probe(c);
	if (c->probe.found.signal != was)
		log_notice("uplink %s: its capacity can %s%s", c->conf.name,
			   was ? "not be measured any more: " : "be measured now",
			   c->probe.found.why);
	c->due.link = true;
	c->due.share = true;
}

/* An interface changed. One command often changes several things: look when it is done. */
static void on_net_change(void *arg)
{
	struct control *c = arg;

	qdisc_watch_drain(c->probe.net_fd);
	control_life_look(c);
	if (c->due.link)
		loop_timer_set(c->timer, 0);
	if (!c->probe.timer_set)
		loop_timer_set(c->probe.timer, PROBE_WAIT_NS);
	c->probe.timer_set = true;
}

static void on_probe_timer(void *arg)
{
	struct control *c = arg;

	c->probe.timer_set = false;
	control_probe_now(c);
	control_life_look(c); /* by other exits, perhaps */
	device_mark_agentless(c);
	control_life_exits(c);
	loop_timer_set(c->timer, 0);
}

void control_probe_watch(struct control *c)
{
	struct control_probe *p = &c->probe;

	p->net_fd = qdisc_watch();
	if (p->net_fd < 0) {
		log_warning("cannot watch interfaces (%s): what changes there is not noticed",
			    strerror(-p->net_fd));
		return;
	}
	p->timer = loop_timer_new(c->loop, on_probe_timer, c);
	if (p->timer)
		p->net_io = loop_io_new(c->loop, p->net_fd, LOOP_READ, on_net_change, c);
}

void control_probe_unwatch(struct control *c)
{
	loop_io_free(c->probe.net_io);
	loop_timer_free(c->probe.timer);
	if (c->probe.net_fd >= 0)
		close(c->probe.net_fd);
}

void control_probe_estimate(struct control *c, uint64_t bps)
{
	char rate[32];

	c->probe.estimate_bps = bps;
	log_debug("uplink %s: carries %s", c->conf.name,
		  units_format_rate(rate, sizeof(rate), bps));
	xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY_ESTIMATE, bps);
}
