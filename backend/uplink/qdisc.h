/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qdisc.h: the queues of an interface, as the kernel tells of them. */
#ifndef DMVL_QDISC_H
#define DMVL_QDISC_H

#include <stdbool.h>
#include <stdint.h>

struct qdiscs {
	bool any;	      /* some qdisc is there: the interface is up, or was configured */
	bool shaped;	      /* one of them holds frames back to a rate of its own */
	bool queueless;	      /* there is none but noqueue */
	bool orphans;	      /* one takes frames off their sender's account */
	uint32_t limit_bytes; /* what the smallest of them holds, in terms of a send buffer; 0:
				 unknown */
};

/* Reads all qdiscs of an interface. 0, or -errno of netlink. */
int qdisc_read(unsigned ifindex, struct qdiscs *out);

/*
 * A netlink socket that becomes readable when any interface or qdisc changes: non-blocking,
 * close-on-exec, the caller's. -errno. qdisc_watch_drain() reads all of it away.
 */
int qdisc_watch(void);
void qdisc_watch_drain(int fd);

#endif
