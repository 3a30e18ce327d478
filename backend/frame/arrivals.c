/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/arrivals.h"

static const struct arrival *mark_at(const struct arrivals *a, uint32_t i)
{
	return &a->mark[(a->first + i) % ARRIVALS_MARKS];
}

void arrivals_see(struct arrivals *a, uint32_t waiting, uint64_t now_ns)
{
	uint64_t end = a->taken + waiting;
	struct arrival *last = &a->mark[(a->first + a->n - 1) % ARRIVALS_MARKS];

	if (a->n > 0 && last->end >= end)
		return;
	/* Without a free mark the last one goes further, and to the later time. */
	if (a->n < ARRIVALS_MARKS)
		last = &a->mark[(a->first + a->n++) % ARRIVALS_MARKS];
	*last = (struct arrival){end, now_ns};
}

uint64_t arrivals_since(const struct arrivals *a, uint32_t bytes, uint64_t now_ns)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (mark_at(a, i)->end >= a->taken + bytes)
			return mark_at(a, i)->ns;
	return now_ns;
}

void arrivals_take(struct arrivals *a, uint32_t bytes)
{
	a->taken += bytes;
	while (a->n > 0 && mark_at(a, 0)->end <= a->taken) {
		a->first = (a->first + 1) % ARRIVALS_MARKS;
		a->n--;
	}
}
