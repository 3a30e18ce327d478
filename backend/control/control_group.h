/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control_group.h: the uplink's groups of devices: who is in which, and their numbers. */
#ifndef DMVL_CONTROL_GROUP_H
#define DMVL_CONTROL_GROUP_H

#include "backend/control/control_state.h"
#include "backend/control/settings.h"
#include "backend/msg/ldp_conf.h"

struct device;

/* A group exists while a device names it, or while it has keys of its own. */
struct ldp_group {
	/* control_group.c */
	TAILQ_ENTRY(ldp_group) next;
	char name[SCHEMA_NAME_MAX + 1];
	uint32_t id; /* the frame loop's number; LDP_GROUP_NONE: none is left, it has no effect */
	unsigned members; /* devices that are attached */

	/* control_group_keys.c */
	struct group_settings settings; /* in force */
	bool has_keys;			/* of the operator */
	bool unread;			/* its keys may have changed */
	char unfit[REFUSAL_MAX]; /* which keys are refused, and why the first one; empty: none */
	char error[REFUSAL_MAX]; /* as written to xenstore */
	char asked[VERDICT_MAX]; /* control_verdict.c clears it */
};

/* NULL: there is no such group. */
struct ldp_group *control_group_find(const struct control *c, const char *name);

/* The group of this name, made if there is none. NULL: out of memory. */
struct ldp_group *control_group_get(struct control *c, const char *name);

/* The device is in the group of this name from now on, and in no other one; "": in none. */
void control_group_join(struct control *c, struct device *d, const char *name);

/* The group that the device is in, if the frame loop knows it; else NULL. */
const struct ldp_group *control_group_of(const struct device *d);

/* Its number, or LDP_GROUP_NONE. */
uint32_t control_group_id(const struct device *d);

/* Tells the frame loop the settings in force. */
void control_group_tell(struct control *c, const struct ldp_group *g);

/*
 * Ends the groups that exist no more, and gives their numbers to groups that have none. Members of
 * the latter are marked to be read.
 */
void control_group_tidy(struct control *c);
void control_group_free_all(struct control *c);

/* What the LDPs have together: groups have theirs in place of their members'. */
struct group_sums {
	uint64_t weights;
	uint64_t minima_bps;
};
struct group_sums control_group_sums(const struct control *c, enum ldp_dir dir);

#endif
