/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_group_keys.h: the keys of groups, as operators write them. */
#ifndef DMVL_CONTROL_GROUP_KEYS_H
#define DMVL_CONTROL_GROUP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct control;

/* An event of the uplink's directory. False: it is not about groups. */
bool control_group_event(struct control *c, const char *path);

/*
 * Reads what is due and ends groups that exist no more. Devices that this concerns are marked, to
 * be looked at; true: there is one.
 */
bool control_group_step(struct control *c);

/* When to step again because xenstore did not answer, in nanoseconds; UINT64_MAX: it did. */
uint64_t control_group_again_ns(const struct control *c);

/* Minima are scaled down, or no longer: groups say so in their errors. */
void control_group_show_all(struct control *c);

#endif
