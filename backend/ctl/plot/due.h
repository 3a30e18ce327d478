/* SPDX-License-Identifier: GPL-2.0-or-later */
/* due.h: which share of the uplink each device is promised. Pure. */
#ifndef DMVL_CTL_PLOT_DUE_H
#define DMVL_CTL_PLOT_DUE_H

#include "backend/ctl/plot/follow.h"

/*
 * What each device would have if all devices of the uplink that are there sent (or were sent to)
 * all they can: by minima, maxima and weights, in groups too. out[i] is the part, 0..1, of device i
 * of *f, below 0 for one that is not there or is another uplink's. Where no capacity is known,
 * weights alone count. 0 or -ENOMEM.
 */
int due_shares(const struct follow *f, uint32_t uplink, uint32_t dir, double *out);

#endif
