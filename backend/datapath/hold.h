/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hold.h: while the uplink carries no frames, they wait in their rings. */
#ifndef DMVL_HOLD_H
#define DMVL_HOLD_H

#include <stdbool.h>

#include "backend/msg/ldp_conf.h"

struct dpath;
struct ldp;

/* The control thread says what has to wait now. LDPs whose heads need no longer wait go on. */
void hold_set(struct dpath *dp, enum link_hold hold);

/* Must a frame wait that would be written to this queue of the uplink? */
bool hold_applies(const struct dpath *dp, int fd);

/* The LDP's head waits for hold_set(): until then the LDP is not drawn for the uplink. */
void hold_park(struct dpath *dp, const struct ldp *l);

/* A write failed with -errno: is that because the uplink's interface is down or deleted? */
bool hold_is_down(int err);

#endif
