/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codel.h: CoDel's state and its control law, RFC 8289 (Nichols and Jacobson). Pure. */
#ifndef DMVL_CODEL_H
#define DMVL_CODEL_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: a queue that was never above the target. Times are those of any monotonic clock. */
struct codel {
	uint64_t first_above_ns; /* an interval after it rose above the target; 0: it is below */
	uint64_t drop_next_ns;
	uint32_t count, last_count; /* drops and marks of this dropping state, and at its begin */
	bool dropping;
};

static inline uint64_t codel_isqrt(uint64_t v)
{
	uint64_t r = 0, bit = 1ull << 62;

	for (; bit; bit >>= 2) {
		if (v >= r + bit) {
			v -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return r;
}

/* interval / sqrt(count), with eight bits behind the point of the root; count is not 0. */
static inline uint64_t codel_law(uint64_t t_ns, uint64_t interval_ns, uint32_t count)
{
	return t_ns + (interval_ns << 8) / codel_isqrt((uint64_t)count << 16);
}

/* Of the frame at the head: has it, and what came before it, waited too long for an interval? */
static inline bool codel_above(struct codel *c, bool above_target, uint64_t interval_ns,
			       uint64_t now_ns)
{
	if (!above_target) {
		c->first_above_ns = 0;
		return false;
	}
	if (c->first_above_ns == 0) {
		c->first_above_ns = now_ns + interval_ns;
		return false;
	}
	return now_ns >= c->first_above_ns;
}

/* If dropping ended a short time ago, it goes on near the rate that ended it. */
static inline bool codel_remembers(const struct codel *c, uint64_t interval_ns, uint64_t now_ns)
{
	return c->count - c->last_count > 1 && now_ns - c->drop_next_ns < 16 * interval_ns;
}

/* The first drop, or mark, after a time without. */
static inline void codel_enter(struct codel *c, uint64_t interval_ns, uint64_t now_ns)
{
	c->dropping = true;
	c->count = codel_remembers(c, interval_ns, now_ns) ? c->count - c->last_count : 1;
	c->last_count = c->count;
	c->drop_next_ns = codel_law(now_ns, interval_ns, c->count);
}

#endif
