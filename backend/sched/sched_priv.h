/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_priv.h: the state of a scheduler, for sched.c, sched_rule.c and tests. Theory of operation:
 * sched.c. Pure.
 */
#ifndef DMVL_SCHED_PRIV_H
#define DMVL_SCHED_PRIV_H

#include "backend/sched/bucket.h"
#include "backend/sched/draw.h"
#include "backend/sched/heap.h"
#include "backend/sched/sched.h"

enum sched_flag {
	SCHED_F_KNOWN = 1,
	SCHED_F_AWAKE = 2,
	SCHED_F_CAPPED = 4, /* awake, and waits for tokens of its ceiling */
	SCHED_F_MIN = 8,    /* has a minimum */
	SCHED_F_MAX = 16,   /* has a ceiling */
};

/* How late an LDP may be served for its minimum on a link that can keep it. */
#define SCHED_SLACK_MS	   10u
#define SCHED_SLACK_FRAMES 5u /* quanta besides, and one for each minimum */

#define DEPTH_MAX ((uint64_t)1 << 40) /* bytes, of a bucket */

/* The rates of both buckets and the rule: sched_rule.c. The tokens: sched.c. */
struct sched_ldp {
	struct bucket max, min;
	struct sched_rule rule;
	uint32_t longest_bytes; /* sched.c: its longest charge of late, if it has a minimum */
};

struct sched {
	/* Set once by sched_new(). */
	uint32_t max_ldps;
	uint32_t quantum_bytes;

	/* Written by both: KNOWN, MIN and MAX by sched_rule.c, AWAKE and CAPPED by sched.c. */
	uint8_t *flags; /* enum sched_flag */
	struct sched_ldp *ldp;
	struct draw *draw;
	struct heap caps;   /* LDPs at their ceiling, by the time at which they may go on */
	struct heap dues;   /* LDPs in the draw with a minimum, by the time at which they are due */
	uint32_t reserved;  /* the id drawn last, if it was drawn for its minimum */
	uint64_t now_ns;    /* the latest time that a caller gave */
	uint64_t min_ns;    /* the clock of the minima: as now_ns, but slower on a link too slow */
	int64_t owed_bytes; /* what minima had, less what the lottery's bytes allow for */

	/* Written by sched_rule.c alone. */
	uint64_t capacity_bps; /* minima are admitted against it */
	uint64_t link_bps;     /* what the link carries at present */
	uint64_t min_sum_bps;
	uint64_t weight_sum; /* of all LDPs */
	uint32_t n_min;	     /* LDPs with a minimum */
	uint64_t slack_ns;   /* how far min_ns may be ahead of the first that is due */
};

/* Moves the clock of the minima on: see sched.c. */
static inline void sched_pass_min(struct sched *s, uint64_t ns)
{
	uint64_t due_ns = heap_first_ns(&s->dues);
	uint64_t limit_ns = due_ns > UINT64_MAX - s->slack_ns ? UINT64_MAX : due_ns + s->slack_ns;

	if (s->min_ns > limit_ns)
		return;
	s->min_ns += limit_ns - s->min_ns < ns ? limit_ns - s->min_ns : ns;
}

/* The later of now_ns and the latest time so far: time never goes back. */
static inline uint64_t sched_at(struct sched *s, uint64_t now_ns)
{
	if (now_ns > s->now_ns) {
		sched_pass_min(s, now_ns - s->now_ns);
		s->now_ns = now_ns;
	}
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

/* Fills the LDP's reservation bucket up to now, sets its rate from now on, and returns it. */
struct bucket *sched_fill_min(struct sched *s, uint32_t id, uint64_t rate_bps);

/* Updates the LDP's place in `dues`: in while it is in the draw and has a minimum, else out. */
void sched_set_due(struct sched *s, uint32_t id);

/* Puts an LDP that is awake into the draw, or into `caps` while its ceiling has no tokens. */
void sched_place(struct sched *s, uint32_t id);

#endif
