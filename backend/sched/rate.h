/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rate.h: what rate an LDP's settings come to. Pure. */
#ifndef DMVL_RATE_H
#define DMVL_RATE_H

#include "backend/sched/sched_rule.h"

/*
 * The rate in force for one direction, in bits per second: the share of `capacity_bps` (at most
 * 10^12) that is the rule's weight in `weights`, the sum over all LDPs, this one included (at
 * least its weight); never less than the minimum, nor more than the maximum. An unknown capacity
 * (0) leaves the maximum, and 0 where there is none: no limit is known.
 */
uint64_t rate_in_force(const struct sched_rule *rule, uint64_t capacity_bps, uint64_t weights);

/* The bytes that a rate carries in so many milliseconds. */
uint64_t rate_bytes(uint64_t rate_bps, unsigned ms);

#endif
