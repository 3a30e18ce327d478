/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qdisc.h: the queueing disciplines of an interface, read over netlink. */
#ifndef DMVL_QDISC_H
#define DMVL_QDISC_H

#include <stdbool.h>
#include <stdint.h>

/* Written by qdisc_read(). */
struct qdiscs {
	bool any;		/* there is a qdisc: the interface is up, or was configured */
	bool shaped;		/* one of them limits the rate */
	bool queueless;		/* there is none but noqueue */
	bool orphans;		/* one of them ends the charge to the sender's buffer (netem) */
	uint64_t backlog_bytes; /* what waits in all of them now */
	uint32_t limit_bytes; /* what the smallest holds, as charged to a send buffer; 0: unknown */
};

/* Reads all qdiscs of an interface. 0, or -errno of netlink. */
int qdisc_read(unsigned ifindex, struct qdiscs *out);

/*
 * Opens a netlink socket (non-blocking, close-on-exec) that is readable after any interface or
 * qdisc has changed. Returns the fd, which the caller closes, or -errno. qdisc_watch_drain() reads
 * and discards all messages.
 */
int qdisc_watch(void);
void qdisc_watch_drain(int fd);

#endif
