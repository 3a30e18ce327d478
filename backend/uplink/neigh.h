/* SPDX-License-Identifier: GPL-2.0-or-later */
/* neigh.h: a bridge's forwarding table over netlink, as it is and as it changes. */
#ifndef DMVL_NEIGH_H
#define DMVL_NEIGH_H

#include <stdint.h>

struct portmap;

/*
 * Opens a netlink socket (non-blocking, close-on-exec) and asks for the table of all bridges.
 * Returns the fd, which the caller closes, or -errno. The answer and all later changes are read by
 * neigh_read() when the fd is readable.
 */
int neigh_open(void);

/*
 * Brings the entries of `bridge` (its interface index) in *m up to date with what waits in the
 * socket, or the first part of it: then the fd stays readable. Addresses of the bridge and its
 * ports are behind `bridge` itself: the host takes these frames. 0, or -errno: -ENOBUFS, messages
 * were lost: the caller clears the map and opens another socket.
 */
int neigh_read(int fd, uint32_t bridge, struct portmap *m);

#endif
