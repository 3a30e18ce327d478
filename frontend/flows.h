/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flows.h: which frames the backend may send first. Pure. */
#ifndef DMVL_FRONT_FLOWS_H
#define DMVL_FRONT_FLOWS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A frame may be flagged (wire.h, WIRE_SPARSE) if its flow puts little into the ring, and if no
 * frame of that flow waits anywhere where a flagged one would pass it: in the agent, or unflagged
 * in the ring.
 */
struct flows;

/* The ring, as the agent sees it: indexes count bytes modulo 2^32. */
struct flows_ring {
	uint32_t taken, written; /* by the backend, by the agent */
	uint32_t window_bytes;	 /* that may be between them */
};

/* Flows are numbers below n. NULL: out of memory. */
struct flows *flows_new(uint32_t n);
void flows_free(struct flows *f); /* NULL is fine */

/* Another ring, with nothing in it. */
void flows_begin(struct flows *f);

/*
 * May a message of `bytes` be flagged? While a window of messages is written, a flow may have an
 * eighth of what would be its share of it if all that wait had the same, but two full frames in any
 * case. What it may have begins again when the backend has taken all that is there of it. All
 * messages in the ring, flagged or not, are at most two windows, or one and four full frames; where
 * the window became smaller, one of them behind what is not flagged.
 */
bool flows_may_pass(struct flows *f, uint32_t flow, uint32_t bytes, const struct flows_ring *r);

/* A message of `bytes` was written, flagged or not; r->written is not yet past it. */
void flows_wrote(struct flows *f, uint32_t flow, uint32_t bytes, const struct flows_ring *r,
		 bool flagged);

/* A frame of it waits in the agent, and does so no longer. */
void flows_wait(struct flows *f, uint32_t flow);
void flows_leave(struct flows *f, uint32_t flow);

#endif
