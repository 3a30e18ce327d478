/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_priv.h: the state of a scheduler, for its own files and tests.
 * Theory of operation: sched.c. Pure.
 */
#ifndef DMVL_SCHED_PRIV_H
#define DMVL_SCHED_PRIV_H

#include <stddef.h>

#include "backend/sched/bucket.h"
#include "backend/sched/draw.h"
#include "backend/sched/heap.h"
#include "backend/sched/sched.h"
#include "backend/sched/sched_group.h"

enum sched_flag {
	SCHED_F_KNOWN = 1,
	SCHED_F_AWAKE = 2,
	SCHED_F_CAPPED = 4,  /* awake, and waits for tokens of its ceiling */
	SCHED_F_MIN = 8,     /* has a minimum */
	SCHED_F_MAX = 16,    /* has a ceiling */
	SCHED_F_MEMBER = 32, /* an LDP of a group */
	SCHED_F_DUES = 64,   /* a group with members that have a minimum */
};

/* How late an LDP may be served for its minimum on a link that can keep it. */
#define SCHED_SLACK_MS	   10u
#define SCHED_SLACK_FRAMES 5u /* quanta besides, and one for each minimum */

#define DEPTH_MAX ((uint64_t)1 << 40) /* bytes, of a bucket */

/* An LDP or a group. The rates of both buckets and the rule: sched_rule.c. The tokens: sched.c. */
struct sched_ldp {
	struct bucket max, min;
	struct sched_rule rule;
	uint32_t longest_bytes; /* sched.c: its longest charge of late, if it has a minimum */
	uint32_t group;		/* sched_rule.c: whose member it is, 0: nobody's */
	int64_t owed_bytes;	/* sched_pair.c: its part of the ceiling, less what it sent */
};

/* Those who compete with each other: LDPs and groups at the top, or the members of one group. */
struct sched_level {
	struct draw *draw;
	struct heap dues; /* those in the draw with a minimum, by the time at which they are due */
	int64_t owed_bytes;  /* what minima had, less what the lottery's bytes allow for */
	uint64_t weight_sum; /* sched_rule.c: of all, asleep or awake */
};

struct sched_group {
	struct sched_level level;
	uint64_t min_sum_bps; /* sched_rule.c: of its members */
	uint32_t n_min;	      /* sched_rule.c: members with a minimum */
	uint32_t members;     /* sched_rule.c */
};

struct sched {
	/* Set once by sched_new(). */
	uint32_t max_ldps;
	uint32_t quantum_bytes;
	struct sched *beside; /* sched_pair.c: the lottery with the same ceilings; NULL: none */

	/*
	 * LDPs have their ids, and group g has max_ldps + g - 1. AWAKE and CAPPED are written by
	 * sched.c, other flags by sched_rule.c and sched_group.c.
	 */
	uint8_t *flags; /* enum sched_flag */
	struct sched_ldp *ldp;
	struct sched_group *group[SCHED_GROUPS]; /* sched_group.c; NULL: there is no such group */
	struct sched_level top;
	struct heap caps; /* those at their ceiling, by the time at which they may go on */
	/* Who was drawn last for a minimum: the LDP for its own, its group for any. */
	uint32_t reserved, reserved_group;
	uint64_t now_ns; /* the latest time that a caller gave */
	uint64_t min_ns; /* the clock of the minima: as now_ns, but slower on a link too slow */

	/* Written by sched_rule.c alone. */
	uint64_t capacity_bps; /* what the link carries at present; 0: unknown */
	uint64_t frame_ns;     /* of the link's time, that one frame may take */
	uint64_t min_sum_bps;  /* of those at the top */
	uint32_t n_min;	       /* LDPs and groups with a minimum of their own */
	uint64_t slack_ns;     /* how far min_ns may be ahead of the first that is due */
};

static inline uint32_t sched_group_id(const struct sched *s, uint32_t group)
{
	return s->max_ldps + group - 1;
}

/* The group of an LDP; NULL: none. */
static inline struct sched_group *sched_group_of(const struct sched *s, uint32_t id)
{
	return s->flags[id] & SCHED_F_MEMBER ? s->group[s->ldp[id].group - 1] : NULL;
}

/* Who competes at the top for the LDP: its group or itself. */
static inline uint32_t sched_top_id(const struct sched *s, uint32_t id)
{
	return s->flags[id] & SCHED_F_MEMBER ? sched_group_id(s, s->ldp[id].group) : id;
}

/* Where the LDP or group competes. */
static inline struct sched_level *sched_level(struct sched *s, uint32_t id)
{
	return s->flags[id] & SCHED_F_MEMBER ? &s->group[s->ldp[id].group - 1]->level : &s->top;
}

/* Moves the clock of the minima on: see sched.c. */
static inline void sched_pass_min(struct sched *s, uint64_t ns)
{
	uint64_t due_ns = heap_first_ns(&s->top.dues);
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

/* Of a repayment. */
static inline uint32_t sched_clamp_factor(uint32_t factor_q16)
{
	if (factor_q16 < SCHED_FACTOR_ONE / 2)
		return SCHED_FACTOR_ONE / 2;
	return factor_q16 > SCHED_FACTOR_ONE * 2 ? SCHED_FACTOR_ONE * 2 : factor_q16;
}

/* Fills the LDP's reservation bucket up to now, sets its rate from now on, and returns it. */
struct bucket *sched_fill_min(struct sched *s, uint32_t id, uint64_t rate_bps);

/* Updates the LDP's place in `dues`: in while it is in the draw and has a minimum, else out. */
void sched_set_due(struct sched *s, uint32_t id);

/*
 * Puts an LDP or group that is awake into the draw, or into `caps` while its ceiling has no tokens.
 * The LDP's group follows.
 */
void sched_place(struct sched *s, uint32_t id);

/* Takes a frame from the ceiling of an LDP or group that has one, here and in the lottery beside.
 */
void sched_spend(struct sched *s, uint32_t id, uint32_t wire_bytes);

/* How many bytes of the ceiling it has to leave in the bucket. */
int64_t sched_kept_bytes(const struct sched *s, uint32_t id);

/* Frees a group without members; NULL does nothing. */
void sched_group_free(struct sched_group *g);

/* 0 or -EINVAL: is the rule within its ranges? */
int sched_check(const struct sched_rule *r);

/* Puts a checked rule in force. */
void sched_apply(struct sched *s, uint32_t id, const struct sched_rule *r);

/* Counts an LDP with another group, 0: at the top. */
void sched_regroup(struct sched *s, uint32_t id, uint32_t group);

#endif
