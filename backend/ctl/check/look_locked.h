/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_locked.h: ports of the bridge that pass frames from entered addresses alone. */
#ifndef DMVL_CTL_LOOK_LOCKED_H
#define DMVL_CTL_LOOK_LOCKED_H

#include "backend/ctl/check/look.h"

bool look_locked(struct look *look);

#endif
