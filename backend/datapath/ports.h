/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ports.h: a queue of the uplink's device for each port of its bridge. */
#ifndef DMVL_PORTS_H
#define DMVL_PORTS_H

#include <stdbool.h>

#include "common/loop.h"

struct dpath;
struct frame_info;

/* `on_table` is called when ports_read_table() should be. False: out of memory. */
bool ports_init(struct dpath *dp, loop_cb *on_table);
void ports_fini(struct dpath *dp);

/* dp->link has changed, and with it perhaps the bridge or its exits. */
void ports_set_link(struct dpath *dp);

/* Before the device is replaced: closes all queues but the first. Then: begins with the new one. */
void ports_forget(struct dpath *dp);
void ports_renew(struct dpath *dp);

/* The bridge's forwarding table has changed. */
void ports_read_table(struct dpath *dp);

/* The queue that a frame from an LDP belongs to: its fd, for writing. */
int ports_queue(struct dpath *dp, const struct frame_info *fi);

/*
 * Replaces the uplink's own queue by a fresh one: what blocks it does not leave through an exit. It
 * stays open, as its frames need it. False: there is no further queue.
 */
bool ports_retire(struct dpath *dp);

/* Is it the uplink's own queue? Else frames that have no room in it are dropped. */
bool ports_is_uplink(const struct dpath *dp, int fd);

#endif
