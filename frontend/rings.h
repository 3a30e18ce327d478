/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rings.h: how large the rings of a device are. Blocks on xenstored. */
#ifndef DMVL_RINGS_H
#define DMVL_RINGS_H

#include "frontend/agent_device.h"

/*
 * A large ring bridges the time in which the agent does not get a CPU; docs/latency.md has figures.
 * Its pages are granted to the backend's domain, and the kernel limits a guest's grants by the
 * option limit= of the module xen_gntalloc.
 */

/* What the devices of this guest need of its grants. */
struct rings_budget {
	unsigned limit;	  /* pages that the kernel grants */
	unsigned devices; /* of this guest, this one too; at least 1 */
	unsigned others;  /* pages that the others have granted */
};

/* Pages that a vchan with rings of this order grants. */
unsigned rings_pages(unsigned order);

/*
 * The largest order, at most `max` and at least WIRE_RING_ORDER_MIN, of which every device could
 * have its rings, and which leaves half of the free pages to devices that come later.
 */
unsigned rings_largest(const struct rings_budget *b, unsigned max);

/* The same for device `id`, which d is, as the kernel and xenstore have it now. */
unsigned rings_fit(const struct agent_device *d, unsigned id, unsigned max);

#endif
