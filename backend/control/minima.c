/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/minima.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/control/control_group.h"
#include "backend/control/control_inflow.h"
#include "backend/control/control_share.h"
#include "backend/control/device_state.h"
#include "backend/uplink/capacity.h"

/*
 * Minima are admitted against the configured capacity, or that by the speed of the hardware.
 * Without one they are all admitted: a measured capacity moves, and a granted minimum is not taken
 * back because of that. If all minima together are more than the link carries, they are scaled
 * down, and each device and group that has one says so.
 *
 * A group's minimum counts once: it has room for those of the devices in it, which have to fit
 * there. In a group without one, each device's minimum counts like that of a device in none.
 */
#define CLEAR_PERCENT                                                          \
	90 /* hysteresis: two thresholds, so that a measured one does not flap \
	    */

static uint64_t tx_capacity_bps(const struct control *c)
{
	return capacity_in_force_bps(c->link.conf.tx_capacity_bps, c->probe.estimate_bps,
				     c->link.conf.signal);
}

static uint64_t pick(uint64_t tx_bps, uint64_t rx_bps, enum ldp_dir dir)
{
	return dir == LDP_TX ? tx_bps : rx_bps;
}

static const char *name_of(enum ldp_dir dir)
{
	return schema_name(dir == LDP_TX ? KEY_BACK_TX_MIN : KEY_BACK_RX_MIN);
}

/* A minimum as it would be, a device's or a group's. All zero: all are as they are. */
struct wish {
	const struct device *d;	    /* NULL: no device's */
	const struct ldp_group *in; /* where it would be */
	const struct ldp_group *of; /* NULL: no group's */
	bool newcomer;		    /* of a device that does not exist: it would be in `in` */
	uint64_t bps;
	char asked[SCHEMA_NAME_MAX + 64]; /* what the operator asks for */
};

static const struct wish as_is;

static uint64_t group_bps(const struct ldp_group *g, const struct wish *w, enum ldp_dir dir)
{
	return g == w->of ? w->bps : pick(g->settings.tx_min, g->settings.rx_min, dir);
}

static uint64_t device_bps(const struct device *d, const struct wish *w, enum ldp_dir dir)
{
	if (d == w->d)
		return w->bps;
	return d->served && !d->gone ? pick(d->settings.tx_min, d->settings.rx_min, dir) : 0;
}

static const struct ldp_group *group_of(const struct device *d, const struct wish *w)
{
	return d == w->d ? w->in : d->group;
}

/* Of all that the uplink promises. */
static uint64_t sum_bps(const struct control *c, const struct wish *w, enum ldp_dir dir)
{
	const struct ldp_group *g;
	const struct device *d;
	uint64_t sum = 0;

	TAILQ_FOREACH(g, &c->groups.all, next)
		sum += group_bps(g, w, dir);
	TAILQ_FOREACH(d, &c->devices.all, next) {
		g = group_of(d, w);
		if (!g || group_bps(g, w, dir) == 0)
			sum += device_bps(d, w, dir);
	}
	if (w->newcomer && (!w->in || group_bps(w->in, w, dir) == 0))
		sum += w->bps;
	return sum;
}

/* Of the devices in a group. */
static uint64_t inner_bps(const struct control *c, const struct ldp_group *g, const struct wish *w,
			  enum ldp_dir dir)
{
	const struct device *d;
	uint64_t sum = 0;

	TAILQ_FOREACH(d, &c->devices.all, next) {
		if (group_of(d, w) == g)
			sum += device_bps(d, w, dir);
	}
	return w->newcomer && w->in == g ? sum + w->bps : sum;
}

/* Do the minima fit inside the group? */
static bool fits_group(const struct control *c, const struct wish *w, enum ldp_dir dir, char *err)
{
	const struct ldp_group *g = w->of ? w->of : w->in;
	uint64_t own = g ? group_bps(g, w, dir) : 0, sum = own ? inner_bps(c, g, w, dir) : 0;

	if (sum <= own || (!w->of && sum <= inner_bps(c, g, &as_is, dir)))
		return true;
	if (!w->of)
		minima_words_group(err, w->asked, g->name, sum, own, name_of(dir));
	else
		snprintf(err, SCHEMA_ERR_MAX,
			 "%s: less than the minima of the devices in the group, which sum to "
			 "%" PRIu64,
			 w->asked, sum);
	return false;
}

/* Of a capacity, what minima are admitted to. */
static uint64_t ldps_bps(const struct control *c, enum ldp_dir dir, uint64_t all_bps)
{
	return dir == LDP_TX ? control_share_ldps_bps(c, all_bps) : all_bps;
}

/* Would all minima be within 95 % of the capacity? */
static bool fits_uplink(const struct control *c, const struct wish *w, enum ldp_dir dir, char *err)
{
	uint64_t all_bps = pick(c->link.conf.tx_capacity_bps, c->link.conf.rx_capacity_bps, dir);
	uint64_t capacity_bps = ldps_bps(c, dir, all_bps);
	uint64_t sum = sum_bps(c, w, dir), room = minima_words_room(capacity_bps);

	if (capacity_bps == 0 || sum <= room || sum <= sum_bps(c, &as_is, dir))
		return true;
	minima_words_uplink(err, w->asked, sum, capacity_bps,
			    capacity_bps < all_bps ? " that the host's minimum leaves" : "");
	return false;
}

/* False: it is added to err that the key is refused. */
static bool fits(const struct control *c, const struct wish *w, enum ldp_dir dir, const char *key,
		 char *err)
{
	char why[SCHEMA_ERR_MAX];

	if (fits_group(c, w, dir, why) && fits_uplink(c, w, dir, why))
		return true;
	refusal_add(err, key, why);
	return false;
}

/* May the device bring its minimum, as far as it is not raised, into another group? */
static bool may_move(const struct control *c, const struct device *d, const struct ldp_group *in,
		     const struct ldp_settings *s, enum ldp_dir dir, char *err)
{
	uint64_t old = pick(d->settings.tx_min, d->settings.rx_min, dir);
	uint64_t bps = pick(s->tx_min, s->rx_min, dir);
	struct wish w = {.d = d, .in = in, .bps = bps < old ? bps : old};

	snprintf(w.asked, sizeof(w.asked), "%s \"%s\" with %s %" PRIu64,
		 schema_name(KEY_BACK_GROUP), s->group, name_of(dir), w.bps);
	return fits(c, &w, dir, schema_name(KEY_BACK_GROUP), err);
}

static void admit(const struct control *c, const struct device *d, const struct ldp_group *in,
		  uint64_t *bps, enum ldp_dir dir, char *err)
{
	uint64_t old = pick(d->settings.tx_min, d->settings.rx_min, dir);
	struct wish w = {.d = d, .in = in, .bps = *bps};

	snprintf(w.asked, sizeof(w.asked), "%s %" PRIu64, name_of(dir), *bps);
	if (*bps > old && !fits(c, &w, dir, name_of(dir), err))
		*bps = old;
}

void minima_admit(const struct control *c, const struct device *d, const struct ldp_group *in,
		  struct ldp_settings *s, char err[REFUSAL_MAX])
{
	if (in != d->group &&
	    !(may_move(c, d, in, s, LDP_TX, err) && may_move(c, d, in, s, LDP_RX, err))) {
		memcpy(s->group, d->settings.group, sizeof(s->group));
		in = d->group;
	}
	admit(c, d, in, &s->tx_min, LDP_TX, err);
	admit(c, d, in, &s->rx_min, LDP_RX, err);
}

static void admit_group(const struct control *c, const struct ldp_group *g, uint64_t *bps,
			enum ldp_dir dir, char *err)
{
	uint64_t old = pick(g->settings.tx_min, g->settings.rx_min, dir);
	struct wish w = {.of = g, .bps = *bps};

	snprintf(w.asked, sizeof(w.asked), "%s %" PRIu64, name_of(dir), *bps);
	if (*bps != old && !fits(c, &w, dir, name_of(dir), err))
		*bps = old;
}

void minima_admit_group(const struct control *c, const struct ldp_group *g,
			struct group_settings *s, char err[REFUSAL_MAX])
{
	admit_group(c, g, &s->tx_min, LDP_TX, err);
	admit_group(c, g, &s->rx_min, LDP_RX, err);
}

/* --- a device that might come ----------------------------------------------------------------- */

static struct wish wish_of(const struct minima_newcomer *n, enum ldp_dir dir)
{
	struct wish w = {.newcomer = true, .in = n->in, .bps = pick(n->tx_min, n->rx_min, dir)};

	snprintf(w.asked, sizeof(w.asked), "%s %" PRIu64, name_of(dir), w.bps);
	return w;
}

bool minima_would_admit(const struct control *c, const struct minima_newcomer *n,
			char err[REFUSAL_MAX])
{
	struct wish tx = wish_of(n, LDP_TX), rx = wish_of(n, LDP_RX);

	err[0] = '\0';
	return fits(c, &tx, LDP_TX, name_of(LDP_TX), err) &&
	       fits(c, &rx, LDP_RX, name_of(LDP_RX), err);
}

static uint64_t less(uint64_t of, uint64_t bps)
{
	return of > bps ? of - bps : 0;
}

struct minima_left minima_left(const struct control *c, const struct minima_newcomer *n,
			       enum ldp_dir dir)
{
	uint64_t now_bps = dir == LDP_TX ? tx_capacity_bps(c) : control_inflow_left_bps(c);
	uint64_t all_bps = pick(c->link.conf.tx_capacity_bps, c->link.conf.rx_capacity_bps, dir);
	struct wish w = wish_of(n, dir);
	struct minima_left l = {.measured = all_bps == 0,
				.sum_bps = sum_bps(c, &w, dir),
				.left_bps = MINIMA_NO_LIMIT,
				.group_left_bps = MINIMA_NO_LIMIT};

	l.capacity_bps = ldps_bps(c, dir, all_bps ? all_bps : now_bps);
	now_bps = ldps_bps(c, dir, now_bps);
	if (l.capacity_bps)
		l.left_bps = less(minima_words_room(l.capacity_bps), l.sum_bps);
	if (n->in && group_bps(n->in, &w, dir))
		l.group_left_bps = less(group_bps(n->in, &w, dir), inner_bps(c, n->in, &w, dir));
	l.scaled = now_bps && l.sum_bps > minima_words_room(now_bps);
	return l;
}

/* --- more than the link carries --------------------------------------------------------------- */

static bool too_many(const struct control *c, enum ldp_dir dir, uint64_t capacity_bps,
		     bool measured, bool already)
{
	unsigned percent = measured && already ? CLEAR_PERCENT : MINIMA_PERCENT;

	return capacity_bps && sum_bps(c, &as_is, dir) > capacity_bps / 100 * percent;
}

bool minima_judge(struct control *c)
{
	struct control_minima *m = &c->minima;
	uint64_t tx_bps = tx_capacity_bps(c);
	bool measured = tx_bps != c->link.conf.tx_capacity_bps;
	bool tx = too_many(c, LDP_TX, control_share_ldps_bps(c, tx_bps), measured, m->tx_scaled);
	uint64_t rx_bps = control_inflow_left_bps(c);
	bool rx = too_many(c, LDP_RX, rx_bps, rx_bps != c->link.conf.rx_capacity_bps, m->rx_scaled);
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

static void scaled_error(const struct control *c, uint64_t tx_min, uint64_t rx_min, char *err)
{
	const char *what = "what the uplink carries", *less = "";
	enum ldp_dir dir = LDP_TX;

	err[0] = '\0';
	if (!(c->minima.tx_scaled && tx_min)) {
		if (!(c->minima.rx_scaled && rx_min))
			return;
		dir = LDP_RX;
		what = schema_name(KEY_UPLINK_RX_CAPACITY);
		less = " less what the host receives";
	}
	snprintf(err, SCHEMA_ERR_MAX,
		 "%s is scaled down: all minima together are more than %d %% of %s%s", name_of(dir),
		 MINIMA_PERCENT, what, less);
}

void minima_error(const struct control *c, const struct device *d, char *err)
{
	scaled_error(c, d->settings.tx_min, d->settings.rx_min, err);
}

void minima_group_error(const struct control *c, const struct ldp_group *g, char *err)
{
	scaled_error(c, g->settings.tx_min, g->settings.rx_min, err);
}
