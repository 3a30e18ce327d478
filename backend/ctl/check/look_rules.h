/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_rules.h: rules of others that may drop guests' frames: nftables, tc(8), XDP. */
#ifndef DMVL_CTL_LOOK_RULES_H
#define DMVL_CTL_LOOK_RULES_H

#include "backend/ctl/check/look.h"

bool look_rules(struct look *look);

#endif
