/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/tx_head.h"

#include <string.h>

#include "backend/datapath/core.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/screen.h"
#include "backend/datapath/stranger.h"
#include "backend/frame/frame_cost.h"

/*
 * Theory of operation
 *
 * tx.c says what the lotteries are. A head is judged on a copy of its headers, when it comes to the
 * head, and again when addresses or settings change. What is refused stays in the uplink's lottery
 * until it is drawn. When a part of the head has left, the rest must follow it: then it stays as it
 * was judged.
 */

/*
 * The slot of the LDP to which the head goes; LDP_SLOT_NONE: to none. Learnt addresses are not of a
 * VLAN: what a guest says in its own must not keep frames of another one from leaving.
 */
static uint32_t receiver_of(const struct dpath *dp, const struct ldp *l)
{
	uint32_t slot = fdb_lookup(dp->fdb, l->fi.dst, dp->now_ns);
	const struct ldp *to = core_ldp(dp, slot);

	if (!to || to == l)
		return LDP_SLOT_NONE;
	return memcmp(l->fi.dst, to->conf.mac, 6) == 0 || vlan_allows(&to->conf.vlan, &l->fi)
		       ? slot
		       : LDP_SLOT_NONE;
}

/* Decides where the head frame goes, on headers that were copied out and parsed. */
static void judge(struct dpath *dp, struct ldp *l)
{
	uint32_t to = LDP_SLOT_NONE;

	l->head = LDP_HEAD_UPLINK;
	l->cost_bytes = frame_wire_bytes(&l->fi, l->vnet.gso_size);
	if (l->verdict == FRAME_OK && !vlan_allows(&l->conf.vlan, &l->fi))
		l->verdict = FRAME_VLAN;
	if (l->verdict == FRAME_OK)
		l->verdict = screen_check(dp, l);
	stranger_look(dp, l);
	if (l->verdict != FRAME_OK)
		return;
	if (!l->fi.is_group && dp->link.sw != SWITCH_UPLINK)
		to = receiver_of(dp, l);
	if (to != LDP_SLOT_NONE) {
		l->head = LDP_HEAD_LOCAL;
		l->local_slot = to;
	}
}

/* Puts the LDP into the lottery that its head belongs to, or into none. */
static void enter_lottery(struct dpath *dp, struct ldp *l)
{
	ldp_backlog_set(&l->backlog[LDP_TX], l->head == LDP_HEAD_UPLINK, dp->now_ns);
	if (l->head == LDP_HEAD_UPLINK)
		sched_wake(dp->tx_sched, l->slot, core_tx_clock_ns(dp));
	else if (l->head == LDP_HEAD_LOCAL)
		sched_wake(dp->local_sched, l->slot, dp->now_ns);
}

/* The rest of a head must go to the same receiver, or nowhere. */
static void take_rest(const struct dpath *dp, struct ldp *l)
{
	if (l->head == LDP_HEAD_LOCAL && receiver_of(dp, l) != l->local_slot)
		l->local_slot = LDP_SLOT_NONE;
}

/* Looks at the head. If nothing is there, asks for an event and looks once more. */
static void scan(struct dpath *dp, struct ldp *l)
{
	const char *why = NULL;
	int ret = ldp_scan(l, dp->now_ns, &why);
	int64_t avail;

	if (ret == 0 && l->vchan) {
		avail = vchan_rx_arm(l->vchan);
		/* If the index went bad meanwhile, the second scan says so. */
		if (avail < 0 || avail > (int64_t)l->tx_avail)
			ret = ldp_scan(l, dp->now_ns, &why);
	}
	if (ret == LDP_SCAN_REST)
		take_rest(dp, l);
	else if (ret > 0)
		judge(dp, l);
	else if (ret < 0)
		core_fail(dp, l, why);
}

void tx_scan(struct dpath *dp, struct ldp *l)
{
	if (!ldp_is_active(l) || l->head != LDP_HEAD_NONE)
		return;
	scan(dp, l);
	enter_lottery(dp, l);
}

/* But when a part of the frame has left, the rest must follow it, if to the same receiver. */
static void forget_head(struct dpath *dp, struct ldp *l)
{
	if (l->head == LDP_HEAD_NONE || l->cut.done == 0) {
		sched_sleep(dp->tx_sched, l->slot);
		sched_sleep(dp->local_sched, l->slot);
		l->head = LDP_HEAD_NONE;
	} else {
		take_rest(dp, l);
	}
}

void tx_rejudge(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (!ldp_is_active(l))
			continue;
		forget_head(dp, l);
		tx_scan(dp, l);
	}
}

void tx_thaw(struct dpath *dp, struct ldp *l)
{
	forget_head(dp, l);
	enter_lottery(dp, l);
}

uint32_t tx_charge(const struct dpath *dp, uint32_t wire_bytes)
{
	return frame_cost_charge(wire_bytes, dp->link_rate.frame_cost_bytes);
}

/* The lottery that its head is in. */
static struct sched *lottery_of(const struct dpath *dp, const struct ldp *l)
{
	return l->head == LDP_HEAD_LOCAL ? dp->local_sched : dp->tx_sched;
}

/* Charges what has left while the head was in another lottery maybe. */
static void charge(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t wire, uint32_t more,
		   enum ldp_head was)
{
	if (l->failed)
		return; /* it is in no lottery any more */
	epoch_charge(dp, s, l, wire, tx_charge(dp, wire) + more, l->head == was);
	if (l->head != was) {
		enter_lottery(dp, l);
		dp->tx.head_moved |= l->head != LDP_HEAD_NONE;
	}
}

void tx_next_head(struct dpath *dp, struct ldp *l, uint32_t more)
{
	struct sched *s = lottery_of(dp, l);
	uint32_t wire = l->cost_bytes;
	enum ldp_head was = l->head;

	ldp_consume(l);
	core_mark_dirty(dp, l);
	scan(dp, l);
	charge(dp, s, l, wire, more, was);
}

void tx_next_part(struct dpath *dp, struct ldp *l, uint32_t wire_bytes, uint32_t more)
{
	struct sched *s = lottery_of(dp, l);
	enum ldp_head was = l->head;
	const char *why = NULL;
	int ret;

	l->cost_bytes -= wire_bytes;
	ret = ldp_give_way(l, dp->now_ns, &why);
	if (ret > 0)
		scan(dp, l);
	else if (ret < 0)
		core_fail(dp, l, why);
	charge(dp, s, l, wire_bytes, more, was);
}

bool tx_take_moved(struct dpath *dp)
{
	bool moved = dp->tx.head_moved;

	dp->tx.head_moved = false;
	return moved;
}
