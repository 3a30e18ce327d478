/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.h: the lottery by weight alone; sched.c puts minima and ceilings in front of it. Pure. */
#ifndef DMVL_SCHED_DRAW_H
#define DMVL_SCHED_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw;

/*
 * Room for ids 0..max_ids-1 (at most 65536); quantum_bytes is 64..65536; seed is any number. NULL:
 * out of memory. The caller ends it with draw_free(); NULL is fine there.
 */
struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed);
void draw_free(struct draw *d);

/* An LDP without debt, weight 1..65535, forgetting what the id may have owed. It must be out. */
void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* A new weight, in or out; what the LDP is ahead or behind, in bytes, stays. */
void draw_reweight(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* A factor of 1/2..2 on the weight, in 2^-16, until the LDP is reset. Costs a draw nothing. */
#define DRAW_FACTOR_ONE 65536u
void draw_set_factor(struct draw *d, uint32_t id, uint32_t factor_q16);

/* Joins or leaves the draw. Joining twice or leaving twice changes nothing. */
void draw_wake(struct draw *d, uint32_t id);
void draw_sleep(struct draw *d, uint32_t id);

/* Whose turn it is, or UINT32_MAX when nobody is in. Never UINT32_MAX when somebody is. */
uint32_t draw_pick(struct draw *d);

/* Charges cost_bytes to an LDP that is in. One that is out is charged without a turn of the clock.
 */
void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes);

/* Whether the LDP is less than two quanta ahead of its fair share. */
bool draw_is_due(const struct draw *d, uint32_t id);

/* For tests: switches the express path off or on again. It is on from the start. */
void draw_set_express(struct draw *d, bool on);

/* For tests: the sum of the weights of those in. */
uint64_t draw_active_weight(const struct draw *d);

/* For tests: recomputes all sums and lists; false where one is wrong. Looks at every id. */
bool draw_is_sound(const struct draw *d);

#endif
