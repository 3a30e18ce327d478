/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/control/control_priv.h"
#include "backend/control/device.h"
#include "backend/uplink/capacity.h"
#include "backend/uplink/qdisc.h"
#include "common/log.h"
#include "common/units.h"
#include "xenstore-schema/xskey.h"

/*
 * What the uplink can carry, as the control thread sees it: is it known or can it be measured, what
 * was measured, and does it suffice for the minima? Those are admitted against what the operator
 * configured, and against nothing where he did not: a measured capacity moves, and what was granted
 * is not taken back for that. Where the minima come to more than the link carries they are scaled
 * down, and each device that has one says so.
 */
#define MIN_PERCENT   95 /* of the capacity that minima may take, as in the scheduler */
#define CLEAR_PERCENT 90 /* of a measured one, which wavers */
#define PROBE_WAIT_NS (200 * 1000000ull)

static bool configured_in_xenstore(struct control *c)
{
	char text[SCHEMA_VALUE_MAX + 1], err[SCHEMA_ERR_MAX];
	uint64_t bps = 0;

	return xskey_read(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY, text,
			  sizeof(text)) >= 0 &&
	       schema_parse_u64(KEY_UPLINK_TX_CAPACITY, text, &bps, err) == 0 && bps > 0;
}

int control_demand_capacity(struct control *c, char *err, size_t errlen)
{
	probe_uplink(c->conf.uplink, &c->probe);
	if (c->probe.signal || c->conf.tx_capacity_bps || configured_in_xenstore(c))
		return 0;
	snprintf(err, errlen,
		 "the capacity of uplink %s cannot be measured: %s; give --tx-capacity",
		 c->conf.name, c->probe.why);
	return -EINVAL;
}

/* --- the devices around the uplink ------------------------------------------------------------ */

/* Something changed: look in a moment, when what belongs together has. */
static void on_net_change(void *arg)
{
	struct control *c = arg;

	qdisc_watch_drain(c->net_fd);
	if (!c->probe_due)
		loop_timer_set(c->probe_timer, PROBE_WAIT_NS);
	c->probe_due = true;
}

static void on_probe_timer(void *arg)
{
	struct control *c = arg;
	struct probe was = c->probe;

	c->probe_due = false;
	probe_uplink(c->conf.uplink, &c->probe);
	if (c->probe.signal != was.signal)
		log_notice("uplink %s: its capacity can %s%s", c->conf.name,
			   c->probe.signal ? "be measured now" : "not be measured any more: ",
			   c->probe.why);
	c->link_dirty = true;
	loop_timer_set(c->timer, 0);
}

void control_watch_net(struct control *c)
{
	c->net_fd = qdisc_watch();
	if (c->net_fd < 0) {
		log_warning("cannot watch interfaces (%s): what changes there is not noticed",
			    strerror(-c->net_fd));
		return;
	}
	c->probe_timer = loop_timer_new(c->loop, on_probe_timer, c);
	if (c->probe_timer)
		c->net_io = loop_io_new(c->loop, c->net_fd, LOOP_READ, on_net_change, c);
}

void control_unwatch_net(struct control *c)
{
	loop_io_free(c->net_io);
	loop_timer_free(c->probe_timer);
	if (c->net_fd >= 0)
		close(c->net_fd);
}

/* --- what was measured, and the minima -------------------------------------------------------- */

uint64_t control_tx_capacity_bps(const struct control *c)
{
	return capacity_in_force_bps(c->link.tx_capacity_bps, c->estimate_bps, c->link.signal);
}

uint64_t control_minima_bps(const struct control *c, const struct device *but, enum schema_key key)
{
	uint64_t sum = 0;
	const struct device *d;

	TAILQ_FOREACH(d, &c->devices, next) {
		if (d != but && d->served && !d->gone)
			sum += key == KEY_BACK_TX_MIN ? d->settings.tx_min : d->settings.rx_min;
	}
	return sum;
}

static bool too_many(const struct control *c, enum schema_key key, uint64_t capacity_bps,
		     bool measured, bool already)
{
	unsigned percent = measured && already ? CLEAR_PERCENT : MIN_PERCENT;

	return capacity_bps && control_minima_bps(c, NULL, key) > capacity_bps / 100 * percent;
}

bool control_judge_minima(struct control *c)
{
	uint64_t tx_bps = control_tx_capacity_bps(c);
	bool tx = too_many(c, KEY_BACK_TX_MIN, tx_bps, tx_bps != c->link.tx_capacity_bps,
			   c->tx_scaled);
	bool rx = too_many(c, KEY_BACK_RX_MIN, c->link.rx_capacity_bps, false, c->rx_scaled);
	struct device *d;

	if (tx == c->tx_scaled && rx == c->rx_scaled)
		return false;
	c->tx_scaled = tx;
	c->rx_scaled = rx;
	TAILQ_FOREACH(d, &c->devices, next) {
		if (d->settings.tx_min || d->settings.rx_min)
			d->dirty = true;
	}
	return true;
}

void control_minima_error(const struct control *c, const struct device *d, char *err)
{
	const char *what = "what the uplink carries";
	enum schema_key key = KEY_BACK_TX_MIN;

	err[0] = '\0';
	if (!(c->tx_scaled && d->settings.tx_min)) {
		if (!(c->rx_scaled && d->settings.rx_min))
			return;
		key = KEY_BACK_RX_MIN;
		what = schema_name(KEY_UPLINK_RX_CAPACITY);
	}
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s is scaled down: all minima together are more than %d %% of %s",
		 schema_name(key), MIN_PERCENT, what);
}

void control_estimate(struct control *c, uint64_t bps)
{
	char rate[32];

	c->estimate_bps = bps;
	log_debug("uplink %s: carries %s", c->conf.name,
		  units_format_rate(rate, sizeof(rate), bps));
	xskey_write_u64(c->xs, XS_NO_TXN, c->uplink_dir, KEY_UPLINK_TX_CAPACITY_ESTIMATE, bps);
}
