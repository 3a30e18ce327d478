/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/fluid.h"

/*
 * Theory of operation
 *
 * In the fluid ideal each one that has frames is served all the time, at a rate in proportion to
 * its share, between its minimum and its maximum. One that does not always have frames gets what it
 * wants up to that rate, and the others divide the rest: that is a water level (water.h).
 */
#define MINIMA_PERCENT 95u

void fluid_weigh(struct fluid_part *part, unsigned n, double weights)
{
	double spare = weights, sum = 0;

	for (unsigned i = 0; i < n; i++) {
		spare -= part[i].weight * part[i].busy;
		sum += part[i].weight * part[i].busy * part[i].factor;
	}
	if (spare < 0 || sum <= 0)
		spare = 0;
	for (unsigned i = 0; i < n; i++)
		part[i].share = part[i].weight +
				(spare > 0 ? spare * part[i].weight * part[i].factor / sum : 0);
}

/* The most that it may get. */
static uint64_t most(const struct fluid_part *p)
{
	return p->max && p->max < p->demand ? p->max : p->demand;
}

/* The least that it must get, of minima that are all scaled. */
static uint64_t least(const struct fluid_part *p, double scale)
{
	uint64_t min = (uint64_t)((double)p->min * scale);

	return min < most(p) ? min : most(p);
}

/* By how much all minima must shrink. */
static double scale_of_minima(const struct fluid_part *part, unsigned n, uint64_t bytes)
{
	double sum = 0, room = (double)bytes * MINIMA_PERCENT / 100;

	for (unsigned i = 0; i < n; i++)
		sum += (double)least(&part[i], 1);
	return sum > room ? room / sum : 1;
}

static struct water_taker taker(const struct fluid_part *p, double scale)
{
	uint64_t high = most(p);

	return (struct water_taker){
		.weight = p->share,
		.min = (double)least(p, scale),
		.max = high == FLUID_HUNGRY ? WATER_NO_LIMIT : (double)high,
	};
}

void fluid_share(struct fluid_part *part, unsigned n, uint64_t bytes, struct water_kink *kinks)
{
	double scale = scale_of_minima(part, n, bytes), level;
	struct water_taker first;
	struct water water;

	if (n == 0)
		return;
	water_begin(&water, kinks);
	for (unsigned i = 0; i < n; i++) {
		struct water_taker t = taker(&part[i], scale);

		water_add(&water, &t);
	}
	water_sort(&water);
	first = taker(&part[0], scale);
	level = water_level(&(struct water_change){&water, &first, &first}, (double)bytes);
	for (unsigned i = 0; i < n; i++) {
		struct water_taker t = taker(&part[i], scale);

		part[i].gets = (uint64_t)(water_takes(&t, level) + .5);
	}
}
