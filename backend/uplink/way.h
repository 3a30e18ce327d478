/* SPDX-License-Identifier: GPL-2.0-or-later */
/* way.h: by which link of the network frames leave, so that a change of it can be told there. */
#ifndef DMVL_WAY_H
#define DMVL_WAY_H

#include "backend/uplink/exits.h"

#define WAY_MAX 256

/*
 * Describes the way: the exits, and the active member of each bond among them or below them. A
 * switch outside knows guests' addresses behind the link by which frames left last, so when the
 * way has changed they must be advertised. `sysfs` as in netdev.h.
 */
void way_of_exits(const char *sysfs, const struct exits *e, char out[WAY_MAX]);

#endif
