/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flood.h: frames to groups: who joined, who gets a copy, how much may be flooded. */
#ifndef DMVL_FLOOD_H
#define DMVL_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/frame/groups.h"
#include "backend/msg/ldp_conf.h"
#include "common/loop.h"

struct dpath;
struct ldp;
struct rx_source;

/*
 * Members of groups, beside the LDPs, whose numbers are their slots: whoever joined behind the
 * uplink, and was heard; and the other ports of its bridge (bridge_groups.c).
 */
#define FLOOD_UPLINK_MEMBER LDP_SLOTS
#define FLOOD_PORT_MEMBER   (LDP_SLOTS + 1)
#define FLOOD_PORTS	    64u
#define FLOOD_MEMBERS	    (FLOOD_PORT_MEMBER + FLOOD_PORTS)

/* Which LDPs get a copy, beside those that joined. */
enum flood_to {
	FLOOD_TO_NOBODY, /* not even those that joined: a report, which is for routers */
	FLOOD_TO_MEMBERS,
	FLOOD_TO_WILLING, /* all with unknown-groups=1 */
	FLOOD_TO_ALL,
};

/* What becomes of a frame to a group. */
struct flood_plan {
	struct mcast_target target;
	enum flood_to to;
	bool limited; /* it took tokens of its sender */
};

/* False: out of memory. `on_due` is called when rx_flood_due() should be. */
bool flood_init(struct dpath *dp, uint64_t seed, loop_cb *on_due);
void flood_fini(struct dpath *dp);

/* dp->link has changed. */
void flood_set_link(struct dpath *dp);

/* The LDP has new settings. */
void flood_configure(struct dpath *dp, struct ldp *l);

/* The LDP is gone, or was never there. */
void flood_forget(struct dpath *dp, struct ldp *l);

/*
 * A frame to a group came from an LDP, or from the uplink (NULL). Learns what it says of groups,
 * and makes its plan. Returns 0, or why the frame must be dropped (enum ldp_drop).
 */
unsigned flood_judge(struct dpath *dp, struct ldp *from, const struct rx_source *src,
		     struct flood_plan *plan);

/* It could not be sent now, and flood_judge() will be called for it again. */
void flood_undo(struct ldp *from, const struct rx_source *src, const struct flood_plan *plan);

/*
 * Visits the LDPs that get a copy; `member`: the last one joined the group.
 *
 *	struct flood_walk w = flood_begin(dp, from, &plan);
 *	while ((l = flood_next(dp, &w)))
 */
struct flood_walk {
	const struct flood_plan *plan;
	const struct ldp *from;
	struct groups_walk members;
	bool member;
	uint32_t next;
};

struct flood_walk flood_begin(struct dpath *dp, const struct ldp *from,
			      const struct flood_plan *plan);
struct ldp *flood_next(struct dpath *dp, struct flood_walk *w);

/*
 * The part of its receive rate that an LDP gets of flooded frames. flood_share_left(): whether the
 * next one may be delivered now. Otherwise flood_wait() sees to it that rx_flood_due() is called in
 * time. flood_take_due() takes the LDPs that waited, from *i = 0 on; NULL: no further one is due.
 */
#define FLOOD_SHARE_PERCENT 5u
#define FLOOD_WAIT_NS	    (100 * 1000000ull) /* a flooded frame that waited longer is dropped */
void flood_set_share(struct dpath *dp, struct ldp *l, uint64_t receive_bps);
bool flood_share_left(struct dpath *dp, struct ldp *l);
void flood_wait(struct dpath *dp, struct ldp *l);
struct ldp *flood_take_due(struct dpath *dp, uint32_t *i);

#endif
