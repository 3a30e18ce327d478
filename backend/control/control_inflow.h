/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_inflow.h: counts what the host receives against the uplink's rx-capacity. */
#ifndef DMVL_CONTROL_INFLOW_H
#define DMVL_CONTROL_INFLOW_H

#include <stdint.h>

struct control;

/* Looks at the counters when it is time. Returns when to be called again, or UINT64_MAX. */
uint64_t control_inflow_step(struct control *c);

/* The frame loop has received that much for the LDPs so far. */
void control_inflow_counted(struct control *c, uint64_t ldps_bytes);

/* The frame loop goes by the whole rx-capacity again. */
void control_inflow_reset(struct control *c);

/* What of rx-capacity (0: none is known) the host leaves at present. */
uint64_t control_inflow_left_bps(const struct control *c);

#endif
