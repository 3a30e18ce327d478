/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_rule.h: the LDPs of a scheduler and their rules: weight, minimum, maximum. Pure. */
#ifndef DMVL_SCHED_RULE_H
#define DMVL_SCHED_RULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_WEIGHT_MIN 1u
#define SCHED_WEIGHT_MAX 65535u
#define SCHED_MIN_MAX	 ((uint64_t)1 << 46) /* bits per second: the sum of all fits 64 bits */

struct sched;

/* What an operator may set for one LDP in one direction. */
struct sched_rule {
	uint32_t weight;      /* share of what minima leave: SCHED_WEIGHT_MIN..SCHED_WEIGHT_MAX */
	uint64_t min_bps;     /* reserved bits per second, at most SCHED_MIN_MAX; 0: none */
	uint64_t max_bps;     /* ceiling in bits per second, at least min_bps; 0: none */
	uint32_t burst_bytes; /* depth of the ceiling's bucket, 0: 10 ms at max_bps; at least 2
				 quanta */
	bool low_latency;     /* may overtake others within its own share */
};

/*
 * Adds an LDP, asleep and without debt. -EINVAL: id or rule out of range. -EEXIST: the id is in
 * use. On error nothing changes.
 *
 * Any minima are taken: the caller promises no more than the link can keep. Together they take at
 * most 95 % of the capacity; while they ask for more, all of them shrink in proportion.
 */
int sched_add(struct sched *s, uint32_t id, const struct sched_rule *rule);

/*
 * Changes an LDP's rule, asleep or awake; the next draw uses the new rule. -ENOENT: there is no
 * such LDP. -ENOMEM: only for a member of a group. -EINVAL as for sched_add().
 */
int sched_set_rule(struct sched *s, uint32_t id, const struct sched_rule *rule, uint64_t now_ns);

/*
 * Multiplies the LDP's weight by factor_q16 / 65536 from its next frame on. A factor outside
 * 1/2..2 is clamped. sched_add() starts with 1. An unknown id is ignored.
 */
#define SCHED_FACTOR_ONE 65536u
void sched_set_factor(struct sched *s, uint32_t id, uint32_t factor_q16);

/*
 * Removes an LDP, asleep or awake, from its group too, and forgets its debt. An unknown id is
 * ignored.
 */
void sched_remove(struct sched *s, uint32_t id);

/*
 * What the link carries at present in bits per second, 0: unknown. Minima in force and the frame
 * cap follow it.
 */
void sched_set_capacity(struct sched *s, uint64_t capacity_bps);

/* The link's time that one frame may take at most: 1000..1000000000 ns; 200 us until it is set. */
#define SCHED_FRAME_NS 200000u
void sched_set_frame_time(struct sched *s, uint64_t ns);

/*
 * The longest frame to accept, in bytes on the wire: what the link carries in that time, so that no
 * LDP waits longer than that behind one frame, but at least a quantum. UINT32_MAX while the
 * capacity is unknown.
 */
uint32_t sched_frame_cap_bytes(const struct sched *s);

/* The same for one LDP: also at most what its ceiling, or its group's, carries in 10 ms. */
uint32_t sched_ldp_cap_bytes(const struct sched *s, uint32_t id);

#endif
