/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflow.h: what comes in through the exits for others than the LDPs. Pure. */
#ifndef DMVL_INFLOW_H
#define DMVL_INFLOW_H

#include <stdbool.h>
#include <stdint.h>

/* So far. */
struct inflow_counters {
	uint64_t exits_bytes;		/* came in through all exits */
	uint64_t ldps_bytes;		/* of that the frame loop has received for LDPs */
	uint64_t tap_frames, tap_bytes; /* were read from the uplink's TAP */
	uint64_t dropped_frames;	/* found that TAP's queue full */
};

/* All zero: nothing was seen yet. Only inflow.c writes it. */
struct inflow {
	bool begun;
	struct inflow_counters last; /* at the last look */
	uint64_t at_ns;
	uint64_t mean_bytes;  /* of the frames that were read from the TAP last; 0: none yet */
	uint64_t early_bytes; /* for LDPs, of the last look: the exits count them in this one */
	uint64_t host_bps;
};

/*
 * What came in through the exits and neither for LDPs nor to the TAP, where a frame that finds its
 * queue full counts as long as those that were read: the host's, in bits per second, an average of
 * the last second or so. A counter that goes back changes nothing.
 */
uint64_t inflow_look(struct inflow *f, const struct inflow_counters *now, uint64_t now_ns);

#endif
