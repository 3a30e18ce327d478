/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_bridge.h: findings about what a bridge keeps from guests: VLANs, and addresses. */
#ifndef DMVL_CTL_LOOK_BRIDGE_H
#define DMVL_CTL_LOOK_BRIDGE_H

#include "backend/ctl/check/look.h"

bool look_vlans(struct look *look);
bool look_elsewhere(struct look *look);

#endif
