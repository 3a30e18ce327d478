/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_share.h: keeps the host's part of the uplink's exits in force (share.h). */
#ifndef DMVL_CONTROL_SHARE_H
#define DMVL_CONTROL_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct control;
struct share_wish;

/* Looks at the exits and their qdiscs, and decides which of them may be shared. */
void control_share_look(struct control *c);

/*
 * Brings the exits to what the LDPs and the host want now. Returns when to be called again, or
 * UINT64_MAX: not before something changes.
 */
uint64_t control_share_step(struct control *c);

/* Where tc(8) failed, it is tried again. */
void control_share_retry(struct control *c);

/* Leaves each exit as it was before this daemon. */
void control_share_end(struct control *c);

/*
 * What the host and the LDPs want of the exit with the smallest capacity of those that are shared.
 * False: none is.
 */
bool control_share_wish(const struct control *c, struct share_wish *least);

/* What of a capacity (0: none is known) the LDPs have for certain beside the host's minimum. */
uint64_t control_share_ldps_bps(const struct control *c, uint64_t capacity_bps);

/* What of rx-capacity the LDPs have by the weights and their minima, however much the host
 * receives. */
uint64_t control_share_ldps_rx_bps(const struct control *c);

#endif
