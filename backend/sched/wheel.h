/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wheel.h: the LDPs of one weight class, in slots of virtual time, and the urn of the first slot.
 * Pure. */
#ifndef DMVL_SCHED_WHEEL_H
#define DMVL_SCHED_WHEEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/rng.h"

/*
 * Virtual time ("vt") is counted so that an LDP of weight 1 moves by 2^VT_QUANTUM_LOG for one
 * quantum. Credit, which is vt times weight, is bytes in that measure, whoever has it: a quantum of
 * credit is 2^VT_QUANTUM_LOG for everyone. 2^26 leaves 23 hours at 10 Gbit/s between two rebases
 * for a lone LDP of weight 1, and 2^11 steps in the slot of the heaviest class.
 */
#define VT_QUANTUM_LOG	26
#define WHEEL_CLASSES	16
#define WHEEL_SLOTS	128
#define WHEEL_URN	16
#define WHEEL_NONE	UINT32_MAX
#define WHEEL_URN_TRIES 4

enum wheel_where { WHEEL_OUT, WHEEL_FIFO, WHEEL_IN_URN };

/* All that a draw needs of one LDP: one cache line. */
struct wheel_ldp {
	uint64_t start_vt;   /* where its next byte begins: bytes served / weight, since ever */
	uint32_t start_frac; /* and 2^-32 of it, so that small frames of heavy LDPs count in full */
	uint32_t weight;
	uint64_t step;	       /* vt per byte, 32.32: less with a factor above 1 */
	uint32_t next, prev;   /* in the slot's FIFO */
	int32_t express_bytes; /* what it may still send by the express path since it woke */
	uint8_t class;	       /* floor(log2(weight)) */
	uint8_t where;	       /* enum wheel_where */
	uint8_t slot;	       /* modulo WHEEL_SLOTS */
	uint8_t urn_at;
	bool low_latency;
	bool in_express;
	uint32_t factor_q16; /* of the weight in force; the class stays */
} __attribute__((aligned(64)));
static_assert(sizeof(struct wheel_ldp) == 64, "one cache line per LDP");

struct wheel_slot {
	uint32_t first, last; /* FIFO, WHEEL_NONE when empty */
	uint32_t members;     /* in the FIFO or the urn */
	uint64_t left;	      /* the members' credit until the slot's end */
	uint64_t total;	      /* that and what was served in this slot */
};

/* Class k: a slot lasts 2^(VT_QUANTUM_LOG - k), so that every member has 1 to 2 quanta in it. */
struct wheel {
	uint64_t head;	      /* the first slot with members, counted since vt 0 */
	uint64_t busy[2];     /* bitmap: slots with members */
	uint64_t position_vt; /* of the class between the head slot's ends, with its random part */
	uint32_t members;
	uint8_t shift;
	bool fresh; /* no urn was filled from the head slot yet */
	uint8_t urn_n;
	uint32_t urn[WHEEL_URN];
	uint32_t urn_credit[WHEEL_URN]; /* tickets; 0: its own slot is a later one */
	uint32_t urn_most;		/* no member has more tickets */
	double scale;			/* vt per credit of a head slot of scale_total */
	uint64_t scale_total;
	struct wheel_slot slot[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, unsigned int class);

/* Where the head slot begins and ends. */
static inline uint64_t wheel_begin_vt(const struct wheel *w)
{
	return w->head << w->shift;
}

static inline uint64_t wheel_end_vt(const struct wheel *w)
{
	return (w->head + 1) << w->shift;
}

/* Puts an LDP that is out into the slot of its start_vt (or the nearest one that there is). */
void wheel_put(struct wheel *w, struct wheel_ldp *all, uint32_t id);

/* Takes it out, wherever it is. */
void wheel_take(struct wheel *w, struct wheel_ldp *all, uint32_t id);

/* Moves its start on by cost_bytes, and into the slot that then is its own. It may be out. */
void wheel_serve(struct wheel *w, struct wheel_ldp *all, uint32_t id, uint32_t cost_bytes);

/* One of the head slot by lottery over the credit left in it. The wheel must not be empty. */
uint32_t wheel_pick(struct wheel *w, struct wheel_ldp *all, struct rng *rng);

/* Draws the class's position anew, from what is left of the head slot. */
void wheel_position(struct wheel *w, struct rng *rng);

/* Moves the wheel back by vt, a multiple of 2^(VT_QUANTUM_LOG) * WHEEL_SLOTS; LDPs are not touched.
 */
void wheel_rebase(struct wheel *w, uint64_t vt);

/* For tests: whether the slots' sums, the lists and the urn agree with their members. */
bool wheel_is_sound(const struct wheel *w, const struct wheel_ldp *all);

#endif
