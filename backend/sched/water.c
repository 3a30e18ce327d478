/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/water.h"

#include <stdlib.h>

/*
 * Theory of operation
 *
 * What a competitor takes depends on the water level x, the rate for a unit of weight: x * weight,
 * within its limits. The sum over all is a chain of straight lines with two kinks for each
 * competitor. The kinks are sorted once, with the sum at each of them. To learn what one gets if it
 * wants more, its old part is subtracted and its new one is added while the level is searched, so
 * it costs log(n) for each.
 */
static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

double water_takes(const struct water_taker *t, double level)
{
	return most(t->min, least(t->max, level * t->weight));
}

void water_begin(struct water *w, struct water_kink *kinks)
{
	kinks[0] = (struct water_kink){0}; /* where the level begins */
	*w = (struct water){.kink = kinks, .n = 1};
}

void water_add(struct water *w, const struct water_taker *t)
{
	w->kink[w->n++] = (struct water_kink){t->min / t->weight, t->min, t->weight};
	if (t->max < WATER_NO_LIMIT) {
		w->kink[w->n++] = (struct water_kink){t->max / t->weight, 0, -t->weight};
		w->wants += t->max;
	} else {
		w->all++;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct water_kink *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Until here a kink has what it adds: its minimum at level 0, and its slope. */
void water_sort(struct water *w)
{
	double sum = 0, slope = 0, at = 0;

	for (uint32_t i = 0; i < w->n; i++)
		sum += w->kink[i].sum;
	qsort(w->kink, w->n, sizeof(*w->kink), by_place);
	for (uint32_t i = 0; i < w->n; i++) {
		struct water_kink *k = &w->kink[i];

		sum += slope * (k->at - at);
		slope += k->slope;
		at = k->at;
		*k = (struct water_kink){at, sum, slope};
	}
}

static double sum_at(const struct water *w, uint32_t from, double level)
{
	return w->kink[from].sum + w->kink[from].slope * (level - w->kink[from].at);
}

/* What all take, where `from` is the last kink that is not above the level. */
static double all_take(const struct water_change *c, uint32_t from, double level)
{
	return sum_at(c->in, from, level) - water_takes(c->is, level) +
	       water_takes(c->would, level);
}

/* The last kink at which they take no more than there is; 0 if all take more. */
static uint32_t last_kink(const struct water_change *c, double capacity)
{
	uint32_t low = 0, high = c->in->n;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (all_take(c, middle, c->in->kink[middle].at) <= capacity)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Between two kinks what they take is straight but for the kinks of the one that would change. */
static double level_between(const struct water_change *c, uint32_t from, double low, double high,
			    double capacity)
{
	const double own[2] = {c->would->min / c->would->weight, c->would->max / c->would->weight};
	double a, b;

	for (int i = 0; i < 2; i++) {
		if (own[i] <= low || own[i] >= high)
			continue;
		if (all_take(c, from, own[i]) <= capacity)
			low = own[i];
		else
			high = own[i];
	}
	a = all_take(c, from, low);
	b = all_take(c, from, high);
	if (b <= a || capacity <= a)
		return low;
	return low + (capacity - a) * (high - low) / (b - a);
}

double water_level(const struct water_change *c, double capacity)
{
	uint32_t from = last_kink(c, capacity);
	double low = c->in->kink[from].at;
	/* At that level it would take all. */
	double high = most(low, capacity / c->would->weight) + 1;

	if (from + 1 < c->in->n && c->in->kink[from + 1].at < high)
		high = c->in->kink[from + 1].at;
	return level_between(c, from, low, high, capacity);
}
