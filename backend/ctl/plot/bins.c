/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/plot/bins.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static uint64_t round_width(uint64_t least_ms)
{
	static const uint64_t widths[] = {100,	       200,	    500,	 SECOND,
					  2 * SECOND,  5 * SECOND,  10 * SECOND, 20 * SECOND,
					  30 * SECOND, MINUTE,	    2 * MINUTE,	 5 * MINUTE,
					  10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR,
					  2 * HOUR,    6 * HOUR,    12 * HOUR,	 24 * HOUR};

	for (unsigned i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (widths[i] >= least_ms)
			return widths[i];
	return (least_ms + 24 * HOUR - 1) / (24 * HOUR) * (24 * HOUR);
}

struct bins bins_divide(uint64_t begin_ms, uint64_t end_ms, unsigned max, uint64_t width_min_ms)
{
	struct bins b = {.begin_ms = begin_ms, .end_ms = end_ms};
	uint64_t length = end_ms - begin_ms, least = (length + max - 1) / max;

	b.width_ms = round_width(least > width_min_ms ? least : width_min_ms);
	b.count = (unsigned)((length + b.width_ms - 1) / b.width_ms);
	return b;
}

unsigned bins_at(const struct bins *b, uint64_t ms)
{
	uint64_t i = ms > b->begin_ms ? (ms - b->begin_ms) / b->width_ms : 0;

	return i < b->count ? (unsigned)i : b->count - 1;
}

/* How much of the amount has passed at that moment of the interval. */
static uint64_t passed(uint64_t amount, uint64_t ms, uint64_t length_ms)
{
	return (uint64_t)((unsigned __int128)amount * ms / length_ms);
}

void bins_spread(const struct bins *b, uint64_t begin_ms, uint64_t end_ms, uint64_t amount,
		 bins_part *part, void *arg)
{
	uint64_t length, from, to;

	if (begin_ms >= end_ms)
		begin_ms = end_ms - 1;
	length = end_ms - begin_ms;
	from = begin_ms > b->begin_ms ? begin_ms : b->begin_ms;
	to = end_ms < b->end_ms ? end_ms : b->end_ms;
	while (from < to) {
		unsigned i = bins_at(b, from);
		uint64_t next = b->begin_ms + (i + 1) * b->width_ms;

		if (next > to)
			next = to;
		part(arg, i,
		     passed(amount, next - begin_ms, length) -
			     passed(amount, from - begin_ms, length));
		from = next;
	}
}
