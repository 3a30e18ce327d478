/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_priv.h: what sched.c and sched_rule.c share. Theory of operation: sched.c. Pure. */
#ifndef DMVL_SCHED_PRIV_H
#define DMVL_SCHED_PRIV_H

#include "backend/sched/bucket.h"
#include "backend/sched/draw.h"
#include "backend/sched/heap.h"
#include "backend/sched/sched.h"

enum sched_flag {
	SCHED_F_KNOWN = 1,
	SCHED_F_AWAKE = 2,
	SCHED_F_CAPPED = 4, /* awake, and waiting for tokens */
	SCHED_F_MIN = 8,
	SCHED_F_MAX = 16,
};

#define DEPTH_MAX ((uint64_t)1 << 40) /* of buckets, in bytes */

struct sched_ldp {
	struct bucket max, min;
	struct sched_rule rule;
};

struct sched {
	uint32_t max_ldps;
	uint32_t quantum_bytes;
	uint8_t *flags; /* enum sched_flag */
	struct sched_ldp *ldp;
	struct draw *draw;
	struct heap caps, dues;
	uint32_t reserved; /* drawn last, for its minimum */
	uint64_t now_ns;
	uint64_t capacity_bps; /* to admit minima against */
	uint64_t link_bps;     /* what it is at present */
	uint64_t min_sum_bps;
	uint32_t n_min; /* LDPs with a minimum */
};

/* Time never goes back, whatever the caller says. */
static inline uint64_t sched_at(struct sched *s, uint64_t now_ns)
{
	if (now_ns > s->now_ns)
		s->now_ns = now_ns;
	return s->now_ns;
}

static inline bool sched_known(const struct sched *s, uint32_t id)
{
	return id < s->max_ldps && s->flags[id] & SCHED_F_KNOWN;
}

static inline bool sched_is_awake(const struct sched *s, uint32_t id)
{
	return sched_known(s, id) && s->flags[id] & SCHED_F_AWAKE;
}

/* The LDP's reservation bucket, up to date; from now on it fills at that rate. */
struct bucket *sched_fill_min(struct sched *s, uint32_t id, uint64_t rate_bps);

/* Puts an LDP that is in the draw into `dues` at its time, or takes any other out. */
void sched_set_due(struct sched *s, uint32_t id);

/* Puts an LDP that is awake where it belongs: in the draw, or aside until it has tokens. */
void sched_place(struct sched *s, uint32_t id);

#endif
