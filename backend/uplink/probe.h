/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h: would the uplink say so when the link behind it is full? */
#ifndef DMVL_PROBE_H
#define DMVL_PROBE_H

#include "backend/uplink/uplink.h"

#define PROBE_WHY_MAX 192

struct probe {
	bool signal;		   /* its back-pressure tells how fast the link is */
	bool tso;		   /* a frame of 64 KiB fits into the queue behind it */
	uint32_t sndbuf_max_bytes; /* below what the queues behind it hold; 0: no limit is known */
	char why[PROBE_WHY_MAX];   /* without a signal: what hides it, a clause */
};

/*
 * Looks at what the uplink's frames leave through: the bridge's ports, or the lower device, and
 * their queues. Sends nothing. May block in netlink for a moment.
 */
void probe_uplink(const struct uplink *u, struct probe *out);

#endif
