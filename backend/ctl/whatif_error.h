/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whatif_error.h: how near a replay is to the recording. Pure. */
#ifndef DMVL_CTL_WHATIF_ERROR_H
#define DMVL_CTL_WHATIF_ERROR_H

#include "backend/ctl/whatif_world.h"

/*
 * By how many thousandths the replay as it was misses what was recorded, of the row with which it
 * fares worst. Rows that had little count together as one.
 */
unsigned whatif_error_permille(const struct whatif_world *w);

#endif
