/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_host.h: looks at this host's kernel and at the policy. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_HOST_H
#define DMVL_CTL_LOOK_HOST_H

#include "backend/ctl/check/look.h"

bool look_kernel_devices(struct look *look);
bool look_bridge_filter(struct look *look);
bool look_policy(struct look *look);

#endif
