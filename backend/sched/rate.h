/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rate.h: the rate that an LDP's settings give it. Pure. */
#ifndef DMVL_RATE_H
#define DMVL_RATE_H

#include "backend/sched/sched_rule.h"

/*
 * The rate in force for one direction, in bits per second: capacity_bps (<= 10^12) * weight /
 * weights, but at least the minimum and at most the maximum. `weights` is the sum over all LDPs,
 * this one included. If the capacity is unknown (0), the maximum; 0 if there is none either.
 */
uint64_t rate_in_force(const struct sched_rule *rule, uint64_t capacity_bps, uint64_t weights);

/* The bytes that a rate carries in `ms` milliseconds. */
uint64_t rate_bytes(uint64_t rate_bps, unsigned ms);

#endif
