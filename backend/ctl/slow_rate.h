/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slow_rate.h: rates at which a full frame takes seconds. */
#ifndef DMVL_CTL_SLOW_RATE_H
#define DMVL_CTL_SLOW_RATE_H

#include <stdint.h>

#include "backend/policy/setting.h"
#include "xenstore-schema/check.h"

/*
 * How many seconds a full frame with packets of `mtu` bytes (0: the default) takes; 0: less than
 * one, or there is no limit.
 */
uint64_t slow_rate_s(uint64_t rate_bps, uint64_t mtu);

/* Logs a notice for each such rate that was given. */
void slow_rate_hint(const struct settings *settings);

#endif
