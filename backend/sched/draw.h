/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.h: the lottery by weight alone; sched.c puts minima and ceilings in front of it. */
#ifndef DMVL_SCHED_DRAW_H
#define DMVL_SCHED_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw;

/* As sched_new(): ids 0..max_ids-1, quantum in bytes, seed. NULL: out of memory. */
struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed);
void draw_free(struct draw *d);

/* An idle LDP without debt, forgetting what the id may have owed. It must be idle. */
void draw_reset(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* A new weight, idle or active; the debt in bytes stays. */
void draw_reweight(struct draw *d, uint32_t id, uint32_t weight, bool low_latency);

/* Joins or leaves the draw. Joining twice or leaving twice changes nothing. */
void draw_wake(struct draw *d, uint32_t id);
void draw_sleep(struct draw *d, uint32_t id);

/* Whose turn it is, or UINT32_MAX when nobody is in. */
uint32_t draw_pick(struct draw *d);

/* Charges cost_bytes to the LDP, in or not. */
void draw_charge(struct draw *d, uint32_t id, uint32_t cost_bytes);

/* Whether an LDP has had no more than its share so far, and is owed the next bytes. */
bool draw_is_due(const struct draw *d, uint32_t id);

/* The sum of the weights of those in. */
uint64_t draw_active_weight(const struct draw *d);

#endif
