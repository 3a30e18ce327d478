/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/draw.h"

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
 * Repayment. Each LDP in the draw has its share by weight among all LDPs. The shares of those
 * outside are excess, and the factors only change how that is divided, in proportion to weight *
 * factor. An LDP's step is divided by what this makes of its share, and nothing else changes: its
 * class, its credit in a slot and the sum of the weights use the weight alone. The clock still
 * follows the starts. While all LDPs are in the draw, no factor has any effect.
 *
 * Express. An LDP that wakes and is not ahead may overtake for one quantum, a low_latency LDP
 * always; but only while it is not ahead of the clock. So it gets its share sooner, but never more
 * than its share. Where no class misses the end of its head slot by it, it costs nobody anything.
 * Long frames take classes past such ends, and some class may be late all the time. Then a 64th
 * of the bytes may overtake nevertheless, about one quantum in a row: a few light LDPs need less
 * than that, and many that wake at once cannot hold up the others.
 *
 * Far ahead. An LDP that was charged for a flood in one go may be thousands of quanta ahead. It
 * leaves the draw until the clock has come to its start, as if it slept: others of its class, and
 * those that wake, do not wait behind its debt.
 */
#define DRAW_REBASE_VT ((uint64_t)1 << 62)
#define DRAW_LOOKS     4  /* waiters of an express ring that one draw looks at */
#define DRAW_LEAD      2  /* quanta that an LDP may be ahead and still be due */
#define DRAW_FAR       64 /* quanta that an LDP may be ahead and stay: above a frame of 64 KiB */
#define DRAW_PASS_PART 64 /* a 64th of the bytes may overtake even if a class is late */

void draw_set_all_weight(struct draw *d, uint64_t weight)
{
	d->all_weight = weight;
}

static void draw_set_weight(struct draw *d, struct wheel_ldp *l, uint32_t weight)
{
	const uint64_t quantum = (uint64_t)1 << (VT_QUANTUM_LOG + 32);

	l->weight = weight;
	l->class = (uint8_t)draw_class_of(weight);
	/* Rounded up, so that a full frame leaves no rest of credit in its slot. */
	l->step = quantum / ((uint64_t)d->quantum_bytes * weight) + 1;
}

void draw_set_factor(struct draw *d, uint32_t id, uint32_t factor_q16)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->where != WHEEL_OUT)
		d->active_repaid +=
			(uint64_t)l->weight * factor_q16 - (uint64_t)l->weight * l->factor_q16;
	l->factor_q16 = factor_q16;
}

/*
 * The step with the repayment in it. With `idle` of all weights outside the draw, a weight w in it
 * has w / all of the link, and of the rest, idle / all, the part w * factor / (the sum of those).
 * This is divided by what it would be with a factor of 1.
 */
static uint64_t draw_step(const struct draw *d, const struct wheel_ldp *l)
{
	double idle, repaid;

	if (l->factor_q16 == DRAW_FACTOR_ONE || d->all_weight <= d->active_weight)
		return l->step;
	idle = (double)(d->all_weight - d->active_weight) * DRAW_FACTOR_ONE;
	repaid = (double)d->active_repaid;
	return (uint64_t)((double)l->step * (repaid + idle) /
			  (repaid + idle * l->factor_q16 / DRAW_FACTOR_ONE)) +
	       1;
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
	d->active_repaid += (uint64_t)(int64_t)sign * l->weight * l->factor_q16;
	if (l->low_latency)
		d->low += (uint32_t)sign;
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
	if (d->wheel[class]->members) {
		d->busy |= 1u << class;
		wheel_position(d->wheel[class], &d->rng);
	} else {
		d->busy &= ~(1u << class);
	}
}

static void draw_put(struct draw *d, uint32_t id)
{
	draw_count(d, &d->ldp[id], 1);
	wheel_put(d->wheel[d->ldp[id].class], d->ldp, id);
	draw_update(d, d->ldp[id].class);
}

static void draw_take(struct draw *d, uint32_t id)
{
	wheel_take(d->wheel[d->ldp[id].class], d->ldp, id);
	draw_count(d, &d->ldp[id], -1);
	draw_update(d, d->ldp[id].class);
}

static void draw_queue(struct draw *d, uint32_t id, int ring)
{
	struct draw_ring *r = &d->ring[ring];

	if (d->ldp[id].in_ring & 1u << ring)
		return;
	d->ldp[id].in_ring |= (uint8_t)(1u << ring);
	d->ldp[id].ring_next[ring] = WHEEL_NONE;
	if (r->first == WHEEL_NONE)
		r->first = id;
	else
		d->ldp[r->last].ring_next[ring] = id;
	r->last = id;
}

static bool draw_is_far(const struct draw *d, const struct wheel_ldp *l)
{
	return draw_ahead(d, l) * l->weight > (double)(DRAW_FAR * QUANTUM_CREDIT);
}

/* Lets an LDP that is outside join, now or when the clock has come to its start. */
static void draw_join(struct draw *d, uint32_t id)
{
	struct wheel_ldp *l = &d->ldp[id];

	l->away = d->busy && draw_is_far(d, l);
	if (l->away) {
		heap_set(&d->away, id, l->start_vt);
		return;
	}
	draw_put(d, id);
	if (l->low_latency)
		draw_queue(d, id, RING_LOW);
}

/* Lets those join to whose starts the clock has come; the first one, if nobody else is in. */
static void draw_return(struct draw *d)
{
	while (d->away.n && (!d->busy || heap_first_ns(&d->away) <= d->now_vt)) {
		uint32_t id = heap_first_id(&d->away);

		heap_drop(&d->away, id);
		draw_join(d, id);
	}
}

void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency)
{
	struct wheel_ldp *l = &d->ldp[id];

	l->owner = d->owner;
	l->factor_q16 = DRAW_FACTOR_ONE;
	draw_set_weight(d, l, weight);
	l->start_vt = 0;
	l->start_frac = 0;
	l->express_bytes = 0;
	l->low_latency = low_latency;
}

void draw_set_low(struct draw *d, uint32_t id, bool low_latency)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->low_latency == low_latency)
		return;
	l->low_latency = low_latency;
	if (l->where == WHEEL_OUT)
		return;
	if (!low_latency) {
		d->low--;
		return;
	}
	d->low++;
	draw_queue(d, id, RING_LOW);
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

	draw_set_low(d, id, low_latency);
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
	else if (l->away)
		heap_set(&d->away, id, l->start_vt);
}

void draw_wake(struct draw *d, uint32_t id)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->where != WHEEL_OUT || l->away)
		return;
	if (l->start_vt < d->now_vt) {
		l->start_vt = d->now_vt;
		l->start_frac = 0;
	}
	l->express_bytes = (int32_t)d->quantum_bytes;
	draw_join(d, id);
	draw_queue(d, id, RING_WOKEN);
}

void draw_sleep(struct draw *d, uint32_t id)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->where != WHEEL_OUT)
		draw_take(d, id);
	if (l->away)
		heap_drop(&d->away, id);
	l->away = false;
}

void draw_hurry(struct draw *d, uint32_t id)
{
	if (d->ldp[id].where == WHEEL_OUT)
		return;
	d->ldp[id].express_bytes = (int32_t)d->quantum_bytes;
	draw_queue(d, id, RING_WOKEN);
}

/*
 * The first of at most DRAW_LOOKS waiters that may overtake; the others leave or requeue. `late`:
 * some class is late, so one that sends long frames would use up what the others may.
 */
static uint32_t draw_waiter(struct draw *d, int ring, bool late)
{
	struct draw_ring *r = &d->ring[ring];

	for (int look = 0; look < DRAW_LOOKS && r->first != WHEEL_NONE; look++) {
		uint32_t id = r->first;
		struct wheel_ldp *l = &d->ldp[id];
		bool low = ring == RING_LOW;
		bool may = l->where != WHEEL_OUT && (low ? l->low_latency : l->express_bytes > 0);
		bool ready = may && l->start_vt <= d->now_vt;

		if (ready && !(late && l->long_frames))
			return id;
		r->first = l->ring_next[ring];
		l->in_ring &= (uint8_t) ~(1u << ring);
		if (may && (low || ready || (l->start_vt - d->now_vt) * l->weight < QUANTUM_CREDIT))
			draw_queue(d, id, ring);
	}
	return WHEEL_NONE;
}

/* Mostly nobody waits. */
static uint32_t draw_express(struct draw *d, bool late)
{
	uint32_t id = WHEEL_NONE;

	for (int ring = 0; ring < RINGS && id == WHEEL_NONE; ring++)
		if (d->ring[ring].first != WHEEL_NONE)
			id = draw_waiter(d, ring, late);
	return id;
}

bool draw_has_waiters(const struct draw *d)
{
	return d->express_on &&
	       (d->ring[RING_WOKEN].first != WHEEL_NONE || d->ring[RING_LOW].first != WHEEL_NONE);
}

bool draw_overtakes(const struct draw *d, uint32_t id)
{
	const struct wheel_ldp *l = &d->ldp[id];

	return (l->express_bytes > 0 || l->low_latency) && l->start_vt <= d->now_vt;
}

/* The class whose turn it is. *slack_vt: how far the clock may move until a class is late. */
static unsigned int draw_class(const struct draw *d, int64_t *slack_vt)
{
	uint64_t best_vt = UINT64_MAX, first_vt = UINT64_MAX, end_vt = UINT64_MAX;
	unsigned int best = WHEEL_CLASSES, first = 0;

	for (uint32_t map = d->busy; map; map &= map - 1) {
		unsigned int k = (unsigned int)__builtin_ctz(map);
		const struct wheel *w = d->wheel[k];

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
	bool early;

	if (d->away.n)
		draw_return(d);
	if (!d->busy)
		return WHEEL_NONE;
	class = draw_class(d, &slack_vt);
	early = d->quantum_vt <= (double)slack_vt;
	d->passed = WHEEL_NONE;
	if (d->express_on && (early || d->pass_bytes > 0)) {
		uint32_t id = draw_express(d, !early);

		if (!early)
			d->passed = id;
		if (id != WHEEL_NONE)
			return id;
	}
	return wheel_pick(d->wheel[class], d->ldp, &d->rng);
}

/* Moves all virtual times back, by a multiple of the length of every class's wheel. */
static void draw_rebase(struct draw *d)
{
	const uint64_t turn = (uint64_t)WHEEL_SLOTS << VT_QUANTUM_LOG;
	const uint64_t by = (d->now_vt - DRAW_START_VT) / turn * turn;

	d->now_vt -= by;
	for (unsigned int k = 0; k < WHEEL_CLASSES; k++)
		if (d->wheel[k])
			wheel_rebase(d->wheel[k], by);
	for (uint32_t id = 0; id < d->max_ids; id++) {
		struct wheel_ldp *l = &d->ldp[id];

		if (l->owner != d->owner)
			continue;
		l->start_vt = l->start_vt > by ? l->start_vt - by : 0;
		if (l->away)
			heap_set(&d->away, id, l->start_vt);
	}
}

/* Counts a frame for the allowance of those that overtake although a class is late. */
static void draw_count_pass(struct draw *d, uint32_t id, uint32_t cost_bytes)
{
	if (id == d->passed) {
		d->pass_bytes -= cost_bytes;
		/* How long a frame is shows only now: the others do not pay for more than this. */
		if (d->pass_bytes < -(int64_t)d->quantum_bytes)
			d->pass_bytes = -(int64_t)d->quantum_bytes;
		d->passed = WHEEL_NONE; /* one frame a draw */
	} else {
		d->pass_bytes += cost_bytes / DRAW_PASS_PART;
	}
	if (d->pass_bytes > d->quantum_bytes)
		d->pass_bytes = d->quantum_bytes;
}

/* Charges an LDP outside. */
static void draw_charge_outside(struct draw *d, uint32_t id, uint32_t cost_bytes)
{
	struct wheel_ldp *l = &d->ldp[id];

	if (l->start_vt < d->now_vt)
		l->start_vt = d->now_vt;
	wheel_serve(d->wheel[l->class], d->ldp, id, l->step, cost_bytes);
	if (l->away)
		heap_set(&d->away, id, l->start_vt);
}

void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes)
{
	struct wheel_ldp *l = &d->ldp[id];
	uint64_t before_vt = l->start_vt;
	uint32_t before_frac = l->start_frac;
	double moved_vt;

	if (l->where == WHEEL_OUT) {
		draw_charge_outside(d, id, cost_bytes);
		return;
	}
	wheel_serve(d->wheel[l->class], d->ldp, id, draw_step(d, l), cost_bytes);
	moved_vt = (double)(l->start_vt - before_vt) +
		   ((double)l->start_frac - (double)before_frac) * 0x1p-32;
	d->now_frac += moved_vt * l->weight * d->per_weight;
	d->now_vt += (uint64_t)d->now_frac;
	d->now_frac -= (double)(uint64_t)d->now_frac;
	if (l->express_bytes > 0)
		l->express_bytes -=
			cost_bytes < d->quantum_bytes ? (int32_t)cost_bytes : l->express_bytes;
	l->long_frames = cost_bytes > d->quantum_bytes;
	draw_count_pass(d, id, cost_bytes);
	if (cost_bytes > d->quantum_bytes && draw_is_far(d, l)) {
		draw_take(d, id);
		draw_join(d, id);
	} else {
		draw_update(d, l->class);
	}
	if (d->now_vt >= DRAW_REBASE_VT)
		draw_rebase(d);
}

bool draw_is_due(const struct draw *d, uint32_t id)
{
	return draw_ahead(d, &d->ldp[id]) * d->ldp[id].weight <
	       (double)(DRAW_LEAD * QUANTUM_CREDIT);
}

uint64_t draw_weight(const struct draw *d)
{
	return d->active_weight;
}

bool draw_has_any(const struct draw *d)
{
	return d->busy || d->away.n;
}

bool draw_has_low(const struct draw *d)
{
	return d->low;
}

double draw_ahead_bytes(const struct draw *d, uint32_t id)
{
	return draw_ahead(d, &d->ldp[id]) * d->ldp[id].weight * d->quantum_bytes /
	       (double)QUANTUM_CREDIT;
}

void draw_shift(struct draw *d, uint32_t id, double bytes)
{
	struct wheel_ldp *l = &d->ldp[id];
	bool in = l->where != WHEEL_OUT;

	if (in)
		draw_take(d, id);
	else if (l->start_vt < d->now_vt)
		l->start_vt = d->now_vt;
	l->start_vt += (uint64_t)draw_moved_vt(d, l, bytes);
	if (in)
		draw_join(d, id);
	else if (l->away)
		heap_set(&d->away, id, l->start_vt);
}
