/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world_sound.h: what must hold of a simulated world of flows, and how far they may lag. */
#ifndef DMVL_TESTS_WORLD_SOUND_H
#define DMVL_TESTS_WORLD_SOUND_H

#include "tests/sim/world.h"
#include "tests/unit/sched_sound.h"

#define CHURN_MAX 12 /* full frames that a flow may lag without the express path */
#define XPRES_MAX 30 /* and with it */

/* No byte is lost or made, and all sums are what they should be. */
static inline bool world_is_conserved(const struct world *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		const struct world_flow *f = &w->flow[i];

		if (f->arrived_bytes != f->sent_bytes + f->dropped_bytes + f->queued_bytes ||
		    f->awake != sched_is_awake(w->sched, i))
			return false;
	}
	return sched_is_sound(w->sched);
}

/* Runs it for 50 ms, in which flows come and go: what is wrong then, or NULL. */
static inline const char *world_churns(struct world *w, double max_lag_bytes)
{
	for (uint64_t ms = 1; ms <= 50; ms++) {
		world_run(w, ms * 1000000);
		if (!world_is_conserved(w))
			return "bytes or sums are wrong";
	}
	if (w->worst_lag_bytes > max_lag_bytes)
		return "somebody lagged too far";
	if (w->idle_ns)
		return "the link stood while a frame waited";
	return w->errors ? "a sleeper was drawn" : NULL;
}

#endif
