/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rerun.h: demand of the past through the scheduler and its credits, on a virtual clock. Pure. */
#ifndef DMVL_RERUN_H
#define DMVL_RERUN_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/sched_rule.h"
#include "backend/stats/stats.h"

/*
 * One uplink's transmit direction, interval by interval. Any numbers are taken: what no host could
 * have is cut, and memory is bounded. The same calls give the same results.
 */
#define RERUN_DEVICES	4096u	  /* ids 0..RERUN_DEVICES-1 */
#define RERUN_GROUPS	1024u	  /* groups 1..RERUN_GROUPS; 0: none */
#define RERUN_REPAYMENT 500000u	  /* ppm, as dmvl-back has it if nothing is said */
#define RERUN_US_MAX	60000000u /* of an interval; a longer one is cut */
#define RERUN_BPS_MAX	UINT64_C(1000000000000)

struct rerun;

/* NULL: out of memory. rerun_free(NULL) does nothing. */
struct rerun *rerun_new(uint64_t seed);
void rerun_free(struct rerun *r);

/*
 * Adds the device, or changes its rule and group. -EINVAL: a rule that cannot be in force; nothing
 * changes. -ENOMEM.
 */
int rerun_put(struct rerun *r, uint32_t id, const struct sched_rule *rule, uint32_t group);
void rerun_remove(struct rerun *r, uint32_t id);
bool rerun_has(const struct rerun *r, uint32_t id);

/* Makes the group, or changes its rule. As rerun_put(). */
int rerun_put_group(struct rerun *r, uint32_t group, const struct sched_rule *rule);

/* What the link carries from now on, in bits per second, not 0. */
void rerun_capacity(struct rerun *r, uint64_t bps);

/* What a device has to send in an interval. */
struct rerun_offer {
	uint64_t bytes, frames; /* that come, evenly spread */
	bool greedy;		/* it sends all it can instead, in frames of this mean size */
	uint64_t waiting_bytes; /* a greedy one has so much waiting, and at least two frames */
};

/* In the next interval. Nothing is offered by who is not there. */
void rerun_offer(struct rerun *r, uint32_t id, const struct rerun_offer *offer);

/* Lets the interval pass. Offers end with it; what waits goes on waiting. */
void rerun_run(struct rerun *r, uint64_t us);

/* What a device had since it was last asked. */
struct rerun_had {
	uint64_t bytes;
	uint64_t wait[STATS_BUCKETS]; /* us, by frames */
};

void rerun_take(struct rerun *r, uint32_t id, struct rerun_had *out);

#endif
