/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/draw.h"

#include <stdlib.h>

#include "backend/sched/draw_priv.h"

/*
 * Theory of operation
 *
 * The clock. now_vt is the virtual time of the fluid ideal: it moves by bytes / (sum of the active
 * weights). It stays at the weighted mean of the active LDPs' starts. A served frame moves both
 * alike; the clock's move is calculated from the start's, so that rounding does not add up. An LDP
 * that joins ahead of the clock, or leaves ahead of it or behind it, moves the clock by its part.
 * So the excess of one LDP never counts as service of the others. The clock has a fraction, because
 * a frame among 65,536 heavy LDPs moves it by less than one.
 *
 * Whose turn. Among the classes whose head slot has begun, the one whose position comes first, and
 * within it the wheel's lottery. If rounding leaves no such class, the one that begins first.
 *
 * Repayment. A factor on an LDP's weight divides how far a byte moves its start, and nothing else:
 * its class, its credit in a slot and the sum of the weights use the weight without the factor. The
 * clock still follows the starts, so LDPs without a factor share the rest as before.
 *
 * Express. An LDP that wakes and is not ahead may overtake for one quantum, a low_latency LDP
 * always; but only while it is not ahead of the clock, and only if no class misses the end of its
 * head slot by it. So it gets its share sooner, but never more than its share.
 */
#define DRAW_START_VT  ((uint64_t)1 << 56) /* the clock may turn back, by 2^30 quanta of credit */
#define DRAW_REBASE_VT ((uint64_t)1 << 62)
#define DRAW_LOOKS     4 /* waiters of the express path that one draw looks at */
#define DRAW_LEAD      2 /* quanta that an LDP may be ahead and still be due */

struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed)
{
	struct draw *d = calloc(1, sizeof(*d));
	uint32_t ring = 1;

	if (!d)
		return NULL;
	while (ring < max_ids)
		ring *= 2;
	d->ldp = aligned_alloc(sizeof(*d->ldp), max_ids * sizeof(*d->ldp));
	d->express = calloc(ring, sizeof(*d->express));
	if (!d->ldp || !d->express) {
		draw_free(d);
		return NULL;
	}
	d->express_mask = ring - 1;
	d->express_on = true;
	d->max_ids = max_ids;
	d->quantum_bytes = quantum_bytes;
	d->now_vt = DRAW_START_VT;
	rng_seed(&d->rng, seed);
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++)
		wheel_init(&d->wheel[k], k);
	for (uint32_t id = 0; id < max_ids; id++) {
		d->ldp[id] = (struct wheel_ldp){0};
		draw_reset(d, id, 1, false);
	}
	return d;
}

void draw_free(struct draw *d)
{
	if (!d)
		return;
	free(d->ldp);
	free(d->express);
	free(d);
}

static void draw_set_weight(struct draw *d, struct wheel_ldp *l, uint32_t weight)
{
	const unsigned __int128 quantum = (unsigned __int128)1 << (VT_QUANTUM_LOG + 32 + 16);

	l->weight = weight;
	l->class = (uint8_t)(31 - __builtin_clz(weight));
	/* Rounded up, so that a full frame leaves no rest of credit in its slot. */
	l->step = (uint64_t)(quantum / ((uint64_t)d->quantum_bytes * weight) / l->factor_q16) + 1;
}

void draw_set_factor(struct draw *d, uint32_t id, uint32_t factor_q16)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->factor_q16 == factor_q16)
		return;
	l->factor_q16 = factor_q16;
	draw_set_weight(d, l, l->weight);
}

/* Moves the clock by a possibly negative amount. */
static void draw_shift_clock(struct draw *d, double by_vt)
{
	double to = d->now_frac + by_vt;
	int64_t whole = (int64_t)to;

	if ((double)whole > to)
		whole--;
	d->now_vt += (uint64_t)whole;
	d->now_frac = to - (double)whole;
}

/* Counts the LDP in (sign 1) or out (sign -1) and keeps the clock at the mean of those in. */
static void draw_count(struct draw *d, const struct wheel_ldp *l, int sign)
{
	double ahead = draw_ahead(d, l);

	d->active_weight += (uint64_t)(int64_t)sign * l->weight;
	if (!d->active_weight) { /* the last one leaves: the link served this LDP alone */
		d->now_vt = l->start_vt;
		d->now_frac = 0;
		return;
	}
	draw_shift_clock(d, sign * ahead * l->weight / (double)d->active_weight);
	d->per_weight = 1 / (double)d->active_weight;
	d->quantum_vt = (double)QUANTUM_CREDIT * d->per_weight;
}

/* Draws a new position of the class, or marks the class empty. */
static void draw_update(struct draw *d, unsigned int class)
{
	if (d->wheel[class].members) {
		d->busy |= 1u << class;
		wheel_position(&d->wheel[class], &d->rng);
	} else {
		d->busy &= ~(1u << class);
	}
}

static void draw_put(struct draw *d, uint32_t id)
{
	draw_count(d, &d->ldp[id], 1);
	wheel_put(&d->wheel[d->ldp[id].class], d->ldp, id);
	draw_update(d, d->ldp[id].class);
}

static void draw_take(struct draw *d, uint32_t id)
{
	wheel_take(&d->wheel[d->ldp[id].class], d->ldp, id);
	draw_count(d, &d->ldp[id], -1);
	draw_update(d, d->ldp[id].class);
}

void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency)
{
	struct wheel_ldp *l = &d->ldp[id];

	l->factor_q16 = DRAW_FACTOR_ONE;
	draw_set_weight(d, l, weight);
	l->start_vt = 0;
	l->start_frac = 0;
	l->express_bytes = 0;
	l->low_latency = low_latency;
}

void draw_reweight(struct draw *d, uint32_t id, uint32_t weight, bool low_latency)
{
	struct wheel_ldp *l = &d->ldp[id];
	bool in = l->where != WHEEL_OUT;
	/* By the clock while the LDP is in: draw_take() moves the clock. */
	double ahead = draw_ahead(d, l), scale = (double)l->weight / weight;
	uint64_t start_vt;

	/*
	 * The clock may have moved back since the LDP left. No other LDP lost what it is ahead by
	 * that, so a lighter weight must not scale it up.
	 */
	if (!in && scale > 1)
		scale = 1;
	start_vt = d->now_vt + (uint64_t)(int64_t)(ahead * scale + d->now_frac);

	l->low_latency = low_latency;
	if (weight == l->weight)
		return;
	if (in)
		draw_take(d, id);
	draw_set_weight(d, l, weight);
	if (in || ahead > 0) {
		l->start_vt = start_vt;
		l->start_frac = 0;
	}
	if (in)
		draw_put(d, id);
}

void draw_wake(struct draw *d, uint32_t id)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->where != WHEEL_OUT)
		return;
	if (l->start_vt < d->now_vt) {
		l->start_vt = d->now_vt;
		l->start_frac = 0;
	}
	draw_put(d, id);
	l->express_bytes = (int32_t)d->quantum_bytes;
	if (!l->in_express) {
		l->in_express = true;
		d->express[d->express_put++ & d->express_mask] = id;
	}
}

void draw_sleep(struct draw *d, uint32_t id)
{
	if (d->ldp[id].where != WHEEL_OUT)
		draw_take(d, id);
}

/* The first of at most DRAW_LOOKS waiters that may overtake; the others leave or requeue. */
static uint32_t draw_express(struct draw *d)
{
	for (int look = 0; look < DRAW_LOOKS && d->express_get != d->express_put; look++) {
		uint32_t id = d->express[d->express_get & d->express_mask];
		struct wheel_ldp *l = &d->ldp[id];
		bool may = l->where != WHEEL_OUT && (l->low_latency || l->express_bytes > 0);

		if (may && l->start_vt <= d->now_vt)
			return id;
		d->express_get++;
		if (may &&
		    (l->low_latency || (l->start_vt - d->now_vt) * l->weight < QUANTUM_CREDIT))
			d->express[d->express_put++ & d->express_mask] = id;
		else
			l->in_express = false;
	}
	return WHEEL_NONE;
}

/* The class whose turn it is. *slack_vt: how far the clock may move until a class is late. */
static unsigned int draw_class(const struct draw *d, int64_t *slack_vt)
{
	uint64_t best_vt = UINT64_MAX, first_vt = UINT64_MAX, end_vt = UINT64_MAX;
	unsigned int best = WHEEL_CLASSES, first = 0;

	for (uint32_t map = d->busy; map; map &= map - 1) {
		unsigned int k = (unsigned int)__builtin_ctz(map);
		const struct wheel *w = &d->wheel[k];

		if (wheel_begin_vt(w) < first_vt) {
			first_vt = wheel_begin_vt(w);
			first = k;
		}
		if (wheel_begin_vt(w) > d->now_vt)
			continue;
		if (wheel_end_vt(w) < end_vt)
			end_vt = wheel_end_vt(w);
		if (w->position_vt < best_vt) {
			best_vt = w->position_vt;
			best = k;
		}
	}
	*slack_vt = end_vt == UINT64_MAX ? INT64_MAX : (int64_t)(end_vt - d->now_vt);
	return best < WHEEL_CLASSES ? best : first;
}

uint32_t draw_pick(struct draw *d)
{
	unsigned int class;
	int64_t slack_vt;

	if (!d->busy)
		return WHEEL_NONE;
	class = draw_class(d, &slack_vt);
	if (d->express_on && d->express_get != d->express_put &&
	    d->quantum_vt <= (double)slack_vt) {
		uint32_t id = draw_express(d);

		if (id != WHEEL_NONE)
			return id;
	}
	return wheel_pick(&d->wheel[class], d->ldp, &d->rng);
}

/* Moves all virtual times back, by a multiple of the length of every class's wheel. */
static void draw_rebase(struct draw *d)
{
	const uint64_t turn = (uint64_t)WHEEL_SLOTS << VT_QUANTUM_LOG;
	const uint64_t by = (d->now_vt - DRAW_START_VT) / turn * turn;

	d->now_vt -= by;
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++)
		wheel_rebase(&d->wheel[k], by);
	for (uint32_t id = 0; id < d->max_ids; id++) {
		struct wheel_ldp *l = &d->ldp[id];

		l->start_vt = l->start_vt > by ? l->start_vt - by : 0;
	}
}

void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes)
{
	struct wheel_ldp *l = &d->ldp[id];
	bool in = l->where != WHEEL_OUT;
	uint64_t before_vt;
	uint32_t before_frac;
	double moved_vt;

	if (!in && l->start_vt < d->now_vt)
		l->start_vt = d->now_vt;
	before_vt = l->start_vt;
	before_frac = l->start_frac;
	wheel_serve(&d->wheel[l->class], d->ldp, id, cost_bytes);
	if (!in)
		return;
	moved_vt = (double)(l->start_vt - before_vt) +
		   ((double)l->start_frac - (double)before_frac) * 0x1p-32;
	d->now_frac += moved_vt * l->weight * d->per_weight;
	d->now_vt += (uint64_t)d->now_frac;
	d->now_frac -= (double)(uint64_t)d->now_frac;
	if (l->express_bytes > 0)
		l->express_bytes -=
			cost_bytes < d->quantum_bytes ? (int32_t)cost_bytes : l->express_bytes;
	draw_update(d, l->class);
	if (d->now_vt >= DRAW_REBASE_VT)
		draw_rebase(d);
}

bool draw_is_due(const struct draw *d, uint32_t id)
{
	return draw_ahead(d, &d->ldp[id]) * d->ldp[id].weight <
	       (double)(DRAW_LEAD * QUANTUM_CREDIT);
}
