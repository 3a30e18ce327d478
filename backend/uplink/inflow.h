/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflow.h: what comes in through the exits for others than the LDPs. Pure. */
#ifndef DMVL_INFLOW_H
#define DMVL_INFLOW_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was seen yet. Only inflow.c writes it. */
struct inflow {
	bool begun;
	uint64_t exits_bytes, ldps_bytes, at_ns; /* at the last look */
	uint64_t host_bps;
};

/*
 * Takes how many bytes have come in through all exits so far, and how many of them for LDPs.
 * Returns the rate of the rest, an average of the last second or so. A counter that goes back
 * changes nothing.
 */
uint64_t inflow_look(struct inflow *f, uint64_t exits_bytes, uint64_t ldps_bytes, uint64_t now_ns);

#endif
