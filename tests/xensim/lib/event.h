/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivery of events: the two rules that make an event channel what it is, shared by all ends. */
#ifndef XENSIM_EVENT_H
#define XENSIM_EVENT_H

#include "../proto.h"

#include <sys/socket.h>

/* Put a port into a handle's queue. MSG_NOSIGNAL: the reader may just have died. */
static inline void sim_queue(int wfd, uint32_t port)
{
	(void)send(wfd, &port, sizeof(port), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * An event for `port`, whose state is slot and whose handle's queue is wfd.  An unmasked port is
 * masked and queued, as the driver's interrupt handler does; a masked one only becomes pending.
 */
static inline void sim_deliver(struct sim_slot *slot, uint32_t port, int wfd)
{
	uint32_t old = atomic_load(&slot->state);
	uint32_t new;

	do {
		new = old &SIM_MASKED ? old | SIM_PENDING : SIM_MASKED;
	} while (!atomic_compare_exchange_weak(&slot->state, &old, new));
	if (!(old & SIM_MASKED))
		sim_queue(wfd, port);
}

/* Unmask `port`; what came meanwhile is delivered now. Not masked: no effect, as in Linux. */
static inline void sim_unmask(struct sim_slot *slot, uint32_t port, int wfd)
{
	uint32_t old = atomic_load(&slot->state);
	uint32_t new;

	do {
		if (!(old & SIM_MASKED))
			return;
		new = old &SIM_PENDING ? SIM_MASKED : 0;
	} while (!atomic_compare_exchange_weak(&slot->state, &old, new));
	if (old & SIM_PENDING)
		sim_queue(wfd, port);
}

#endif
