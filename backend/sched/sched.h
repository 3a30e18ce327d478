/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched.h: whose turn it is. The credit lottery over the LDPs of one uplink and direction. */
#ifndef DMVL_SCHED_H
#define DMVL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A pure module: no I/O, no clock, no log, no allocation per decision. Time (any monotonic clock in
 * nanoseconds, never going back) and the seed of the randomness are arguments; the same calls give
 * the same draws. LDPs are named by an id of the caller's choice, 0..max_ldps-1.
 *
 * The caller keeps the queues. It says sched_wake() when an LDP's queue gets its first frame, asks
 * sched_draw() whose turn it is, sends one frame of that LDP and says so with sched_served(). Where
 * it sends at once what it could have sent earlier, the time is to be that of the link and not the
 * hour: minima and ceilings go by it.
 */

#define SCHED_MAX_LDPS	 65536u
#define SCHED_WEIGHT_MIN 1u
#define SCHED_WEIGHT_MAX 65535u
#define SCHED_NONE	 UINT32_MAX
#define SCHED_NEVER	 UINT64_MAX

struct sched;

/* What an operator may ask for one LDP in one direction. */
struct sched_rule {
	uint32_t weight;      /* share of what is left: SCHED_WEIGHT_MIN..SCHED_WEIGHT_MAX */
	uint64_t min_bps;     /* reserved bits per second, 0 = none */
	uint64_t max_bps;     /* ceiling in bits per second, 0 = none */
	uint32_t burst_bytes; /* depth of its bucket, 0 = 10 ms at max_bps; >= 2 quanta */
	bool low_latency;     /* may overtake as far as its own share allows */
};

/*
 * A scheduler for at most max_ldps (1..SCHED_MAX_LDPS) LDPs. quantum_bytes is one full frame on the
 * wire (64..65536), the unit of the fairness bound. Returns NULL with errno EINVAL or ENOMEM. The
 * caller ends it with sched_free(); sched_free(NULL) is fine.
 */
struct sched *sched_new(uint32_t max_ldps, uint32_t quantum_bytes, uint64_t seed);
void sched_free(struct sched *s);

/*
 * The link's capacity in bits per second, 0 = unknown; only minima and the frame cap need it. Where
 * the minima already granted no longer fit, all of them shrink in proportion until they do.
 */
void sched_set_capacity(struct sched *s, uint64_t capacity_bps);

/*
 * What the link carries at present (0: unknown), where that is not the capacity that minima are
 * admitted against: minima and the frame cap follow it. sched_set_capacity() sets both.
 */
void sched_set_link(struct sched *s, uint64_t link_bps);

/*
 * The longest frame to accept, on the wire: 1 ms of the capacity, so that nobody waits longer than
 * that behind one frame, at least a quantum; UINT32_MAX while the capacity is unknown.
 */
uint32_t sched_frame_cap_bytes(const struct sched *s);

/*
 * Adds an LDP, idle and without debt. -EINVAL: id or rule out of range; -EEXIST; -ERANGE: the sum
 * of minima would pass 95 % of the capacity (nothing is changed).
 */
int sched_add(struct sched *s, uint32_t id, const struct sched_rule *rule);

/* Changes the rule of an LDP, backlogged or not, from the next draw on. -ENOENT, else as add. */
int sched_set_rule(struct sched *s, uint32_t id, const struct sched_rule *rule, uint64_t now_ns);

/*
 * The LDP's weight counts factor_q16 / 65536 times, 1/2..2, from its next frame on; sched_add()
 * begins with 1. An unknown id is ignored, a factor out of range cut.
 */
#define SCHED_FACTOR_ONE 65536u
void sched_set_factor(struct sched *s, uint32_t id, uint32_t factor_q16);

/* Forgets an LDP, whatever its state. An unknown id is ignored. */
void sched_remove(struct sched *s, uint32_t id);

/* The LDP has a frame waiting (again). Waking one that is awake changes nothing. */
void sched_wake(struct sched *s, uint32_t id, uint64_t now_ns);

/* The LDP's queue is empty without having been served (its frames were withdrawn). */
void sched_sleep(struct sched *s, uint32_t id);

/*
 * Whose turn it is, or SCHED_NONE: nobody is awake, or everyone awake is at his ceiling (then
 * sched_next_ns() says when that ends). Drawing again without serving is allowed and need not give
 * the same LDP. Work conserving: with somebody awake and under his ceiling it never says NONE.
 */
uint32_t sched_draw(struct sched *s, uint64_t now_ns);

/* When the first LDP at its ceiling may be drawn, or SCHED_NEVER when none waits for its tokens. */
uint64_t sched_next_ns(const struct sched *s);

/*
 * The LDP sent a frame, or had one refused. Its ceiling counts `wire_bytes`, what the frame takes
 * on the wire; its share and its minimum count `charge_bytes`, which is more where the frame's cost
 * in bytes is, or where there were copies of it. `more`: it has another frame waiting; otherwise it
 * sleeps. Its debt outlives its sleep.
 */
void sched_served(struct sched *s, uint32_t id, uint32_t wire_bytes, uint32_t charge_bytes,
		  bool more, uint64_t now_ns);

/* For tests: recomputes all sums, lists and heaps; false where one is wrong. Looks at every id. */
bool sched_is_sound(const struct sched *s);

#endif
