/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lender.c: a scheduler and a ledger, tied together as backend/datapath/epoch.c does it. */
#include "tests/sim/lender.h"

#include <stdlib.h>

#include "backend/credit/ledger_group.h"
#include "backend/credit/repay.h"
#include "backend/sched/sched.h"

struct lender {
	struct sched *s;
	struct ledger *l;
	struct repay repay;
};

static void *lender_make(const struct subject_setup *su, uint32_t repayment_ppm)
{
	struct lender *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->s = subject_dmvl.make(su);
	p->l = ledger_new(su->n, repayment_ppm);
	if (!p->l)
		abort();
	p->repay = (struct repay){.sched = p->s,
				  .ledger = p->l,
				  .ldps = su->n,
				  .groups = su->groups,
				  .capacity_bps = su->capacity_bps,
				  .end_ns = REPAY_EPOCH_NS};
	for (uint32_t i = 0; i < su->n; i++) {
		struct credit_id id = {.ldp = i};

		ledger_attach(p->l, i, &id, su->weight[i]);
		ledger_set_group(p->l, i, su->group ? su->group[i] : 0);
	}
	for (uint32_t g = 0; g < su->groups; g++)
		ledger_set_group_weight(p->l, g + 1, su->group_weight[g]);
	return p;
}

static void *make_0(const struct subject_setup *su)
{
	return lender_make(su, 0);
}

static void *make_25(const struct subject_setup *su)
{
	return lender_make(su, 250000);
}

static void *make_50(const struct subject_setup *su)
{
	return lender_make(su, 500000);
}

static void *make_100(const struct subject_setup *su)
{
	return lender_make(su, 1000000);
}

static void lender_destroy(void *arg)
{
	struct lender *p = arg;

	sched_free(p->s);
	ledger_free(p->l);
	free(p);
}

static void lender_arrive(void *arg, uint32_t id, bool first, uint64_t now_ns)
{
	struct lender *p = arg;

	subject_dmvl.arrive(p->s, id, first, now_ns);
}

static uint32_t lender_draw(void *arg, uint64_t now_ns)
{
	struct lender *p = arg;
	uint32_t id = sched_draw(p->s, now_ns);

	p->repay.idled |= id == SCHED_NONE;
	return id;
}

static uint64_t lender_next(const void *arg)
{
	const struct lender *p = arg;

	return sched_next_ns(p->s);
}

static void lender_served(void *arg, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct lender *p = arg;

	sched_served(p->s, id, bytes, bytes, more, now_ns);
	repay_served(&p->repay, id, bytes, now_ns);
}

#define LENDER(words, maker)                                                                      \
	{                                                                                         \
		.name = words, .make = maker, .destroy = lender_destroy, .arrive = lender_arrive, \
		.draw = lender_draw, .next = lender_next, .served = lender_served                 \
	}

const struct subject lender_none = LENDER("repayment 0", make_0);
const struct subject lender_quarter = LENDER("repayment .25", make_25);
const struct subject lender_default = LENDER("repayment .5", make_50);
const struct subject lender_full = LENDER("repayment 1", make_100);
