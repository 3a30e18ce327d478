/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_cost.h: what a frame costs the CPU, in bytes of the uplink's time. Pure. */
#ifndef DMVL_FRAME_COST_H
#define DMVL_FRAME_COST_H

#include <stdint.h>

#include "backend/frame/frame.h"

#define FRAME_COST_MAX	65536u
#define FRAME_COST_AUTO UINT32_MAX /* follows from the capacity */

/*
 * CPU time that one small frame takes in the frame loop, with its write into a TAP and its way
 * through a bridge, as `make bench-frame-cost` measured it (4.1 us; a full frame took 4.3). Another
 * machine's is the operator's to set.
 */
#define FRAME_COST_NS	    4000u
#define FRAME_COST_AUTO_MAX FRAME_WIRE_FULL /* full frames count their bytes, on any link */

/*
 * The cost of a frame, 0..FRAME_COST_MAX bytes: the one that is configured, or what the uplink
 * carries while the CPU is busy with the frame, at most a full frame. capacity_bps is the one in
 * force, 0 unknown, and then frames cost nothing but their bytes.
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

/* What an LDP is charged for a frame of wire_bytes. */
static inline uint32_t frame_cost_charge(uint32_t wire_bytes, uint32_t cost_bytes)
{
	return wire_bytes > cost_bytes ? wire_bytes : cost_bytes;
}

#endif
