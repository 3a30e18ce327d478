/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keep.h: the service manager keeps the uplink's TAP while dmvl-back is started again. */
#ifndef DMVL_KEEP_H
#define DMVL_KEEP_H

#include "backend/uplink/uplink.h"

/*
 * A TAP whose last descriptor is closed is gone, and the bridge starts with a new port: with
 * spanning tree it forwards nothing for two forward delays. So the descriptor is given to the
 * service manager (sd_notify(3), FDSTORE), which passes it to the next process. Without one, or
 * without FileDescriptorStoreMax= in the unit, nothing is kept, and nothing is lost.
 */

/* The descriptor of the TAP that an earlier process opened, the caller's from now on; -1: none. */
int keep_take(const struct uplink_spec *spec);

/* Gives the manager a copy of the first queue of a TAP, in place of the one that it has. */
void keep_give(const struct uplink_spec *spec, const struct uplink *u);

#endif
