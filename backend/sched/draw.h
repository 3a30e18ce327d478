/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.h: the lottery by weight alone; sched.c puts minima and ceilings in front of it. Pure. */
#ifndef DMVL_SCHED_DRAW_H
#define DMVL_SCHED_DRAW_H

#include <stdbool.h>
#include <stdint.h>

/* Fields: draw_priv.h. */
struct draw;

/* Makes the id an LDP of weight 1..65535 without debt. Only while it is outside the draw. */
void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* Changes low_latency alone. */
void draw_set_low(struct draw *d, uint32_t id, bool low_latency);

/* Changes the weight, in the draw or outside. What the LDP is ahead or behind, in bytes, stays. */
void draw_reweight(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* The sum of the weights of all LDPs, in the draw and outside. */
void draw_set_all_weight(struct draw *d, uint64_t weight);

/*
 * Multiplies the weight by factor_q16 / 65536 (1/2..2) until the next draw_reset(), but only where
 * the shares of LDPs outside the draw are dealt out. What an LDP has by its weight among all stays.
 */
#define DRAW_FACTOR_ONE 65536u
void draw_set_factor(struct draw *d, uint32_t id, uint32_t factor_q16);

/* The LDP joins or leaves the draw. No effect if it already has. */
void draw_wake(struct draw *d, uint32_t id);
void draw_sleep(struct draw *d, uint32_t id);

/* Lets an id in the draw overtake for one quantum, as if it had joined now. */
void draw_hurry(struct draw *d, uint32_t id);

/* Does any id wait to overtake? It may have lost the right since. */
bool draw_has_waiters(const struct draw *d);

/* May the id, which draw_pick() gave, overtake? */
bool draw_overtakes(const struct draw *d, uint32_t id);

/* The id whose turn it is; UINT32_MAX only when no LDP is in the draw. */
uint32_t draw_pick(struct draw *d);

/* Charges cost_bytes to an LDP. The clock moves only if the LDP is in the draw. */
void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes);

/* Is the LDP less than two quanta ahead of its fair share? */
bool draw_is_due(const struct draw *d, uint32_t id);

/* How far the LDP is ahead of the clock; below 0: behind. */
double draw_ahead_bytes(const struct draw *d, uint32_t id);

/* Puts the LDP further ahead, or back. Nobody counts it as service that others had. */
void draw_shift(struct draw *d, uint32_t id, double bytes);

/* The sum of the weights in the draw. */
uint64_t draw_weight(const struct draw *d);

/* Is any LDP in the draw, or any that is low_latency? */
bool draw_has_any(const struct draw *d);
bool draw_has_low(const struct draw *d);

#endif
