/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_cost.h: the CPU time of a frame, as bytes that the uplink sends in that time. Pure. */
#ifndef DMVL_FRAME_COST_H
#define DMVL_FRAME_COST_H

#include <stdint.h>

#include "backend/frame/frame.h"

#define FRAME_COST_MAX	65536u
#define FRAME_COST_AUTO UINT32_MAX /* calculated from the capacity */

/*
 * The CPU time of one small frame: the frame loop, the write to a TAP, and the bridge. `make
 * bench-frame-cost` measured 4.1 us (4.3 us for a full frame). On a machine that differs much the
 * operator sets frame-cost.
 */
#define FRAME_COST_NS	    4000u
#define FRAME_COST_AUTO_MAX FRAME_WIRE_FULL /* a full frame costs its bytes on any link */

/*
 * The least cost of a frame, in bytes (0..FRAME_COST_MAX): the configured one or, with
 * FRAME_COST_AUTO, what the uplink carries in the CPU time of a frame, at most a full frame.
 * capacity_bps is the capacity in force; 0: unknown, and the cost is 0.
 */
static inline uint32_t frame_cost_bytes(uint32_t configured, uint64_t capacity_bps)
{
	uint64_t bytes;

	if (configured != FRAME_COST_AUTO)
		return configured;
	if (capacity_bps > UINT64_MAX / FRAME_COST_NS)
		return FRAME_COST_AUTO_MAX;
	bytes = capacity_bps * FRAME_COST_NS / 8000000000u;
	return bytes < FRAME_COST_AUTO_MAX ? (uint32_t)bytes : FRAME_COST_AUTO_MAX;
}

/* The bytes that an LDP is charged for a frame of wire_bytes. */
static inline uint32_t frame_cost_charge(uint32_t wire_bytes, uint32_t cost_bytes)
{
	return wire_bytes > cost_bytes ? wire_bytes : cost_bytes;
}

#endif
