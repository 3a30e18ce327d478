/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fluid.h: what the fluid ideal gives those who share a link in a stretch of time. Pure. */
#ifndef DMVL_FLUID_H
#define DMVL_FLUID_H

#include <stdint.h>

#include "backend/sched/water.h"

#define FLUID_HUNGRY UINT64_MAX /* the demand of one that had frames waiting all the time */

/* An LDP, or a group that competes as one. */
struct fluid_part {
	/* Set by the caller. */
	double weight;
	double factor;	   /* of the repayment: 1/2..2 */
	double busy;	   /* 0..1: for which part of the time it had frames waiting */
	uint64_t min, max; /* bytes in that time, max: 0: none */
	uint64_t demand;   /* bytes, or FLUID_HUNGRY */

	double share;  /* its weight in force: fluid_weigh() */
	uint64_t gets; /* bytes: fluid_share() */
};

/*
 * Sets `share` of each: its weight, and by weight * factor a part of the weight of those that had
 * no frames. `weights` is the sum of all weights, of those too that are not among the n.
 */
void fluid_weigh(struct fluid_part *part, unsigned n, double weights);

/*
 * Divides `bytes` by `share`, nobody getting more than its demand or maximum, and each at least its
 * minimum as far as it wants that. Minima together take at most 95 % of the bytes: while they ask
 * for more, all of them shrink in proportion. `kinks` is memory for WATER_KINKS(n).
 */
void fluid_share(struct fluid_part *part, unsigned n, uint64_t bytes, struct water_kink *kinks);

#endif
