/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_errors.h: looks at what dmvl-back says is wrong, and at values that it refuses. Rows of
 * look.c. */
#ifndef DMVL_CTL_LOOK_ERRORS_H
#define DMVL_CTL_LOOK_ERRORS_H

#include "backend/ctl/check/look.h"

bool look_uplink_error(struct look *look);
bool look_group_errors(struct look *look);
bool look_device_error(struct look *look);
bool look_refused(struct look *look);

#endif
