/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw_priv.h: the state of a draw, for draw.c and for tests. Theory of operation: draw.c. Pure. */
#ifndef DMVL_SCHED_DRAW_PRIV_H
#define DMVL_SCHED_DRAW_PRIV_H

#include "backend/sched/draw.h"
#include "backend/sched/rng.h"
#include "backend/sched/wheel.h"

#define QUANTUM_CREDIT ((uint64_t)1 << VT_QUANTUM_LOG)

/* Only draw.c writes it, and the wheels through wheel.c. */
struct draw {
	struct wheel wheel[WHEEL_CLASSES];
	struct wheel_ldp *ldp;
	uint64_t now_vt;
	double now_frac;
	double per_weight; /* 1 / active_weight */
	double quantum_vt; /* what a quantum moves the clock by now */
	uint64_t active_weight;
	uint32_t busy; /* bitmap: classes with members */
	uint32_t max_ids;
	uint32_t quantum_bytes;
	uint32_t *express; /* a ring; an LDP is in it at most once */
	bool express_on;
	uint32_t express_mask, express_get, express_put;
	struct rng rng;
};

/* How far the LDP is ahead of the clock, in virtual time. */
static inline double draw_ahead(const struct draw *d, const struct wheel_ldp *l)
{
	return (double)(int64_t)(l->start_vt - d->now_vt) + l->start_frac * 0x1p-32 - d->now_frac;
}

#endif
