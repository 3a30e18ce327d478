/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look_rates.h: limits so low that hardly a frame passes. Rows of looks.c. */
#ifndef DMVL_CTL_LOOK_RATES_H
#define DMVL_CTL_LOOK_RATES_H

#include "backend/ctl/check/look.h"

bool look_uplink_rates(struct look *look); /* of its groups too */
bool look_device_rates(struct look *look);

#endif
