/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wheel.h: the LDPs of one weight class by virtual time, and the lottery among them. Pure. */
#ifndef DMVL_SCHED_WHEEL_H
#define DMVL_SCHED_WHEEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/rng.h"

/*
 * The unit of virtual time ("vt"): one quantum moves an LDP of weight 1 by 2^VT_QUANTUM_LOG, and an
 * LDP of weight w by 2^VT_QUANTUM_LOG / w. Credit is vt * weight: it measures bytes, and one
 * quantum is 2^VT_QUANTUM_LOG of credit for every LDP. With 26, a single LDP of weight 1 at 10
 * Gbit/s needs a rebase every 23 hours, and a slot of the heaviest class has 2^11 steps.
 */
#define VT_QUANTUM_LOG	26
#define WHEEL_CLASSES	16
#define WHEEL_SLOTS	128
#define WHEEL_URN	16
#define WHEEL_NONE	UINT32_MAX
#define WHEEL_URN_TRIES 4

enum wheel_where { WHEEL_OUT, WHEEL_FIFO, WHEEL_IN_URN };

/* What a draw needs of one LDP, in one cache line. Written by wheel.c and draw.c as noted. */
struct wheel_ldp {
	uint64_t start_vt;     /* both: where its next byte begins: all bytes served / weight */
	uint32_t start_frac;   /* both: the fraction in 2^-32, so that no byte is rounded away */
	uint32_t weight;       /* draw.c */
	uint64_t step;	       /* draw.c: vt per byte, 32.32 */
	uint32_t next, prev;   /* wheel.c: in the slot's FIFO */
	int32_t express_bytes; /* draw.c: what it may still send on the express path */
	uint8_t class;	       /* draw.c: floor(log2(weight)) */
	uint8_t where;	       /* wheel.c: enum wheel_where */
	uint8_t slot;	       /* wheel.c: modulo WHEEL_SLOTS */
	uint8_t urn_at;	       /* wheel.c: its index in the urn */
	bool low_latency;      /* draw.c */
	uint8_t in_ring;       /* draw.c: bitmap of the express rings that it is in */
	bool away;	       /* draw.c: out, until the clock has come to its start */
	bool long_frames;      /* draw.c: its last frame was longer than a quantum */
	uint32_t factor_q16;   /* draw.c: of the repayment */
	uint32_t ring_next[2]; /* draw.c: who is next in each express ring */
	uint16_t owner;	       /* draw.c: the draw whose clock start_vt follows */
} __attribute__((aligned(64)));
static_assert(sizeof(struct wheel_ldp) == 64, "one cache line per LDP");

struct wheel_slot {
	uint32_t first, last; /* FIFO, WHEEL_NONE when empty */
	uint32_t members;     /* in the FIFO or the urn */
	uint64_t left;	      /* credit that the members may still use before the slot ends */
	uint64_t total;	      /* `left` plus what was served in this slot */
};

/*
 * The wheel of class k. A slot lasts 2^(VT_QUANTUM_LOG - k), so that each member has 1 to 2 quanta
 * in it. Only wheel.c writes it.
 */
struct wheel {
	uint64_t head;	      /* the first slot with members, counted since vt 0 */
	uint64_t busy[2];     /* bitmap: slots with members */
	uint64_t position_vt; /* the class's place between the head slot's ends, partly random */
	uint32_t members;
	uint8_t shift; /* a slot lasts 2^shift */
	bool fresh;    /* no urn was filled from the head slot yet */
	uint8_t urn_n;
	uint32_t urn[WHEEL_URN];
	uint32_t urn_credit[WHEEL_URN]; /* tickets; 0: the member's own slot is a later one */
	uint32_t urn_most;		/* no member has more tickets than this */
	double scale;			/* vt per credit, for a head slot of scale_total */
	uint64_t scale_total;
	struct wheel_slot slot[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, unsigned int class);

/* Where the head slot begins and ends, in vt. */
static inline uint64_t wheel_begin_vt(const struct wheel *w)
{
	return w->head << w->shift;
}

static inline uint64_t wheel_end_vt(const struct wheel *w)
{
	return (w->head + 1) << w->shift;
}

/* Puts an LDP that is out into the slot of its start_vt, or the nearest slot that the wheel has. */
void wheel_put(struct wheel *w, struct wheel_ldp *all, uint32_t id);

/* Takes an LDP out of its slot. */
void wheel_take(struct wheel *w, struct wheel_ldp *all, uint32_t id);

/*
 * Moves the start of an LDP on by cost_bytes, each of `step` (32.32), and the LDP, if it is in,
 * into the slot of that.
 */
void wheel_serve(struct wheel *w, struct wheel_ldp *all, uint32_t id, uint64_t step,
		 uint32_t cost_bytes);

/* Draws an LDP of the head slot, by the credit that each has left. The wheel must not be empty. */
uint32_t wheel_pick(struct wheel *w, struct wheel_ldp *all, struct rng *rng);

/* Draws a new position of the class from what is left of the head slot. */
void wheel_position(struct wheel *w, struct rng *rng);

/* Moves the wheel, but no LDP, back by vt: a multiple of 2^VT_QUANTUM_LOG * WHEEL_SLOTS. */
void wheel_rebase(struct wheel *w, uint64_t vt);

#endif
