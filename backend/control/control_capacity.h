/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_capacity.h: which capacity is in force: configured, by the hardware's speed, or measured.
 */
#ifndef DMVL_CONTROL_CAPACITY_H
#define DMVL_CONTROL_CAPACITY_H

#include "backend/msg/ldp_conf.h"

struct control;

#define CAPACITY_TEXT_MAX 96

/*
 * Sets the capacity, its source and the speed of *link. If none can be known, the capacity in force
 * stays, and err (SCHEMA_ERR_MAX bytes) says why unless it has a sentence already.
 */
void control_capacity_choose(const struct control *c, struct link_conf *link, char *err);

/* "98mbit, 98 % of the speed of 100mbit", for the log. Returns `out`. */
const char *control_capacity_text(const struct link_conf *link, char out[CAPACITY_TEXT_MAX]);

/* Writes to xenstore where the capacity in force comes from, if that changed. */
void control_capacity_show(struct control *c);

#endif
