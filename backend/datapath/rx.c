/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/rx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "backend/datapath/capture.h"
#include "backend/datapath/core.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/queues.h"
#include "backend/frame/frame_cost.h"
#include "backend/frame/gso.h"
#include "backend/frame/vnet.h"
#include "backend/msg/msg.h"
#include "common/flowq_memory.h"

/*
 * Theory of operation
 *
 * Frames for an LDP wait in its queues. The receive lottery moves what the uplink brought
 * (rx_uplink.c) from there into the rings, paced to rx-capacity where one is
 * configured. An LDP takes part in the lottery while its queue has frames and its ring has room.
 * What was flooded to it waits in a second, short queue, which goes first, and only as far as its
 * share of the LDP's rate goes (flood.c).
 * Frames that the kernel merged are queued in parts if they are longer than a millisecond of
 * rx-capacity. A frame of many segments is in parts already when a queue gets it, and one to a
 * group in its segments: so they are made once, and not for each receiver.
 *
 * Frames from other LDPs have a third queue and a lottery of their own: they do not use the link,
 * so its pace does not hold them up, nor do they hold up what the link brings. The maximum of an
 * LDP counts both.
 */

#define RX_ASK_MAX 16u /* VLANs of a guest that are asked for its groups */

static struct flowq *queue_of(struct ldp *l, unsigned flags)
{
	if (flags & RX_LOCAL)
		return l->localq;
	return flags & RX_FLOODED ? l->floodq : l->rxq;
}

/* The queue that the link's lottery serves next; NULL: no frame may be delivered now. */
static struct flowq *next_queue(struct dpath *dp, struct ldp *l)
{
	if (!flowq_empty(l->floodq) && flood_share_left(dp, l))
		return l->floodq;
	return flowq_empty(l->rxq) ? NULL : l->rxq;
}

/* Enters the lotteries in which there is anything to deliver. */
static void wake(struct dpath *dp, struct ldp *l)
{
	bool waits = next_queue(dp, l);

	ldp_backlog_set(&l->backlog[LDP_RX], waits, dp->now_ns);
	if (l->rx_blocked)
		return;
	if (!flowq_empty(l->localq))
		sched_wake(dp->rx_local_sched, l->slot, dp->now_ns);
	if (waits)
		sched_wake(dp->rx_sched, l->slot, core_rx_clock_ns(dp));
	else if (!flowq_empty(l->floodq))
		flood_wait(dp, l);
}

static unsigned reason_full(unsigned flags)
{
	return flags & RX_FLOODED ? LDP_DROP_RX_FLOOD : LDP_DROP_RX_FULL;
}

static void count_full(struct ldp *l, unsigned flags, unsigned frames)
{
	l->count.drops[reason_full(flags)] += frames;
}

static void capture_pieces(const struct ldp *l, unsigned reason, const struct iovec *iov,
			   unsigned iovcnt)
{
	size_t len = 0;

	for (unsigned i = 0; i < iovcnt; i++)
		len += iov[i].iov_len;
	capture_frame(l, LDP_RX, reason, iov, iovcnt, (uint32_t)len);
}

/* The LDP does not get it. */
static void drop(struct ldp *l, const struct rx_source *src, unsigned reason)
{
	ldp_count_drop(l, reason);
	if (l->captures)
		capture_pieces(l, reason, src->iov, src->iovcnt);
}

/* False, and counted: the queue is full. */
static bool push(struct dpath *dp, struct ldp *l, const struct virtio_net_hdr_v1 *vnet,
		 const struct iovec *iov, unsigned iovcnt, uint32_t cost, unsigned flags)
{
	core_work(dp, cost);
	if (flowq_push(queue_of(l, flags), NULL, vnet, iov, iovcnt, cost, flags, dp->now_ns)) {
		wake(dp, l);
		return true;
	}
	count_full(l, flags, 1);
	if (l->captures)
		capture_pieces(l, reason_full(flags), iov, iovcnt);
	return false;
}

/* An empty queue takes a whole frame in pieces, though 64 KiB are more than the smallest limit. */
static unsigned flags_of_pieces(struct ldp *l, unsigned flags)
{
	return flowq_empty(queue_of(l, flags)) ? flags | FLOWQ_BEYOND : flags;
}

/* Copies the frame into one piece, with the headers that were judged. */
static void flatten(struct dpath *dp, const struct rx_source *src)
{
	uint32_t at = 0;

	for (unsigned i = 0; i < src->iovcnt; i++) {
		memcpy(dp->rx.flat + at, src->iov[i].iov_base, src->iov[i].iov_len);
		at += (uint32_t)src->iov[i].iov_len;
	}
}

static bool has_room(const struct flowq *q, const struct rx_source *src, uint32_t len,
		     unsigned flags)
{
	return flowq_takes(q, len, flags) &&
	       (flags & FLOWQ_BEYOND ||
		!flowq_is_crowded_by(q, flowq_place_of(q, src->hdr, src->hdr_len).flow));
}

static void push_segments(struct dpath *dp, struct ldp *l, const struct rx_source *src)
{
	static const struct virtio_net_hdr_v1 plain;
	unsigned flags = flags_of_pieces(l, src->flags);
	uint32_t left = frame_wire_frames(src->fi, src->vnet->gso_size);
	uint32_t headers = (uint32_t)src->fi->l4_off + src->fi->l4_len;
	struct frame_info fi;
	struct gso_iter it;
	ssize_t len;

	/* Segments for which there is no room are not made. */
	if (!has_room(queue_of(l, flags), src, headers + src->vnet->gso_size, flags)) {
		count_full(l, flags, left);
		if (l->captures)
			capture_pieces(l, reason_full(flags), src->iov, src->iovcnt);
		return;
	}
	flatten(dp, src);
	if (gso_begin(&it, src->vnet, src->fi, dp->rx.flat) < 0)
		return;
	fi = *src->fi;
	while ((len = gso_segment(&it, dp->rx.segment, WIRE_FRAME_MAX)) > 0) {
		struct iovec iov = {dp->rx.segment, (size_t)len};

		fi.len = (uint32_t)len;
		left--;
		if (!push(dp, l, &plain, &iov, 1, frame_wire_bytes(&fi, 0), flags)) {
			count_full(l, flags, left);
			return;
		}
	}
}

/* Cuts it into smaller GSO frames, so that none takes longer than the cap in the lottery. */
static void push_parts(struct dpath *dp, struct ldp *l, const struct rx_source *src)
{
	unsigned flags = flags_of_pieces(l, src->flags);
	struct gso_part part;
	struct gso_iter it;

	flatten(dp, src);
	if (gso_begin(&it, src->vnet, src->fi, dp->rx.flat) < 0)
		return;
	while (gso_cut(&it, sched_ldp_cap_bytes(dp->rx_sched, l->slot), UINT32_MAX, &part)) {
		struct iovec iov[2] = {{part.hdr, part.hdr_len},
				       {dp->rx.flat + part.off, part.len}};

		push(dp, l, &part.vnet, iov, 2, part.wire_bytes, flags);
	}
}

static void push_completed(struct dpath *dp, struct ldp *l, const struct rx_source *src)
{
	struct virtio_net_hdr_v1 vnet = *src->vnet;
	struct iovec iov = {dp->rx.flat, src->fi->len};

	flatten(dp, src);
	if (csum_complete(&vnet, dp->rx.flat, src->fi->len) == 0)
		push(dp, l, &vnet, &iov, 1, src->cost_bytes, src->flags);
}

bool rx_must_segment(const struct ldp *l, const struct rx_source *src)
{
	return src->vnet->gso_type != VIRTIO_NET_HDR_GSO_NONE &&
	       (src->fi->len > ldp_rx_frame_max(l) ||
		vnet_must_segment(src->vnet, src->fi, l->conf.rx_features));
}

void rx_queue(struct dpath *dp, struct ldp *l, const struct rx_source *src)
{
	bool gso = src->vnet->gso_type != VIRTIO_NET_HDR_GSO_NONE;

	if (!ldp_is_active(l))
		drop(l, src, LDP_DROP_RX_FULL);
	else if (!vlan_allows(&l->conf.vlan, src->fi))
		drop(l, src, LDP_DROP_RX_VLAN);
	else if (src->control && !l->conf.control_frames)
		drop(l, src, LDP_DROP_RX_CONTROL);
	else if (!ldp_takes(l, src->fi, src->vnet->gso_size))
		drop(l, src, LDP_DROP_RX_OVERSIZE);
	else if (rx_must_segment(l, src))
		push_segments(dp, l, src);
	else if (gso && src->cost_bytes > sched_ldp_cap_bytes(dp->rx_sched, l->slot))
		push_parts(dp, l, src);
	else if (vnet_must_complete(src->vnet, src->fi, src->hdr, src->hdr_len,
				    l->conf.rx_features))
		push_completed(dp, l, src);
	else
		push(dp, l, src->vnet, src->iov, src->iovcnt, src->cost_bytes, src->flags);
}

/* The pace counts the frame once, not its copies. */
unsigned rx_flood(struct dpath *dp, const struct ldp *from, const struct rx_source *src,
		  const struct flood_plan *plan)
{
	struct flood_walk w = flood_begin(dp, from, plan);
	struct rx_source copy = *src;
	unsigned copies = 0;
	struct ldp *l;

	while ((l = flood_next(dp, &w))) {
		copy.flags = !w.member ? RX_FLOODED : from ? RX_LOCAL : 0;
		if (from || copies > 0)
			copy.flags |= RX_UNPACED;
		rx_queue(dp, l, &copy);
		copies++;
	}
	return copies;
}

void rx_block(struct ldp *l)
{
	l->rx_blocked = true;
}

/* The next frame to deliver, and its queue; NULL: none. */
static struct flowq *peek(struct dpath *dp, struct ldp *l, struct flowq_frame *f)
{
	struct flowq *q;

	while ((q = next_queue(dp, l))) {
		if (flowq_peek(q, dp->now_ns, f))
			return q;
	}
	return NULL;
}

/* The frame that was peeked was delivered. */
static void count_delivered(struct dpath *dp, struct ldp *l, struct flowq *q,
			    const struct flowq_frame *f)
{
	bool more;

	if (!(f->flags & RX_UNPACED))
		pace_spend(&dp->rx.pace, f->cost_bytes);
	l->rx_delivered_bytes += f->cost_bytes;
	if (q == l->floodq)
		l->flood_share.tokens_bytes -= f->cost_bytes;
	flowq_pop(q);
	more = next_queue(dp, l);
	epoch_charge(dp, dp->rx_sched, l, f->cost_bytes,
		     frame_cost_charge(f->cost_bytes, dp->rx.frame_cost_bytes), more);
	if (!more)
		wake(dp, l);
}

/* Writes the frame into the ring. False: there is no room, or the LDP has failed. */
static bool hand_over(struct dpath *dp, struct ldp *l, const struct flowq_frame *f)
{
	int ret = ldp_deliver(l, f);

	core_work(dp, f->cost_bytes);
	if (ret == 0)
		ldp_count_wait(l->count.rx_wait, f->queued_ns, dp->now_ns);
	if (ret == -EAGAIN) {
		/* Publish what is there, or the guest would never make room. */
		ldp_commit(l);
		rx_block(l);
		sched_sleep(dp->rx_sched, l->slot);
		sched_sleep(dp->rx_local_sched, l->slot);
	} else if (ret < 0) {
		core_fail(dp, l, "RX ring index out of range");
	} else {
		core_mark_dirty(dp, l);
	}
	return ret == 0;
}

/* Delivers the head of one of the drawn LDP's queues. */
static void deliver(struct dpath *dp, struct ldp *l)
{
	struct flowq_frame f;
	struct flowq *q = peek(dp, l, &f);

	if (!q) {
		sched_sleep(dp->rx_sched, l->slot);
		wake(dp, l);
	} else if (hand_over(dp, l, &f)) {
		count_delivered(dp, l, q, &f);
	}
}

static void deliver_local(struct dpath *dp, struct ldp *l)
{
	struct flowq_frame f;

	if (!flowq_peek(l->localq, dp->now_ns, &f)) {
		sched_sleep(dp->rx_local_sched, l->slot);
	} else if (hand_over(dp, l, &f)) {
		flowq_pop(l->localq);
		epoch_charge(dp, dp->rx_local_sched, l, f.cost_bytes,
			     frame_cost_charge(f.cost_bytes, dp->rx.frame_cost_bytes),
			     !flowq_empty(l->localq));
	}
}

/* Does the link take the LDP's next frame? */
static bool link_takes(struct dpath *dp, struct ldp *l)
{
	struct flowq_frame f;

	if (!pace_wait(&dp->rx.pace))
		return true;
	return peek(dp, l, &f) && pace_takes(&dp->rx.pace, f.cost_bytes);
}

bool rx_run(struct dpath *dp)
{
	struct core_budget budget = core_budget(dp);
	uint32_t slot;

	pace_begin(&dp->rx.pace, dp->now_ns);
	while (core_budget_take(dp, &budget)) {
		slot = core_draw(dp, dp->rx_sched, &dp->rx.pace);
		if (slot == SCHED_NONE || !link_takes(dp, core_ldp(dp, slot)))
			return false;
		deliver(dp, core_ldp(dp, slot));
	}
	return true;
}

static bool rx_run_local(struct dpath *dp)
{
	struct core_budget budget = core_budget(dp);
	uint32_t slot;

	while (core_budget_take(dp, &budget)) {
		slot = sched_draw(dp->rx_local_sched, dp->now_ns);
		if (slot == SCHED_NONE)
			return false;
		deliver_local(dp, core_ldp(dp, slot));
	}
	return true;
}

bool rx_run_both(struct dpath *dp)
{
	bool local = dp->rx.local_first, more;
	uint64_t pieces = dp->work.pieces;

	more = local ? rx_run_local(dp) : rx_run(dp);
	dp->rx.local_first = local == (dp->work.pieces == pieces);
	return (local ? rx_run(dp) : rx_run_local(dp)) || more;
}

void rx_unblock(struct dpath *dp, struct ldp *l)
{
	if (!l->rx_blocked || !ldp_is_active(l))
		return;
	l->rx_blocked = false;
	wake(dp, l);
}

void rx_flood_due(struct dpath *dp)
{
	uint32_t i = 0;
	struct ldp *l;

	while ((l = flood_take_due(dp, &i))) {
		if (ldp_is_active(l))
			wake(dp, l);
	}
}

/* --- questions about groups ------------------------------------------------------------------- */

static void ask(struct dpath *dp, struct ldp *l, bool v6, int vid)
{
	static const struct virtio_net_hdr_v1 plain;
	uint8_t query[MCAST_QUERY_MAX];
	struct iovec iov = {query, mcast_build_query(query, v6, vid)};
	struct frame_info fi;

	if (frame_parse(query, iov.iov_len, (uint32_t)iov.iov_len, &fi) < 0 ||
	    !vlan_allows(&l->conf.vlan, &fi))
		return;
	rx_queue(dp, l,
		 &(struct rx_source){.vnet = &plain,
				     .fi = &fi,
				     .hdr = query,
				     .hdr_len = (uint32_t)iov.iov_len,
				     .iov = &iov,
				     .iovcnt = 1,
				     .cost_bytes = frame_wire_bytes(&fi, 0),
				     .flags = RX_UNPACED});
}

/* In the VLANs where nobody else asks, groups are flooded anyway. */
void rx_ask_members(struct dpath *dp, struct ldp *l)
{
	unsigned i = 0, asked = 0;
	uint32_t vlan;
	bool v6;

	ask(dp, l, false, -1);
	ask(dp, l, true, -1);
	while (asked < RX_ASK_MAX &&
	       groups_next_querier(dp->flood.groups, &i, &vlan, &v6, dp->now_ns)) {
		if (vlan == 0 || vlan > 4094) /* untagged, or two tags */
			continue;
		ask(dp, l, v6, (int)vlan);
		asked++;
	}
}

/* --- limits ----------------------------------------------------------------------------------- */

void rx_set_rate(struct dpath *dp, uint64_t bps)
{
	dp->rx.rate_bps = bps;
	pace_set(&dp->rx.pace, bps, dp->burst_ns, dp->now_ns);
	sched_set_capacity(dp->rx_sched, bps);
}

void rx_set_link(struct dpath *dp)
{
	uint64_t bps = dp->link.rx_capacity_bps;

	dp->rx.frame_cost_bytes = frame_cost_bytes(dp->link.frame_cost_bytes, bps);
	rx_set_rate(dp, bps);
}

void rx_count(struct dpath *dp)
{
	struct msg *m = msg_new(MSG_RX_COUNTED, LDP_SLOT_NONE);

	m->offset = dp->rx.received_bytes;
	msg_post(dp->out, m);
}

bool rx_init(struct dpath *dp)
{
	flowq_map_memory();
	pace_init(&dp->rx.pace, dp->now_ns);
	dp->rx.frame = malloc(WIRE_FRAME_MAX);
	dp->rx.flat = malloc(WIRE_FRAME_MAX);
	dp->rx.segment = malloc(WIRE_FRAME_MAX);
	return dp->rx.frame && dp->rx.flat && dp->rx.segment;
}

void rx_fini(struct dpath *dp)
{
	free(dp->rx.segment);
	free(dp->rx.flat);
	free(dp->rx.frame);
}
