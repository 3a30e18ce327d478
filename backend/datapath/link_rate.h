/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_rate.h: what the uplink carries, and what follows from that. */
#ifndef DMVL_LINK_RATE_H
#define DMVL_LINK_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

struct dpath;

/* `due` is called when link_rate_estimate() should be. False: out of memory. */
bool link_rate_init(struct dpath *dp, loop_cb *due);
void link_rate_fini(struct dpath *dp);

/* The capacity in force, configured or measured, in wire bits per second; 0: unknown. */
uint64_t link_rate_bps(const struct dpath *dp);

/*
 * What an epoch could carry at least, by the capacity in force, in wire bits per second. 0: that is
 * unknown; or frames waited all the time since the last call, so that the link carried what it can.
 */
uint64_t link_rate_epoch_bps(struct dpath *dp);

/* dp->link has changed, and with it perhaps the capacity in force. */
void link_rate_configure(struct dpath *dp);

/*
 * A frame of wire_bytes was written to the uplink; `charged` as capacity_sent() has it. The uplink
 * takes no more for now.
 */
void link_rate_sent(struct dpath *dp, uint32_t wire_bytes, bool charged);
void link_rate_blocked(struct dpath *dp);

/* The uplink is down: what passes from here on says nothing of its rate. */
void link_rate_down(struct dpath *dp);

/* Each turn, after all was sent that could be. True: the capacity in force changed. */
bool link_rate_turn(struct dpath *dp);

/* Tells the control thread what was measured. */
void link_rate_estimate(struct dpath *dp);

/* Logs what is in force and what was measured. */
void link_rate_report(const struct dpath *dp);

#endif
