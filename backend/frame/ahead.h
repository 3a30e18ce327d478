/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead.h: which message of a byte stream goes next, of those that were looked at. Pure. */
#ifndef DMVL_AHEAD_H
#define DMVL_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#define AHEAD_MAX 512u /* messages that are looked at, those that are done among them */

/* What the reader keeps of a message: it never reads its header again. */
struct ahead_msg {
	uint32_t at; /* its first byte, as `seen` counts */
	uint32_t len : 24, sparse : 1, done : 1;
};

/*
 * Messages marked sparse go first, in their order; then the others, in theirs. What is done is
 * freed in order: a message goes when it and all before it are done. Starts zero-initialised. Only
 * ahead.c writes it. All counts are modulo 2^32.
 */
struct ahead {
	uint32_t freed, seen;		    /* bytes ever */
	uint32_t first, plain, sparse, end; /* messages: the oldest; where to look for each; last */
	uint32_t chosen;
	struct ahead_msg msg[AHEAD_MAX];
};

/* Bytes that were looked at and not yet freed. */
static inline uint32_t ahead_bytes(const struct ahead *a)
{
	return a->seen - a->freed;
}

static inline bool ahead_has_room(const struct ahead *a)
{
	return a->end - a->first < AHEAD_MAX;
}

/* The next message has a body of `len` bytes (wire.h: at most WIRE_BODY_MAX). There is room. */
void ahead_add(struct ahead *a, uint32_t len, bool sparse);

/* A message that is marked sparse waits. */
bool ahead_has_sparse(struct ahead *a);

/* Chooses the message that goes next; NULL: none is left. Good until the next ahead_done(). */
const struct ahead_msg *ahead_choose(struct ahead *a);

/* How far behind the freed bytes the chosen message begins. */
uint32_t ahead_offset(const struct ahead *a);

/* The chosen one is marked sparse. */
bool ahead_chose_sparse(const struct ahead *a);

/* The chosen message is done with. Returns how many bytes are free now. */
uint32_t ahead_done(struct ahead *a);

#endif
