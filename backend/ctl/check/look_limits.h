/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_limits.h: looks for what is nearly used up. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_LIMITS_H
#define DMVL_CTL_LOOK_LIMITS_H

#include "backend/ctl/check/look.h"

bool look_descriptors(struct look *look);
bool look_grants(struct look *look);
bool look_quota(struct look *look);

#endif
