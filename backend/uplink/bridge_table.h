/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge_table.h: tables of bridges over rtnetlink, as they are and as they change. */
#ifndef DMVL_BRIDGE_TABLE_H
#define DMVL_BRIDGE_TABLE_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens a netlink socket (non-blocking, close-on-exec) that is a member of `group` (RTNLGRP_*), and
 * asks with the message `type` (RTM_GET*) for the tables of all bridges. header_bytes: of the
 * message, whose first byte is the family. Returns the fd, which the caller closes, or -errno.
 */
int bridge_table_open(uint16_t type, size_t header_bytes, int group);

/*
 * Calls `take` for each message that waits, or for the first of them: hosts can join and be learnt
 * without end, and then the fd stays readable. 0, or -errno: -ENOBUFS, messages were lost.
 */
int bridge_table_read(int fd, mnl_cb_t take, void *arg);

#endif
