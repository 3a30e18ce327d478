/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dpath.h: the data path: the frame loop between the LDPs' rings and the uplink. */
#ifndef DMVL_DPATH_H
#define DMVL_DPATH_H

#include "backend/msg.h"
#include "backend/uplink.h"
#include "common/loop.h"
#include "common/mbox.h"

#define DPATH_SLOTS 4096u

/*
 * Moves frames until a MSG_STOP. Everything here belongs to the loop's thread, except the
 * mailboxes: `in` brings orders of the control thread, `out` takes the answers. Loop, uplink and
 * mailboxes are borrowed and outlive the data path.
 */
struct dpath;

/* NULL: out of memory. */
struct dpath *dpath_new(struct loop *loop, struct uplink *uplink, struct mbox *in,
			struct mbox *out);
void dpath_free(struct dpath *dp);

/* Logs the uplink's capacity, and each LDP's counters: frames, bytes, and drops by reason. */
void dpath_report(const struct dpath *dp);

/* The device went away while the loop ran. */
bool dpath_lost_uplink(const struct dpath *dp);

#endif
