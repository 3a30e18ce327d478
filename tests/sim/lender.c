/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lender.c: a scheduler and a ledger, tied together as backend/datapath/epoch.c does it. */
#include "tests/sim/lender.h"

#include <stdlib.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "backend/sched/sched.h"
#include "backend/sched/sched_group.h"

#define EPOCH_NS	  10000000ull
#define EPOCHS_PER_SECOND 100u

struct lender {
	struct sched *s;
	struct ledger *l;
	uint32_t n, groups;
	uint64_t epoch_end_ns;
	uint64_t epoch_bytes; /* what the link carries in an epoch, as far as the ledger knows */
	bool idled;	      /* in this epoch, as link_rate.c has it */
};

static void *lender_make(const struct subject_setup *su, uint32_t repayment_ppm)
{
	struct lender *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->s = subject_dmvl.make(su);
	p->l = ledger_new(su->n, repayment_ppm);
	p->n = su->n;
	p->groups = su->groups;
	p->epoch_end_ns = EPOCH_NS;
	p->epoch_bytes = su->capacity_bps / 8 / EPOCHS_PER_SECOND;
	if (!p->l)
		abort();
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

static void lender_epochs(struct lender *p, uint64_t now_ns)
{
	uint64_t epochs;

	if (now_ns < p->epoch_end_ns)
		return;
	epochs = 1 + (now_ns - p->epoch_end_ns) / EPOCH_NS;
	p->epoch_end_ns += epochs * EPOCH_NS;
	ledger_set_time(p->l, now_ns, now_ns);
	ledger_epoch(p->l, epochs, p->idled ? p->epoch_bytes * epochs : 0);
	p->idled = false;
	for (uint32_t i = 0; i < p->n; i++)
		sched_set_factor(p->s, i, ledger_factor(p->l, i));
	for (uint32_t g = 1; g <= p->groups; g++)
		sched_set_group_factor(p->s, g, ledger_group_factor(p->l, g));
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

	p->idled |= id == SCHED_NONE;
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
	ledger_serve(p->l, id, bytes);
	lender_epochs(p, now_ns);
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
