/* SPDX-License-Identifier: GPL-2.0-or-later */
/* subject_dmvl.c: the daemon's own scheduler as a subject. */
#include <stdlib.h>

#include "backend/sched/draw_priv.h"
#include "backend/sched/sched_priv.h"
#include "tests/sim/subject.h"

static void *dmvl_make_flat(const struct subject_setup *su)
{
	struct sched *s = sched_new(su->n, su->quantum_bytes, su->seed);

	if (!s)
		abort();
	sched_set_capacity(s, su->capacity_bps);
	for (uint32_t i = 0; i < su->n; i++) {
		struct sched_rule r = {.weight = su->weight[i],
				       .low_latency = su->low_latency && su->low_latency[i]};

		if (su->rule)
			r = su->rule[i];
		if (sched_add(s, i, &r))
			abort();
	}
	return s;
}

static void *dmvl_make(const struct subject_setup *su)
{
	struct sched *s = dmvl_make_flat(su);

	for (uint32_t g = 1; g <= su->groups; g++)
		if (sched_set_group(s, g, &(struct sched_rule){.weight = su->group_weight[g - 1]},
				    0))
			abort();
	for (uint32_t i = 0; su->group && i < su->n; i++)
		if (sched_join(s, i, su->group[i], 0))
			abort();
	return s;
}

static void *dmvl_make_noexpress(const struct subject_setup *su)
{
	struct sched *s = dmvl_make(su);

	s->top.draw->express_on = false;
	for (uint32_t g = 0; g < su->groups; g++)
		s->group[g]->level.draw->express_on = false;
	return s;
}

static void dmvl_destroy(void *p)
{
	sched_free(p);
}

static void dmvl_arrive(void *p, uint32_t id, bool first, uint64_t now_ns)
{
	if (first)
		sched_wake(p, id, now_ns);
}

static uint32_t dmvl_draw(void *p, uint64_t now_ns)
{
	return sched_draw(p, now_ns);
}

static uint64_t dmvl_next(const void *p)
{
	return sched_next_ns(p);
}

static void dmvl_served(void *p, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	sched_served(p, id, bytes, bytes, more, now_ns);
}

const struct subject subject_dmvl = {"dmvl",	dmvl_make, dmvl_destroy, dmvl_arrive,
				     dmvl_draw, dmvl_next, dmvl_served};
const struct subject subject_dmvl_flat = {"dmvl, no groups", dmvl_make_flat, dmvl_destroy,
					  dmvl_arrive,	     dmvl_draw,	     dmvl_next,
					  dmvl_served};
const struct subject subject_dmvl_noexpress = {"dmvl-noexpress", dmvl_make_noexpress, dmvl_destroy,
					       dmvl_arrive,	 dmvl_draw,	      dmvl_next,
					       dmvl_served};
