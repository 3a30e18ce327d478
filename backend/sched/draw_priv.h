/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw_priv.h: a draw's state, for draw.c, draw_family.c, tests. Theory: draw.c. Pure. */
#ifndef DMVL_SCHED_DRAW_PRIV_H
#define DMVL_SCHED_DRAW_PRIV_H

#include "backend/sched/draw.h"
#include "backend/sched/heap.h"
#include "backend/sched/rng.h"
#include "backend/sched/wheel.h"

#define DRAW_START_VT  ((uint64_t)1 << 56) /* the clock may turn back, by 2^30 quanta of credit */
#define QUANTUM_CREDIT ((uint64_t)1 << VT_QUANTUM_LOG)

/* Who may overtake: a queue linked by wheel_ldp.ring_next. An LDP is in each at most once. */
struct draw_ring {
	uint32_t first, last; /* WHEEL_NONE: empty */
};

/* Those that woke, for one quantum; and the low_latency ones, which must not crowd those out. */
enum { RING_WOKEN, RING_LOW, RINGS };

/* Only draw.c and draw_family.c write it, and the wheels through wheel.c. */
struct draw {
	struct wheel *wheel[WHEEL_CLASSES]; /* NULL: no id of that class was ever in this draw */
	struct wheel_ldp *ldp;		    /* of all draws of the family */
	uint64_t now_vt;
	double now_frac;
	double per_weight;  /* 1 / active_weight */
	double quantum_vt;  /* what a quantum moves the clock by now */
	int64_t pass_bytes; /* what may overtake although a class is late */
	uint32_t passed;    /* who was drawn for that last; WHEEL_NONE: the last draw was another */
	uint64_t active_weight;
	uint64_t active_repaid; /* the sum of weight * factor_q16 over the same LDPs */
	uint64_t all_weight;	/* of the LDPs inside and outside */
	uint32_t busy;		/* bitmap: classes with members */
	uint32_t low;		/* how many of those in the draw are low_latency */
	uint32_t max_ids;
	uint32_t quantum_bytes;
	struct draw_ring ring[RINGS];
	uint16_t owner; /* 0: the first draw of the family, which has `ldp` */
	bool express_on;
	struct heap away; /* LDPs far ahead, by their start_vt */
	struct rng rng;
};

/* How far the LDP is ahead of the clock, in virtual time. */
static inline double draw_ahead(const struct draw *d, const struct wheel_ldp *l)
{
	return (double)(int64_t)(l->start_vt - d->now_vt) + l->start_frac * 0x1p-32 - d->now_frac;
}

/* What these bytes move the start of an LDP by. */
static inline int64_t draw_moved_vt(const struct draw *d, const struct wheel_ldp *l, double bytes)
{
	return (int64_t)(bytes * (double)QUANTUM_CREDIT / d->quantum_bytes / l->weight);
}

static inline unsigned int draw_class_of(uint32_t weight)
{
	return 31 - (unsigned int)__builtin_clz(weight);
}

#endif
