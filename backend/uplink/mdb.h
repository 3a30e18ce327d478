/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mdb.h: a bridge's table of multicast groups over netlink, as it is and as it changes. */
#ifndef DMVL_MDB_H
#define DMVL_MDB_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/frame/mcast.h"

/*
 * Opens a netlink socket (non-blocking, close-on-exec) and asks for the tables of all bridges.
 * Returns the fd, which the caller closes, or -errno. The answer and all later changes are read by
 * mdb_read() when the fd is readable.
 */
int mdb_open(void);

/* Behind `port` (an interface index; the bridge's own: the host) the group was joined or left. */
struct mdb_change {
	bool joined;
	uint32_t port;
	uint16_t vid; /* 0: the bridge does not filter VLANs */
	struct mcast_addr group;
};

/*
 * Calls `take` for each change in `bridge` that waits in the socket, or for the first of them: then
 * the fd stays readable. 0, or -errno: -ENOBUFS, changes were lost: the caller opens another
 * socket.
 */
int mdb_read(int fd, uint32_t bridge, void (*take)(void *arg, const struct mdb_change *c),
	     void *arg);

#endif
