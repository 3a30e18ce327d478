/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capacity.h: what the uplink carries, found out by its back-pressure. Pure. */
#ifndef DMVL_CAPACITY_H
#define DMVL_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pure: time is an argument, in nanoseconds, and never goes back. The caller writes frames into a
 * send buffer that refuses more when it is full (EAGAIN), and says what it wrote and when it was
 * refused; out come the link's rate, and how large that buffer should be. Theory: capacity.c.
 */
struct capacity {
	uint64_t estimate_bps;	   /* wire bits per second; 0: not known yet */
	uint32_t sndbuf_bytes;	   /* in force; 0: not sized yet */
	uint32_t sndbuf_max_bytes; /* not to be passed; 0: no limit is known */

	/* Since the buffer was full the last time. */
	bool anchored; /* it was, and is of that size since */
	bool idle;     /* for a while nobody had a frame for it */
	uint64_t span_bytes, span_charge, span_begin_ns;

	/* Spans in which the link never ran dry, added up until they make a sample. */
	uint64_t busy_bytes, busy_ns;
	uint32_t busy_frame_max;

	/* All that was sent in a window: the link carries at least that. */
	uint64_t window_bytes, window_begin_ns;

	/* Samples in a row that are far off on one side. */
	int far_side;
	unsigned far_count;

	/* Does the link run dry because we come late? */
	unsigned late, spans; /* of the last spans without idling */
	int slack;	      /* times that the buffer was doubled for it; below 0: halved */
	uint64_t late_ns;     /* when it was last late */

	/* Since the buffer was full, or was halved because it never is. */
	uint64_t quiet_bytes, quiet_begin_ns;
};

/* The buffer must stay below this (bytes; 0: no limit is known). */
void capacity_init(struct capacity *c, uint32_t sndbuf_max_bytes, uint64_t now_ns);
void capacity_set_max(struct capacity *c, uint32_t sndbuf_max_bytes);

/*
 * A frame of wire_bytes was written. `charged` says whether it stays charged to the buffer until
 * the link has sent it; a flooded one does not.
 */
void capacity_sent(struct capacity *c, uint32_t wire_bytes, bool charged);

/* The buffer is full. */
void capacity_blocked(struct capacity *c, uint64_t now_ns);

/* It is not, but nobody has a frame, or all who have must wait for another reason. */
void capacity_idle(struct capacity *c);

/* To be called after sending, each turn. */
void capacity_turn(struct capacity *c, uint64_t now_ns);

/* How large the send buffer should be now, in bytes; sndbuf_bytes where that is near enough. */
uint32_t capacity_sndbuf(const struct capacity *c);

/* The same for a paced uplink, whose buffer is paced_bytes large as long as we do not come too
 * late. */
uint32_t capacity_paced_sndbuf(const struct capacity *c, uint32_t paced_bytes);

/* It is that large from now on. */
void capacity_resized(struct capacity *c, uint32_t sndbuf_bytes);

/*
 * The capacity in force, in bits per second: the one that the operator configured or the one that
 * was measured (each 0: unknown). A link counts as slower than configured only when the estimate is
 * more than 10 % below. Without back-pressure (`signal` false) the estimate is stale: the
 * configured capacity counts, and the estimate only where none is configured.
 */
uint64_t capacity_in_force_bps(uint64_t configured_bps, uint64_t estimate_bps, bool signal);

#endif
