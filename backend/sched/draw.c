/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.c: a lottery without replacement over the credit that is left in the round. */
#include "backend/sched/draw.h"

#include <stdlib.h>

#include "backend/sched/rng.h"

/*
 * In each round every LDP that is in gets one quantum per unit of weight, counted from the lightest
 * of them. Those with credit left are in the urn; a ticket is a byte of it. Whoever has spent his
 * credit waits in `spent` for the next round, which begins when the urn is empty. Debt is kept.
 * Who comes back in a later round gets that round's credit, which is his share of it.
 */
enum draw_where { DRAW_OUT, DRAW_URN, DRAW_SPENT };

struct draw_ldp {
	int64_t credit_bytes;
	uint64_t round; /* the round whose credit he has had */
	uint32_t weight;
	uint32_t pos;  /* in urn or spent */
	uint8_t where; /* enum draw_where */
};

struct draw {
	struct draw_ldp *ldp;
	uint32_t *urn, *spent;
	uint32_t n_urn, n_spent;
	uint32_t quantum_bytes;
	uint32_t unit_weight; /* the weight that earns one quantum in this round */
	uint64_t round;
	uint64_t active_weight;
	int64_t max_credit;
	struct rng rng;
};

struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed)
{
	struct draw *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ldp = calloc(max_ids, sizeof(*d->ldp));
	d->urn = calloc(max_ids, sizeof(*d->urn));
	d->spent = calloc(max_ids, sizeof(*d->spent));
	if (!d->ldp || !d->urn || !d->spent) {
		draw_free(d);
		return NULL;
	}
	d->quantum_bytes = quantum_bytes;
	d->unit_weight = 1;
	rng_seed(&d->rng, seed);
	return d;
}

void draw_free(struct draw *d)
{
	if (!d)
		return;
	free(d->ldp);
	free(d->urn);
	free(d->spent);
	free(d);
}

static void draw_take_out(struct draw *d, uint32_t id)
{
	struct draw_ldp *l = &d->ldp[id];
	uint32_t *list = l->where == DRAW_URN ? d->urn : d->spent;
	uint32_t *n = l->where == DRAW_URN ? &d->n_urn : &d->n_spent;

	if (l->where == DRAW_OUT)
		return;
	list[l->pos] = list[--*n];
	d->ldp[list[l->pos]].pos = l->pos;
	l->where = DRAW_OUT;
}

static void draw_put_in(struct draw *d, uint32_t id)
{
	struct draw_ldp *l = &d->ldp[id];

	if (l->credit_bytes > 0) {
		l->where = DRAW_URN;
		l->pos = d->n_urn++;
		d->urn[l->pos] = id;
		if (l->credit_bytes > d->max_credit)
			d->max_credit = l->credit_bytes;
	} else {
		l->where = DRAW_SPENT;
		l->pos = d->n_spent++;
		d->spent[l->pos] = id;
	}
}

/* Gives the credit of the rounds up to this one, never more than one round's. */
static void draw_grant(struct draw *d, struct draw_ldp *l)
{
	int64_t share = (int64_t)d->quantum_bytes * l->weight / d->unit_weight;
	uint64_t missed = d->round - l->round;

	if (share < 1)
		share = 1;
	l->round = d->round;
	if (l->credit_bytes > 0 && missed)
		l->credit_bytes = 0;
	if (missed > (uint64_t)(share - l->credit_bytes) / (uint64_t)share)
		l->credit_bytes = share;
	else
		l->credit_bytes += (int64_t)missed * share;
}

static void draw_new_round(struct draw *d)
{
	uint32_t lightest = UINT32_MAX;

	for (uint32_t i = 0; i < d->n_spent; i++)
		if (d->ldp[d->spent[i]].weight < lightest)
			lightest = d->ldp[d->spent[i]].weight;
	d->unit_weight = lightest;
	d->round++;
	d->max_credit = 0;
	for (uint32_t i = d->n_spent; i-- > 0;) {
		uint32_t id = d->spent[i];

		draw_grant(d, &d->ldp[id]);
		if (d->ldp[id].credit_bytes > 0) {
			draw_take_out(d, id);
			draw_put_in(d, id);
		}
	}
}

uint32_t draw_pick(struct draw *d)
{
	uint32_t id;

	if (!d->n_urn && !d->n_spent)
		return UINT32_MAX;
	while (!d->n_urn)
		draw_new_round(d);
	for (int tries = 0;; tries++) {
		id = d->urn[rng_below(&d->rng, d->n_urn)];
		if (tries == 64 ||
		    (int64_t)((double)d->max_credit * (double)(rng_next(&d->rng) >> 11) * 0x1p-53) <
			    d->ldp[id].credit_bytes)
			return id;
	}
}

void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes)
{
	struct draw_ldp *l = &d->ldp[id];
	bool in = l->where != DRAW_OUT;

	draw_take_out(d, id);
	l->credit_bytes -= cost_bytes;
	if (in)
		draw_put_in(d, id);
}

void draw_wake(struct draw *d, uint32_t id)
{
	if (d->ldp[id].where != DRAW_OUT)
		return;
	draw_grant(d, &d->ldp[id]);
	d->active_weight += d->ldp[id].weight;
	draw_put_in(d, id);
}

void draw_sleep(struct draw *d, uint32_t id)
{
	if (d->ldp[id].where == DRAW_OUT)
		return;
	d->active_weight -= d->ldp[id].weight;
	draw_take_out(d, id);
}

void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency)
{
	(void)low_latency;
	d->ldp[id] = (struct draw_ldp){.weight = weight, .round = d->round};
}

void draw_reweight(struct draw *d, uint32_t id, uint32_t weight, bool low_latency)
{
	(void)low_latency;
	if (d->ldp[id].where != DRAW_OUT)
		d->active_weight += (uint64_t)weight - d->ldp[id].weight;
	d->ldp[id].weight = weight;
}

bool draw_is_due(const struct draw *d, uint32_t id)
{
	return d->ldp[id].where == DRAW_URN;
}

uint64_t draw_active_weight(const struct draw *d)
{
	return d->active_weight;
}
