/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_keys.h: looks for keys that nobody knows: a mistyped one has no effect. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_KEYS_H
#define DMVL_CTL_LOOK_KEYS_H

#include "backend/ctl/check/look.h"

bool look_uplink_keys(struct look *look);
bool look_device_keys(struct look *look);

#endif
