/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h: keeps one direction of the uplink to its capacity. Pure. */
#ifndef DMVL_PACE_H
#define DMVL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/bucket.h"

#define PACE_NEVER UINT64_MAX

/*
 * Pure: time is an argument, in nanoseconds, and never goes back. While frames wait, a turn that
 * comes late makes up for it, up to 100 ms; a link that had nothing to send has no more than 4 ms
 * to send at once. Whoever sends a frame takes its wire bytes off bucket.tokens_bytes, and says in
 * `idle` whether he found one.
 */
struct pace {
	struct bucket bucket; /* rate 0: no pacing */
	int64_t idle_depth_bytes;
	double ns_per_byte;
	bool idle; /* nobody had a frame when the last turn ended */
};

/* No pacing until pace_set() gives a rate. */
void pace_init(struct pace *p, uint64_t now_ns);

/* Paces to rate_bps from now on; 0: no pacing. */
void pace_set(struct pace *p, uint64_t rate_bps, uint64_t now_ns);

/* A turn begins: earns what the time since the last one gave. */
void pace_begin(struct pace *p, uint64_t now_ns);

/* The next frame must wait. */
bool pace_wait(const struct pace *p);

/* When it need not any longer, as of pace_begin(); PACE_NEVER: it need not wait. */
uint64_t pace_when_ns(const struct pace *p);

/*
 * The link's own time: when the next frame begins on it. A turn that comes late makes up for the
 * time since the last one, so that is up to 100 ms before now_ns; without pacing it is now_ns.
 */
uint64_t pace_clock_ns(const struct pace *p, uint64_t now_ns);

#endif
