/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.h: what kept LDPs with frames waiting from getting more, second by second, for the log. */
#ifndef DMVL_LIMITS_H
#define DMVL_LIMITS_H

#include "backend/datapath/dpath.h"
#include "backend/msg/ldp_conf.h"
#include "backend/sched/fluid.h"

struct ldp;

/*
 * Frames of the LDP waited nearly all through a window, in which `bytes` could be sent by all. Its
 * part of them, and its group's (NULL: it is in none), are divided.
 */
void limits_window(struct dpath *dp, struct ldp *l, enum ldp_dir dir, const struct fluid_part *part,
		   const struct fluid_part *group, uint64_t bytes);

/* A second has passed: writes to the log what LDPs were limited by. */
void limits_second(struct dpath *dp);

#endif
