/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.h: what the looks of dmvlctl check share: what they look at, and whom they tell. */
#ifndef DMVL_CTL_LOOK_H
#define DMVL_CTL_LOOK_H

#include "backend/ctl/check/finding.h"
#include "backend/ctl/ctl.h"
#include "backend/ctl/group_view.h"
#include "backend/ctl/stats_view.h"
#include "backend/ctl/uplink_view.h"
#include "backend/xen/dom.h"

/* One look at all. looks.c writes it, but for the first three, which check.c writes once. */
struct look {
	struct ctl *ctl;
	uint64_t grace_s;     /* an agent may be away for so long */
	struct dom_conn *dom; /* NULL: the hypervisor does not answer */
	struct findings *found;

	struct devices devices;
	struct uplink_view *uplinks;
	int uplink_count;
	struct stats_view *stats; /* of the uplinks of this host */
	int stats_count;	  /* negative: they could not be read */

	/* Of the row of the table that is at work. */
	const char *id;
	enum gravity gravity;
	const struct uplink_view *uplink; /* of looks at an uplink */
	const struct ldp_view *device;	  /* of looks at a device */
	char where[FINDING_WHERE_MAX];	  /* "uplink default", "web/0" */
};

/* A finding of the row that is at work, about look->where. */
struct finding_row *look_found(struct look *look);

/* The uplink of a device, and the devices of an uplink. */
const struct uplink_view *look_uplink_of(const struct look *look, const struct ldp_view *device);
bool look_is_of(const struct ldp_view *device, const char *uplink);

/* DOM/ID as a shell takes it. */
void look_target(const struct ldp_view *device, char out[FINDING_WHERE_MAX]);

/* The device's MAC address in force; false: it is not known. */
bool look_mac_of(const struct ldp_view *device, uint8_t mac[6]);

#endif
