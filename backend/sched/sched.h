/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched.h: the credit lottery over the LDPs of one uplink and direction: whose turn is it? Pure. */
#ifndef DMVL_SCHED_H
#define DMVL_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/sched_rule.h"

/*
 * Time (any monotonic clock in nanoseconds) and the seed of the randomness are arguments: the same
 * calls give the same draws. A time earlier than the latest one counts as the latest. A decision
 * allocates no memory. LDPs are named by an id that the caller chooses, 0..max_ldps-1.
 *
 * The caller keeps the queues of frames. It calls sched_wake() when an LDP's queue gets its first
 * frame, sched_draw() to learn whose turn it is, and sched_served() after it sent one frame of that
 * LDP. A caller that catches up, and so sends in one burst what the link could have carried
 * earlier, passes the link's time (pace_clock_ns()), not the wall clock's: minima and ceilings
 * follow the time they are given.
 *
 * docs/scheduler.md has the theory and its sources.
 */
#define SCHED_MAX_LDPS 65536u
#define SCHED_NONE     UINT32_MAX
#define SCHED_NEVER    UINT64_MAX

/*
 * A scheduler for at most max_ldps (1..SCHED_MAX_LDPS) LDPs. quantum_bytes is one full frame on the
 * wire (64..65536), the unit of the fairness bound. NULL with errno EINVAL or ENOMEM. The caller
 * ends it with sched_free(); sched_free(NULL) does nothing.
 */
struct sched *sched_new(uint32_t max_ldps, uint32_t quantum_bytes, uint64_t seed);
void sched_free(struct sched *s);

/* The LDP has a frame waiting. No effect on an LDP that is awake. */
void sched_wake(struct sched *s, uint32_t id, uint64_t now_ns);

/* The LDP's queue became empty although nothing was sent: its frames were withdrawn. */
void sched_sleep(struct sched *s, uint32_t id);

/*
 * The id of the LDP whose turn it is. SCHED_NONE: no LDP is awake, or each one that is has reached
 * its ceiling; sched_next_ns() then says when that ends. The draw is work-conserving: it never
 * returns SCHED_NONE while an LDP is awake and below its ceiling. Drawing again without
 * sched_served() in between is allowed and may name another LDP.
 */
uint32_t sched_draw(struct sched *s, uint64_t now_ns);

/*
 * As sched_draw(), but only an LDP that overtakes the others: one that woke and has had less than a
 * quantum since, or a low_latency one, while it is not ahead of its share.
 */
uint32_t sched_draw_express(struct sched *s, uint64_t now_ns);

/* When the first LDP that has reached its ceiling may send again; SCHED_NEVER: there is none. */
uint64_t sched_next_ns(const struct sched *s);

/*
 * The LDP sent a frame, or its frame was refused. The ceiling counts `wire_bytes`, the frame's size
 * on the wire. Share and minimum count `charge_bytes`, which is larger when the frame cost more CPU
 * time than its bytes or was sent in several copies. `more`: the LDP has another frame waiting;
 * otherwise it falls asleep. Its debt stays while it sleeps.
 */
void sched_served(struct sched *s, uint32_t id, uint32_t wire_bytes, uint32_t charge_bytes,
		  bool more, uint64_t now_ns);

#endif
