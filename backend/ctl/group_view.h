/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group_view.h: the groups of an uplink: their keys, and who is in them. */
#ifndef DMVL_CTL_GROUP_VIEW_H
#define DMVL_CTL_GROUP_VIEW_H

#include "backend/ctl/view.h"

/* All devices of the backend domain, as ldp_views_read() has them. */
struct devices {
	struct ldp_view *view;
	int count;
};

/* One group. Only group_view.c writes it. */
struct group_view {
	char uplink[SCHEMA_NAME_MAX + 1], name[SCHEMA_NAME_MAX + 1];
	struct view keys;
	unsigned members;	  /* devices whose key names it */
	uint64_t number;	  /* in the credit log; 0: not known */
	uint64_t rate_bps[2];	  /* tx, rx: the largest of its connected members */
	const struct devices *of; /* borrowed */
};

/*
 * Reads the groups of an uplink (NULL: of all), by uplink and name: those that have keys and those
 * that a device names. Returns their number or -errno. `devices` must outlive them. End with
 * group_views_free().
 */
int group_views_read(struct ctl *ctl, const char *uplink, const struct devices *devices,
		     struct group_view **out);
void group_views_free(struct group_view *views, int count);

/* Does the device's key name this group? */
bool group_view_has(const struct group_view *g, const struct ldp_view *device);

/* The group as one JSON object (dmvlctl(8)), which the caller owns. */
struct json_object *group_view_json(const struct group_view *g);

#endif
