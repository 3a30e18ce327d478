/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capacity.h: estimates what the uplink carries, from its back-pressure. Pure. */
#ifndef DMVL_CAPACITY_H
#define DMVL_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The caller writes frames to a device whose send buffer refuses more when it is full (EAGAIN). It
 * reports what it wrote and when a write was refused. From that follow the rate of the link and the
 * right size of the send buffer. Times are nanoseconds of any clock that never goes back. Theory:
 * capacity.c.
 *
 * Only capacity.c writes the fields; callers read the first three.
 */
struct capacity {
	uint64_t estimate_bps;	   /* bits per second on the wire; 0: not known yet */
	uint32_t sndbuf_bytes;	   /* size of the send buffer; 0: not set yet */
	uint32_t sndbuf_max_bytes; /* upper limit of that; 0: no limit is known */

	/* The span since the buffer was last full. */
	bool anchored; /* it was full, and has had the same size since */
	bool idle;     /* at some time in the span there was no frame to send */
	uint64_t span_bytes, span_charge, span_begin_ns;

	/* Spans in which the link was always busy, added up until they make a sample. */
	uint64_t busy_bytes, busy_ns;
	uint32_t busy_frame_max;

	/* All that was sent in a window: a lower bound of what the link carries. */
	uint64_t window_bytes, window_begin_ns;

	/* Consecutive samples that are far above or far below the estimate. */
	int far_side;
	unsigned far_count;

	/* Does the link run out of frames because this process comes too late? */
	unsigned late, spans; /* late ones among the last spans without idling */
	int slack;	      /* the buffer is larger by 2^slack for that; < 0: smaller */
	uint64_t late_ns;     /* when the process was last late */

	/* Since the buffer was full, or was halved because it was never full. */
	uint64_t quiet_bytes, quiet_begin_ns;
};

/* Starts without an estimate. The buffer must stay below sndbuf_max_bytes; 0: no limit is known. */
void capacity_init(struct capacity *c, uint32_t sndbuf_max_bytes, uint64_t now_ns);
void capacity_set_max(struct capacity *c, uint32_t sndbuf_max_bytes);

/*
 * A frame of wire_bytes was written. `charged`: the send buffer has room for it only after the link
 * has sent it. A frame that a bridge floods is not charged.
 */
void capacity_sent(struct capacity *c, uint32_t wire_bytes, bool charged);

/* A write was refused: the buffer is full. */
void capacity_blocked(struct capacity *c, uint64_t now_ns);

/* The time since the buffer was last full makes no sample: something else limited the link. */
void capacity_skip(struct capacity *c);

/* The buffer has room, but there is no frame to send, or each must wait for another reason. */
void capacity_idle(struct capacity *c);

/* Call this after sending, in each turn of the loop. */
void capacity_turn(struct capacity *c, uint64_t now_ns);

/* The right size of the send buffer in bytes; the present size if that is near enough. */
uint32_t capacity_sndbuf(const struct capacity *c);

/*
 * The same for a paced uplink, whose buffer has paced_bytes unless this process comes too late for
 * a buffer of that size.
 */
uint32_t capacity_paced_sndbuf(const struct capacity *c, uint32_t paced_bytes);

/* The send buffer now has sndbuf_bytes. */
void capacity_resized(struct capacity *c, uint32_t sndbuf_bytes);

/*
 * The capacity in force in bits per second, from the configured one and the estimate (0: unknown).
 * The estimate counts when no capacity is configured, or when it is more than 10 % below the
 * configured one and there is back-pressure. Without back-pressure (`signal` false) the estimate
 * is stale, and the configured capacity counts.
 */
uint64_t capacity_in_force_bps(uint64_t configured_bps, uint64_t estimate_bps, bool signal);

#endif
