/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw_family.h: draws over the same LDPs, each of which is in one of them at a time. Pure. */
#ifndef DMVL_SCHED_DRAW_FAMILY_H
#define DMVL_SCHED_DRAW_FAMILY_H

#include <stdint.h>

#include "backend/sched/draw.h"

/*
 * Room for ids 0..max_ids-1; quantum_bytes is 64..65536; seed is any number.
 * NULL: out of memory. The caller ends it with draw_free(); draw_free(NULL) does nothing.
 */
struct draw *draw_new(uint32_t max_ids, uint32_t quantum_bytes, uint64_t seed);
void draw_free(struct draw *d);

/*
 * A draw of its own over the ids of `of`, which draw_new() made and which outlives this one. An id
 * belongs to one of them at a time: to `of`, until draw_move(). `owner` is 1..65535 and different
 * for each. NULL: out of memory. The caller ends it with draw_free(), after all ids have moved out.
 */
struct draw *draw_new_beside(struct draw *of, uint16_t owner);

/*
 * Makes room for `ids` ids in all and for one of this weight. 0 or -ENOMEM. Needed in a draw of
 * draw_new_beside(), before draw_move() and draw_reweight().
 */
int draw_reserve(struct draw *d, uint32_t ids, uint32_t weight);

/*
 * An id that is outside the draw goes from one draw to another of the family. There it is ahead of
 * the clock by `ahead_bytes`.
 */
void draw_move(struct draw *from, struct draw *to, uint32_t id, double ahead_bytes);

#endif
