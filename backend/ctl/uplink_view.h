/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uplink_view.h: an uplink as the operator sees it: its keys, and whether its daemon lives. */
#ifndef DMVL_CTL_UPLINK_VIEW_H
#define DMVL_CTL_UPLINK_VIEW_H

#include "backend/ctl/daemon.h"
#include "backend/ctl/view.h"

struct uplink_view {
	char name[SCHEMA_NAME_MAX + 1];
	unsigned backend_domid;
	enum daemon_life life;
	struct view keys;
};

/*
 * Reads all uplinks that xenstore knows, by name. Returns their number or -errno. End with
 * uplink_views_free().
 */
int uplink_views_read(struct ctl *ctl, struct uplink_view **out);
void uplink_views_free(struct uplink_view *views, int count);

/* The uplink as one JSON object (dmvlctl(8)), which the caller owns. */
struct json_object *uplink_view_json(const struct uplink_view *view);

#endif
