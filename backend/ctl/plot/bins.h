/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bins.h: a span of time in equal bins, about as many as a picture can show. Pure. */
#ifndef DMVL_CTL_PLOT_BINS_H
#define DMVL_CTL_PLOT_BINS_H

#include <stdint.h>

/* The last bin may reach beyond the end. Times are ms since 1970. */
struct bins {
	uint64_t begin_ms, end_ms, width_ms;
	unsigned count;
};

/*
 * Divides [begin_ms, end_ms), which is not empty, into at most `max` (at least 1) bins, each at
 * least width_min_ms (at least 1) long. Their length is a round number.
 */
struct bins bins_divide(uint64_t begin_ms, uint64_t end_ms, unsigned max, uint64_t width_min_ms);

/* Gets the part of an amount that falls into bin `i`. */
typedef void bins_part(void *arg, unsigned i, uint64_t amount);

/*
 * Spreads an amount evenly over [begin_ms, end_ms): each bin gets its part, and what lies outside
 * is left out. The parts of an interval that lies inside are the amount exactly. An empty interval
 * is a moment, at its end.
 */
void bins_spread(const struct bins *b, uint64_t begin_ms, uint64_t end_ms, uint64_t amount,
		 bins_part *part, void *arg);

/* The bin of a moment, clamped to those that are there. */
unsigned bins_at(const struct bins *b, uint64_t ms);

#endif
