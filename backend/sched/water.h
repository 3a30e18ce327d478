/* SPDX-License-Identifier: GPL-2.0-or-later */
/* water.h: the level at which competitors, each within its limits, take all there is. Pure. */
#ifndef DMVL_WATER_H
#define DMVL_WATER_H

#include <stdint.h>

#define WATER_NO_LIMIT __builtin_inf()

/* A competitor. Its weight is above 0, and its maximum no less than its minimum. */
struct water_taker {
	double weight, min, max;
};

/* From `at` on the sum grows by `slope` for each unit of the level. */
struct water_kink {
	double at, sum, slope;
};

/* The competitors at one level, in no order. water_begin() and water_add() set it. */
struct water {
	struct water_kink *kink;
	uint32_t n;
	double wants; /* of those that do not want all there is, */
	uint32_t all; /* and how many do */
};

/* Begins with none; `kinks` is memory for WATER_KINKS(number of takers). */
#define WATER_KINKS(takers) (2 * (takers) + 1)
void water_begin(struct water *w, struct water_kink *kinks);
void water_add(struct water *w, const struct water_taker *t);

/* After the last one was added. */
void water_sort(struct water *w);

/* What the one takes at this level, the rate for a unit of weight. */
double water_takes(const struct water_taker *t, double level);

/* One of those that were added, as it is and as it would be; both may be the same. */
struct water_change {
	const struct water *in;
	const struct water_taker *is, *would;
};

/*
 * The level at which all, after the change, take the capacity; or the least at which they take all
 * they want.
 */
double water_level(const struct water_change *c, double capacity);

#endif
