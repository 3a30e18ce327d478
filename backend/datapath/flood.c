/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/flood.h"

#include <stdlib.h>
#include <string.h>

#include "backend/datapath/core.h"
#include "backend/datapath/rx.h"

/*
 * Theory of operation
 *
 * The data path is a switch, and a frame to a group could go to all its ports. It listens to what
 * guests and routers say of groups (frame/mcast.h), remembers who joined (frame/groups.h), and
 * sends a group to its members alone, as far as it can know them:
 *
 *	frame						copies for LDPs
 *	report of a member				none: a host that hears a report may keep
 *							silent itself
 *	broadcast, 224.0.0.x, ff02::1, no IP group	all
 *	a group that nobody joined			all with unknown-groups=1
 *	a joined group, a querier is present		members
 *	a joined group, no querier is present		members, and all with unknown-groups=1
 *
 * What a guest sends goes to the uplink in every case. A guest is no querier: it could silence the
 * real one, and its query would end the flooding to guests that were never asked.
 *
 * Whatever does not go to members is a flood. It takes tokens of its sender (flood_limit.h), waits
 * in a queue of its own at each receiver, and gets FLOOD_SHARE_PERCENT of the receiver's rate. A
 * group with a member other than the sender takes no tokens, and members get it as they get
 * unicast.
 */
#define SHARE_MIN_BPS	64000u /* a hundred ARP requests a second, whatever the LDP's share is */
#define SHARE_DEPTH_MIN (2 * FRAME_WIRE_FULL)
#define SHARE_DEPTH_MS	20u

/* --- what is said of groups ------------------------------------------------------------------- */

/* The frame in one piece. */
static const uint8_t *whole(struct dpath *dp, const struct rx_source *src)
{
	uint32_t at = 0;

	if (src->iovcnt == 1)
		return src->iov[0].iov_base;
	for (unsigned i = 0; i < src->iovcnt; i++) {
		memcpy(dp->flood.frame + at, src->iov[i].iov_base, src->iov[i].iov_len);
		at += (uint32_t)src->iov[i].iov_len;
	}
	return dp->flood.frame;
}

static uint32_t member_of(const struct ldp *from)
{
	return from ? from->slot : FLOOD_UPLINK_MEMBER;
}

static void note_crowded(struct dpath *dp, struct ldp *from)
{
	if (!from || from->on_crowded || !groups_crowded(dp->flood.groups, from->slot, dp->now_ns))
		return;
	from->on_crowded = true;
	ldp_list_add(&dp->flood.crowded, from);
}

static void learn(struct dpath *dp, struct ldp *from, uint32_t vlan, struct mcast_message *m)
{
	struct groups *g = dp->flood.groups;
	struct mcast_addr group;
	bool joins;

	if (m->querier_ns && !from)
		groups_query(g, vlan, m->v6, m->querier_ns, dp->now_ns);
	if (m->more)
		groups_crowd(g, member_of(from), dp->now_ns);
	for (; mcast_next(m, &group, &joins); dp->work.pieces++) {
		if (joins)
			groups_join(g, member_of(from), vlan, &group, dp->now_ns);
		else
			groups_leave(g, member_of(from), vlan, &group, dp->now_ns);
	}
	note_crowded(dp, from);
}

/* A guest's own frame, which a relay outside sent back, says nothing of the network there. */
static bool is_echo(const struct dpath *dp, const struct ldp *from, const struct rx_source *src)
{
	return !from && fdb_lookup(dp->fdb, src->fi->src, dp->now_ns) != FDB_NONE;
}

static enum mcast_type take_message(struct dpath *dp, struct ldp *from, const struct rx_source *src,
				    uint32_t vlan)
{
	bool summed = (src->vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
		      src->vnet->csum_start == src->fi->l4_off;
	struct mcast_message m;

	core_work(dp, src->fi->len);
	mcast_read(&m, src->fi, whole(dp, src), summed);
	if (m.type != MCAST_BAD && !is_echo(dp, from, src))
		learn(dp, from, vlan, &m);
	return m.type;
}

/* --- plans ------------------------------------------------------------------------------------ */

/* Who joined: anybody; and somebody else than where the frame comes from. */
struct joined {
	bool any, other;
};

static struct joined who_joined(struct dpath *dp, const struct ldp *from,
				const struct mcast_target *target)
{
	uint32_t own = member_of(from), member;
	struct groups_walk w = groups_find(dp->flood.groups, target);
	struct joined j = {false, false};

	while (!j.other &&
	       (member = groups_next(dp->flood.groups, &w, dp->now_ns)) != GROUPS_NONE) {
		j.any = true;
		j.other = member != own && (from || member < LDP_SLOTS);
	}
	return j;
}

static void plan_group(struct dpath *dp, const struct ldp *from, struct flood_plan *plan)
{
	const struct mcast_target *t = &plan->target;
	struct joined j = who_joined(dp, from, t);

	plan->to = FLOOD_TO_WILLING;
	plan->limited = !j.other;
	if (j.any ? groups_has_querier(dp->flood.groups, t->vlan, t->v6, dp->now_ns)
		  : from && !from->conf.unknown_groups)
		plan->to = FLOOD_TO_MEMBERS;
	/* It goes to no guest that did not ask for it, and is on the wire anyway. */
	if (!from && plan->to == FLOOD_TO_MEMBERS)
		plan->limited = false;
}

static bool take(struct dpath *dp, struct ldp *from, const struct rx_source *src)
{
	struct flood_limit *limit = from ? &from->flood : &dp->flood.uplink;

	return flood_limit_take(limit, frame_wire_frames(src->fi, src->vnet->gso_size),
				src->cost_bytes, dp->now_ns);
}

/* Messages to switches and routers take tokens, so that nobody keeps this one busy with them. */
static unsigned judge_message(struct dpath *dp, struct ldp *from, const struct rx_source *src,
			      struct flood_plan *plan)
{
	enum mcast_type type;

	plan->to = FLOOD_TO_ALL;
	plan->limited = true;
	if (!take(dp, from, src))
		return LDP_DROP_FLOOD;
	type = take_message(dp, from, src, plan->target.vlan);
	if (type == MCAST_REPORT)
		plan->to = FLOOD_TO_NOBODY;
	return type == MCAST_BAD ? FRAME_MALFORMED : FRAME_OK;
}

unsigned flood_judge(struct dpath *dp, struct ldp *from, const struct rx_source *src,
		     struct flood_plan *plan)
{
	*plan = (struct flood_plan){.to = FLOOD_TO_ALL, .limited = true};
	mcast_target(src->fi, src->hdr, src->hdr_len, &plan->target);
	if (from && from->flood.no_frames)
		return LDP_DROP_FLOOD;
	if (mcast_is_message(src->fi, src->hdr, src->hdr_len))
		return judge_message(dp, from, src, plan);
	if (plan->target.joinable)
		plan_group(dp, from, plan);
	return plan->limited && !take(dp, from, src) ? LDP_DROP_FLOOD : FRAME_OK;
}

void flood_undo(struct ldp *from, const struct rx_source *src, const struct flood_plan *plan)
{
	if (plan->limited)
		flood_limit_return(&from->flood, frame_wire_frames(src->fi, src->vnet->gso_size),
				   src->cost_bytes);
}

/* --- receivers -------------------------------------------------------------------------------- */

struct flood_walk flood_begin(struct dpath *dp, const struct ldp *from,
			      const struct flood_plan *plan)
{
	dp->flood.stamp++;
	return (struct flood_walk){
		.plan = plan,
		.from = from,
		.members = groups_find(dp->flood.groups, &plan->target),
		.member = plan->target.joinable && plan->to != FLOOD_TO_NOBODY,
	};
}

static struct ldp *next_member(struct dpath *dp, struct flood_walk *w)
{
	uint32_t member;
	struct ldp *l;

	while ((member = groups_next(dp->flood.groups, &w->members, dp->now_ns)) != GROUPS_NONE) {
		l = core_ldp(dp, member);
		if (!l || l == w->from || l->flood_stamp == dp->flood.stamp)
			continue;
		l->flood_stamp = dp->flood.stamp;
		return l;
	}
	return NULL;
}

/* Those that joined more groups than are remembered get all groups. */
static struct ldp *next_crowded(struct dpath *dp, struct flood_walk *w)
{
	struct ldp_list *list = &dp->flood.crowded;

	while (w->next < list->count) {
		struct ldp *l = list->at[w->next];

		if (groups_crowded(dp->flood.groups, l->slot, dp->now_ns)) {
			w->next++;
			return l;
		}
		l->on_crowded = false;
		ldp_list_remove(list, l);
	}
	return NULL;
}

static bool wants(const struct flood_walk *w, const struct ldp *l)
{
	return w->plan->to == FLOOD_TO_ALL || l->conf.unknown_groups || l->on_crowded;
}

static struct ldp *next_other(struct dpath *dp, struct flood_walk *w)
{
	struct ldp *l;

	if (w->plan->to == FLOOD_TO_NOBODY)
		return NULL;
	do {
		l = w->plan->to == FLOOD_TO_MEMBERS ? next_crowded(dp, w)
						    : core_next_ldp(dp, &w->next);
	} while (l && (l == w->from || l->flood_stamp == dp->flood.stamp || !wants(w, l)));
	return l;
}

struct ldp *flood_next(struct dpath *dp, struct flood_walk *w)
{
	struct ldp *l = w->member ? next_member(dp, w) : NULL;

	if (l)
		return l;
	w->member = false;
	return next_other(dp, w);
}

/* --- shares ----------------------------------------------------------------------------------- */

void flood_set_share(struct dpath *dp, struct ldp *l, uint64_t receive_bps)
{
	uint64_t bps = receive_bps * FLOOD_SHARE_PERCENT / 100;
	uint64_t max_bps = l->conf.rx.max_bps * FLOOD_SHARE_PERCENT / 100;
	int64_t depth;

	if (bps < SHARE_MIN_BPS)
		bps = SHARE_MIN_BPS;
	if (l->conf.rx.max_bps && bps > max_bps)
		bps = max_bps;
	depth = (int64_t)(bps / 8 * SHARE_DEPTH_MS / 1000);
	if (depth < SHARE_DEPTH_MIN)
		depth = SHARE_DEPTH_MIN;
	if (l->flood_share.depth_bytes == 0)
		bucket_init(&l->flood_share, bps, depth, dp->now_ns);
	else
		bucket_change(&l->flood_share, bps, depth, dp->now_ns);
}

bool flood_share_left(struct dpath *dp, struct ldp *l)
{
	bucket_fill(&l->flood_share, dp->now_ns);
	return l->flood_share.tokens_bytes > 0;
}

static void set_timer(struct dpath *dp, uint64_t due_ns)
{
	dp->flood.due_ns = due_ns;
	if (due_ns != UINT64_MAX)
		loop_timer_set(dp->flood.due, due_ns > dp->now_ns ? due_ns - dp->now_ns : 0);
}

void flood_wait(struct dpath *dp, struct ldp *l)
{
	uint64_t due_ns = bucket_when_ns(&l->flood_share, 1);

	if (l->on_flood_wait)
		return;
	l->on_flood_wait = true;
	ldp_list_add(&dp->flood.waiting, l);
	if (due_ns < dp->flood.due_ns)
		set_timer(dp, due_ns);
}

static uint64_t first_due_ns(const struct ldp_list *list)
{
	uint64_t due_ns = UINT64_MAX, when_ns;

	for (uint32_t i = 0; i < list->count; i++) {
		when_ns = bucket_when_ns(&list->at[i]->flood_share, 1);
		due_ns = when_ns < due_ns ? when_ns : due_ns;
	}
	return due_ns;
}

struct ldp *flood_take_due(struct dpath *dp, uint32_t *i)
{
	struct ldp_list *list = &dp->flood.waiting;

	while (*i < list->count) {
		struct ldp *l = list->at[*i];

		if (flood_share_left(dp, l)) {
			l->on_flood_wait = false;
			list->at[*i] = list->at[--list->count];
			return l;
		}
		++*i;
	}
	set_timer(dp, first_due_ns(list));
	return NULL;
}

/* --- begin and end ---------------------------------------------------------------------------- */

void flood_set_link(struct dpath *dp)
{
	flood_limit_set(&dp->flood.uplink, dp->link.flood_rate, dp->link.flood_max_bps, dp->now_ns);
}

void flood_configure(struct dpath *dp, struct ldp *l)
{
	flood_limit_set(&l->flood, l->conf.flood_rate, l->conf.flood_max_bps, dp->now_ns);
}

void flood_forget(struct dpath *dp, struct ldp *l)
{
	groups_forget(dp->flood.groups, l->slot);
	ldp_list_remove(&dp->flood.crowded, l);
	ldp_list_remove(&dp->flood.waiting, l);
}

bool flood_init(struct dpath *dp, uint64_t seed, loop_cb *on_due)
{
	dp->flood.groups = groups_new(FLOOD_MEMBERS, FLOOD_UPLINK_MEMBER, seed);
	dp->flood.frame = malloc(WIRE_FRAME_MAX);
	dp->flood.due = loop_timer_new(dp->loop, on_due, dp);
	dp->flood.due_ns = UINT64_MAX;
	flood_limit_set(&dp->flood.uplink, UINT32_MAX, 0, dp->now_ns); /* until MSG_LINK */
	return dp->flood.groups && dp->flood.frame && dp->flood.due;
}

void flood_fini(struct dpath *dp)
{
	loop_timer_free(dp->flood.due);
	free(dp->flood.frame);
	groups_free(dp->flood.groups);
}
