/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/fluid.h"

/*
 * Theory of operation
 *
 * In the fluid ideal each one that has frames is served all the time, at a rate in proportion to
 *its share, between its minimum and its maximum. One that does not always have frames gets what it
 * wants up to that rate, and the others divide the rest. So there is a level such that each gets
 *
 *	min(most, max(least, level * share))
 *
 * and these sum to the bytes. The level is found in rounds, as the widths of flexible boxes are:
 *with the level that would be right if nobody had a limit, those are settled whose limit counts, on
 *the side, above or below, where the sum of what limits change is larger. Each round settles at
 *least one.
 */
#define ROUNDS	       64u
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

static uint64_t at_level(const struct fluid_part *p, double level, double scale)
{
	double bytes = level * p->share;
	uint64_t low = least(p, scale), high = most(p);

	if (bytes >= (double)high)
		return high;
	return bytes <= (double)low ? low : (uint64_t)bytes;
}

/* The level if none of those that are not settled had a limit. */
static double level_of(const struct fluid_part *part, unsigned n, uint64_t bytes)
{
	double left = (double)bytes, shares = 0;

	for (unsigned i = 0; i < n; i++) {
		if (part[i].settled)
			left -= (double)part[i].gets;
		else
			shares += part[i].share;
	}
	return left > 0 && shares > 0 ? left / shares : 0;
}

/* Settles those whose limit counts at this level. False: nobody's does, and all have their part. */
static bool settle(struct fluid_part *part, unsigned n, double level, double scale)
{
	double beyond = 0;
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		if (part[i].settled)
			continue;
		part[i].gets = at_level(&part[i], level, scale);
		beyond += (double)part[i].gets - level * part[i].share;
	}
	for (unsigned i = 0; i < n; i++) {
		double free = level * part[i].share;
		bool raised = (double)part[i].gets > free, cut = (double)part[i].gets + 1 < free;

		if (part[i].settled || (!raised && !cut) || (raised && beyond < 0) ||
		    (cut && beyond > 0))
			continue;
		part[i].settled = any = true;
	}
	return any;
}

void fluid_share(struct fluid_part *part, unsigned n, uint64_t bytes)
{
	double scale = scale_of_minima(part, n, bytes);

	for (unsigned i = 0; i < n; i++)
		part[i].settled = false;
	for (unsigned round = 0; round < ROUNDS; round++)
		if (!settle(part, n, level_of(part, n, bytes), scale))
			return;
}
