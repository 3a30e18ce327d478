/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/minima.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/control/control_inflow.h"
#include "backend/control/control_share.h"
#include "backend/control/device_state.h"
#include "backend/uplink/capacity.h"

/*
 * Minima are admitted against the configured capacity, or that by the speed of the hardware.
 * Without one they are all admitted: a measured capacity moves, and a granted minimum is not taken
 * back because of that. If all minima together are more than the link carries, they are scaled
 * down, and each device that has one says so.
 */
#define CLEAR_PERCENT                                                          \
	90 /* hysteresis: two thresholds, so that a measured one does not flap \
	    */

static uint64_t tx_capacity_bps(const struct control *c)
{
	return capacity_in_force_bps(c->link.conf.tx_capacity_bps, c->probe.estimate_bps,
				     c->link.conf.signal);
}

static uint64_t minimum_of(const struct ldp_settings *s, enum schema_key key)
{
	return key == KEY_BACK_TX_MIN ? s->tx_min : s->rx_min;
}

/* The sum over all devices but one (NULL: over all). */
static uint64_t sum_bps(const struct control *c, const struct device *but, enum schema_key key)
{
	uint64_t sum = 0;
	const struct device *d;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d != but && d->served && !d->gone)
			sum += minimum_of(&d->settings, key);
	}
	return sum;
}

/* Would all minima be within 95 % of the capacity? One direction. */
static bool fits(const struct control *c, const struct device *d, enum schema_key key,
		 uint64_t want_bps, char *err)
{
	uint64_t all_bps = key == KEY_BACK_TX_MIN ? c->link.conf.tx_capacity_bps
						  : c->link.conf.rx_capacity_bps;
	uint64_t capacity_bps =
		key == KEY_BACK_TX_MIN ? control_share_ldps_bps(c, all_bps) : all_bps;
	uint64_t sum = sum_bps(c, d, key) + want_bps, room = capacity_bps / 100 * MINIMA_PERCENT;

	if (capacity_bps == 0 || sum <= room)
		return true;
	if (err[0] == '\0')
		snprintf(err, SCHEMA_ERR_MAX,
			 "%s %" PRIu64 ": the minima would sum to %" PRIu64 ", %" PRIu64
			 " more than %d %% of the capacity of %" PRIu64 "%s",
			 schema_name(key), want_bps, sum, sum - room, MINIMA_PERCENT, capacity_bps,
			 capacity_bps < all_bps ? " that the host's minimum leaves" : "");
	return false;
}

void minima_admit(const struct control *c, const struct device *d, const struct ldp_settings *old,
		  struct ldp_settings *s, char *err)
{
	if (s->tx_min > old->tx_min && !fits(c, d, KEY_BACK_TX_MIN, s->tx_min, err))
		s->tx_min = old->tx_min;
	if (s->rx_min > old->rx_min && !fits(c, d, KEY_BACK_RX_MIN, s->rx_min, err))
		s->rx_min = old->rx_min;
}

static bool too_many(const struct control *c, enum schema_key key, uint64_t capacity_bps,
		     bool measured, bool already)
{
	unsigned percent = measured && already ? CLEAR_PERCENT : MINIMA_PERCENT;

	return capacity_bps && sum_bps(c, NULL, key) > capacity_bps / 100 * percent;
}

bool minima_judge(struct control *c)
{
	struct control_minima *m = &c->minima;
	uint64_t tx_bps = tx_capacity_bps(c);
	bool measured = tx_bps != c->link.conf.tx_capacity_bps;
	bool tx = too_many(c, KEY_BACK_TX_MIN, control_share_ldps_bps(c, tx_bps), measured,
			   m->tx_scaled);
	uint64_t rx_bps = control_inflow_left_bps(c);
	bool rx = too_many(c, KEY_BACK_RX_MIN, rx_bps, rx_bps != c->link.conf.rx_capacity_bps,
			   m->rx_scaled);
	struct device *d;

	if (tx == m->tx_scaled && rx == m->rx_scaled)
		return false;
	m->tx_scaled = tx;
	m->rx_scaled = rx;
	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (d->settings.tx_min || d->settings.rx_min)
			device_mark(d, DEVICE_LOOK);
	}
	return true;
}

void minima_error(const struct control *c, const struct device *d, char *err)
{
	const char *what = "what the uplink carries", *less = "";
	enum schema_key key = KEY_BACK_TX_MIN;

	err[0] = '\0';
	if (!(c->minima.tx_scaled && d->settings.tx_min)) {
		if (!(c->minima.rx_scaled && d->settings.rx_min))
			return;
		key = KEY_BACK_RX_MIN;
		what = schema_name(KEY_UPLINK_RX_CAPACITY);
		less = " less what the host receives";
	}
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s is scaled down: all minima together are more than %d %% of %s%s",
		 schema_name(key), MINIMA_PERCENT, what, less);
}
