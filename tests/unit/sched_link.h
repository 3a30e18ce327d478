/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_link.h: a link that is always busy, for tests of what a scheduler's rules come to. */
#ifndef DMVL_TESTS_SCHED_LINK_H
#define DMVL_TESTS_SCHED_LINK_H

#include <stdlib.h>

#include "backend/sched/sched.h"
#include "tests/unit/tap.h"

#define Q	1518u
#define MAX_IDS 16

/* A link of rate_bps and, per LDP, the frame size it always sends and what it got so far. */
struct link {
	struct sched *s;
	uint64_t now_ns, rate_bps;
	uint32_t frame_bytes[MAX_IDS];
	uint64_t sent_bytes[MAX_IDS];
};

static inline void link_start(struct link *k, uint64_t rate_bps)
{
	*k = (struct link){.s = sched_new(MAX_IDS, Q, 7), .rate_bps = rate_bps};
	sched_set_capacity(k->s, rate_bps);
}

static inline void link_add(struct link *k, uint32_t id, struct sched_rule r, uint32_t frame_bytes)
{
	k->frame_bytes[id] = frame_bytes;
	if (sched_add(k->s, id, &r))
		abort();
	sched_wake(k->s, id, k->now_ns);
}

/* Runs for a time with everyone backlogged, and counts from zero. */
static inline void link_run(struct link *k, uint64_t ns)
{
	uint64_t end_ns = k->now_ns + ns;

	for (int i = 0; i < MAX_IDS; i++)
		k->sent_bytes[i] = 0;
	while (k->now_ns < end_ns) {
		uint32_t id = sched_draw(k->s, k->now_ns);

		if (id == SCHED_NONE) {
			uint64_t next_ns = sched_next_ns(k->s);

			k->now_ns = next_ns < end_ns ? next_ns : end_ns;
			continue;
		}
		k->now_ns += k->frame_bytes[id] * 8000000000ull / k->rate_bps;
		k->sent_bytes[id] += k->frame_bytes[id];
		sched_served(k->s, id, k->frame_bytes[id], k->frame_bytes[id], true, k->now_ns);
	}
}

/* What an LDP got, in thousandths of the link over ns. */
static inline int link_permille(const struct link *k, uint32_t id, uint64_t ns)
{
	return (int)((double)k->sent_bytes[id] * 8e12 / ((double)k->rate_bps * (double)ns) + .5);
}

static inline bool near(int got, int want, int slack)
{
	if (abs(got - want) <= slack)
		return true;
	diag("got %d, want %d within %d", got, want, slack);
	return false;
}

#endif
