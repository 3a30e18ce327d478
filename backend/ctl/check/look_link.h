/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_link.h: looks at the interfaces on the way of an uplink's frames. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_LINK_H
#define DMVL_CTL_LOOK_LINK_H

#include "backend/ctl/check/look.h"

bool look_uplink_mtu(struct look *look);
bool look_bridge_calls(struct look *look);
bool look_spanning_tree(struct look *look);
bool look_exits(struct look *look);
bool look_flooding(struct look *look);
bool look_capacity(struct look *look);

#endif
