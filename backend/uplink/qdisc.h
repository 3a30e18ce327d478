/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qdisc.h: the queueing disciplines of an interface, read over netlink. */
#ifndef DMVL_QDISC_H
#define DMVL_QDISC_H

#include "backend/uplink/qdiscs.h"

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
