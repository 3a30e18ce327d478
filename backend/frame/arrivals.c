/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/arrivals.h"

static const struct arrival *mark_at(const struct arrivals *a, uint32_t i)
{
	return &a->mark[(a->first + i) % ARRIVALS_MARKS];
}

/* Every second mark goes: its bytes count with the next one. */
static void thin_out(struct arrivals *a)
{
	for (uint32_t i = 0; i < ARRIVALS_MARKS / 2; i++)
		a->mark[(a->first + i) % ARRIVALS_MARKS] = *mark_at(a, 2 * i + 1);
	a->n = ARRIVALS_MARKS / 2;
}

void arrivals_see(struct arrivals *a, uint32_t waiting, uint64_t now_ns)
{
	uint64_t end = a->taken + waiting;

	if (a->n > 0 && mark_at(a, a->n - 1)->end >= end)
		return;
	if (a->n == ARRIVALS_MARKS)
		thin_out(a);
	a->mark[(a->first + a->n++) % ARRIVALS_MARKS] = (struct arrival){end, now_ns};
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

uint64_t arrivals_waiting(const struct arrivals *a)
{
	return a->n > 0 ? mark_at(a, a->n - 1)->end - a->taken : 0;
}
