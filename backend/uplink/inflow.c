/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/inflow.h"

#define AVERAGE_SHIFT 2 /* a look counts a quarter */

static uint64_t rate_bps(uint64_t bytes, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)bytes * 8 * 1000000000u / ns);
}

uint64_t inflow_look(struct inflow *f, uint64_t exits_bytes, uint64_t ldps_bytes, uint64_t now_ns)
{
	uint64_t exits = exits_bytes - f->exits_bytes, ldps = ldps_bytes - f->ldps_bytes;
	uint64_t ns = now_ns - f->at_ns, bps = 0;

	if (f->begun && ns > 0 && exits_bytes >= f->exits_bytes && ldps_bytes >= f->ldps_bytes) {
		if (exits > ldps)
			bps = rate_bps(exits - ldps, ns);
		f->host_bps += (bps >> AVERAGE_SHIFT) - (f->host_bps >> AVERAGE_SHIFT);
	}
	f->begun = true;
	f->exits_bytes = exits_bytes;
	f->ldps_bytes = ldps_bytes;
	f->at_ns = now_ns;
	return f->host_bps;
}
