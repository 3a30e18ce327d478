/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bridge_groups.h: groups that were joined behind other ports of the uplink's bridge. */
#ifndef DMVL_BRIDGE_GROUPS_H
#define DMVL_BRIDGE_GROUPS_H

#include <stdbool.h>

#include "common/loop.h"

struct dpath;

/* `on_table` is called when bridge_groups_read() should be. */
void bridge_groups_init(struct dpath *dp, loop_cb *on_table);
void bridge_groups_fini(struct dpath *dp);

/* dp->link has changed. */
void bridge_groups_set_link(struct dpath *dp);

/* The table has changed. */
void bridge_groups_read(struct dpath *dp);

#endif
