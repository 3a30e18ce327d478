/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/tx.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "backend/datapath/capture.h"
#include "backend/datapath/core.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/hold.h"
#include "backend/datapath/screen.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/ports.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/toobig.h"
#include "backend/datapath/tx_head.h"
#include "backend/datapath/tx_room.h"
#include "backend/frame/gso.h"
#include "backend/frame/vnet.h"
#include "backend/msg/msg.h"

/*
 * Theory of operation
 *
 * The head frame of an LDP decides which lottery the LDP is in: that of the uplink, or the local
 * one for frames to another LDP, which the uplink's capacity does not limit. A frame that is drawn
 * is written, or stays in its ring if the uplink has no room or no link (hold.h): it is never
 * dropped for that. Frames that are refused (spoofed, malformed, a forbidden VLAN, too much
 * flooding) wait for their turn like others and are charged, so that they cost the sender and not
 * its neighbours. They do not use the uplink's capacity.
 *
 * A frame that would keep the uplink busy for longer than the latency target
 * (sched_frame_cap_bytes()) leaves in parts: one part each time that its LDP is drawn, a smaller
 * GSO frame, or a plain one at the end. The frame stays in its ring until the last part has left;
 * ldp.cut says how far it is. Its headers are judged once, for all parts. A GSO frame to a group
 * leaves segment by segment, each with its copies: otherwise one frame could mean thousands of
 * segments for the guests.
 *
 * Three things are counted. The uplink's pace counts the bytes on the wire. An LDP's maximum counts
 * the bytes that it would have put there. Its share counts more: at least the frame cost, where a
 * small frame takes more of the CPU than of the wire (frame_cost.h), and again the whole for each
 * copy of a frame that is flooded in the host.
 */

#define ADVERTISE_TIMES	   5
#define ADVERTISE_FIRST_NS (50 * NS_PER_MS)

/* What leaves in one write: the head, or a part of it. */
struct outgoing {
	struct rx_source src;
	struct iovec iov[5];  /* the vnet header, and the frame, which is src.iov */
	struct frame_info fi; /* of a part, as is what follows */
	struct gso_part part;
	struct gso_iter cut; /* the head's, once the part has left */
};

/* Without the permission to send them it would have been refused. */
static bool is_control(const struct ldp *l)
{
	return l->conf.control_frames && screen_is_control(&l->fi, l->hdr, l->hdr_len);
}

static struct rx_source source_of(struct ldp *l, struct iovec iov[3])
{
	return (struct rx_source){
		.vnet = &l->vnet,
		.fi = &l->fi,
		.hdr = l->hdr,
		.hdr_len = l->hdr_len,
		.iov = iov,
		.iovcnt = ldp_head_iov(l, 0, l->frame_len, iov),
		.cost_bytes = l->cost_bytes,
		.control = is_control(l),
	};
}

static struct iovec iov_of_vnet(const struct virtio_net_hdr_v1 *vnet)
{
	return (struct iovec){(void *)(uintptr_t)vnet, WIRE_VNET_LEN};
}

/*
 * Writes a frame, behind its vnet header, to a queue of the uplink. 0, -EAGAIN (there is no room),
 * or another error (it never can be sent).
 */
static int write_queue(int fd, const struct iovec *iov, unsigned iovcnt)
{
	if (writev(fd, iov, (int)iovcnt) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR ? -EAGAIN : -errno;
}

/*
 * The next part of the head: at most cap_bytes long on the wire, with at most `segments` segments.
 * False: it cannot be cut.
 */
static bool take_part(struct ldp *l, uint32_t cap_bytes, uint32_t segments, struct outgoing *out)
{
	struct gso_part *part = &out->part;

	out->cut = l->cut;
	if (out->cut.done == 0 && gso_begin(&out->cut, &l->vnet, &l->fi, l->hdr) < 0)
		return false;
	if (!gso_cut(&out->cut, cap_bytes, segments, part))
		return false;
	out->fi = l->fi;
	out->fi.len = part->hdr_len + part->len;
	out->iov[0] = iov_of_vnet(&part->vnet);
	out->iov[1] = (struct iovec){part->hdr, part->hdr_len};
	out->src = (struct rx_source){
		.vnet = &part->vnet,
		.fi = &out->fi,
		.hdr = part->hdr,
		.hdr_len = part->hdr_len,
		.iov = out->iov + 1,
		.iovcnt = 1 + ldp_head_iov(l, part->off, part->len, out->iov + 2),
		.cost_bytes = part->wire_bytes,
		.control = is_control(l),
	};
	return true;
}

static bool take_whole(struct ldp *l, struct outgoing *out)
{
	out->iov[0] = iov_of_vnet(&l->vnet);
	out->src = source_of(l, out->iov + 1);
	return true;
}

/* As much of the head as may go at once, within the same limits. Changes nothing. */
static bool take_head(struct ldp *l, uint32_t cap_bytes, uint32_t segments, struct outgoing *out)
{
	if (l->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE &&
	    (l->cut.done > 0 || l->cost_bytes > cap_bytes ||
	     (segments != UINT32_MAX && frame_wire_frames(&l->fi, l->vnet.gso_size) > segments)))
		return take_part(l, cap_bytes, segments, out);
	return take_whole(l, out);
}

/* What may go to the uplink at once. */
static bool take_for_uplink(const struct dpath *dp, struct ldp *l, struct outgoing *out)
{
	uint32_t segments = 1;

	if (l->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return take_whole(l, out);
	if (!l->fi.is_group)
		segments = vnet_segments_max(&l->vnet, &l->fi, dp->up->offloads);
	return take_head(l, sched_ldp_cap_bytes(dp->tx_sched, l->slot), segments, out);
}

/* Apart, so that a frame that nobody captures does not pay for its stack. */
static void __attribute__((cold, noinline)) capture_head(struct ldp *l, unsigned reason)
{
	struct iovec iov[3];

	capture_frame(l, LDP_TX, reason, iov, ldp_head_iov(l, 0, l->frame_len, iov), l->frame_len);
}

/* The head is done with: it left, or was dropped for `reason`. */
static void end_head(struct dpath *dp, struct ldp *l, unsigned reason, uint32_t more)
{
	if (l->captures)
		capture_head(l, reason);
	tx_next_head(dp, l, more);
}

/* `wire` bytes of the head are done with: what went out, or all that was left. */
static void leave(struct dpath *dp, struct ldp *l, const struct outgoing *out, uint32_t wire,
		  unsigned reason, uint32_t more)
{
	if (wire < l->cost_bytes) {
		l->cut = out->cut;
		tx_next_part(dp, l, wire, more);
	} else {
		end_head(dp, l, reason, more);
	}
}

static void uplink_refused(struct dpath *dp, struct ldp *l, int err)
{
	uint32_t held;

	ldp_count_drop(l, LDP_DROP_UPLINK);
	if (log_allow(&dp->tx.log, dp->now_ns, &held))
		log_warning(
			"uplink %s: a frame of %s was refused: %s (%u more since the last line)",
			dp->up->ifname, l->name, strerror(-err), held);
}

/*
 * A frame, or a part, could not be written: to the uplink's own queue it would wait for room.
 * Returns what it was counted as.
 */
static unsigned count_failed(struct dpath *dp, struct ldp *l, int err)
{
	if (err == -EAGAIN) {
		ldp_count_drop(l, LDP_DROP_NEIGHBOUR_FULL);
		return LDP_DROP_NEIGHBOUR_FULL;
	}
	if (err == -EMSGSIZE) {
		toobig_drop(dp, l, NULL);
		return LDP_DROP_MTU;
	}
	uplink_refused(dp, l, err);
	return LDP_DROP_UPLINK;
}

/* A frame, or a part, of `wire` bytes went where it goes. */
static void count_done(const struct dpath *dp, struct ldp *l, uint32_t wire)
{
	l->count.tx_bytes += wire;
	if (wire != l->cost_bytes)
		return;
	l->count.tx_frames++;
	ldp_count_wait(l->count.tx_wait, l->head_ns, dp->now_ns);
}

/* A frame, or a part, of `wire` bytes was written. Only what leaves the host uses the capacity. */
static void count_sent(struct dpath *dp, struct ldp *l, int fd, uint32_t wire)
{
	if (ports_is_uplink(dp, fd)) {
		pace_spend(&dp->tx.pace, wire);
		link_rate_sent(dp, wire, !l->fi.is_group);
		dp->tx.sent_bytes += wire;
		l->count.tx_uplink_bytes += wire;
	}
	count_done(dp, l, wire);
}

/* Why the head may not be sent; FRAME_OK: it may. */
static unsigned judge_head(struct dpath *dp, struct ldp *l)
{
	struct iovec iov[3];
	struct rx_source src;

	if (l->verdict != FRAME_OK || !l->fi.is_group || l->cut.done > 0)
		return l->verdict;
	src = source_of(l, iov);
	return flood_judge(dp, l, &src, &l->plan);
}

static void refuse(struct dpath *dp, struct ldp *l, unsigned reason)
{
	ldp_count_drop(l, reason);
	end_head(dp, l, reason, 0);
}

/* It stays in its ring, and is judged again. */
static void keep(struct ldp *l)
{
	struct iovec iov[3];
	struct rx_source src;

	if (!l->fi.is_group || l->cut.done > 0)
		return;
	src = source_of(l, iov);
	flood_undo(l, &src, &l->plan);
}

/*
 * Sends the head of the LDP that was drawn, or a part. 0, -EAGAIN (the uplink takes no more now),
 * or another error (it is down).
 */
static int send_head(struct dpath *dp, struct ldp *l)
{
	uint32_t wire, copies = 0;
	struct outgoing out;
	unsigned reason = judge_head(dp, l);
	int fd, ret;

	if (reason == FRAME_OK && !take_for_uplink(dp, l, &out))
		reason = FRAME_MALFORMED;
	if (reason != FRAME_OK) {
		refuse(dp, l, reason);
		return 0;
	}
	fd = ports_queue(dp, &l->fi);
	if (hold_applies(dp, fd)) {
		keep(l);
		hold_park(dp, l);
		return 0;
	}
	ret = toobig_for_uplink(dp, l) ? -EMSGSIZE : write_queue(fd, out.iov, out.src.iovcnt + 1);
	if (ret < 0 && (hold_is_down(ret) || (ret == -EAGAIN && ports_is_uplink(dp, fd)))) {
		keep(l);
		return ret;
	}
	/*
	 * Where the uplink refused a part, no other part will do better. What is too big for it may
	 * still go to guests.
	 */
	wire = ret < 0 && !(ret == -EMSGSIZE && l->fi.is_group) ? l->cost_bytes
								: out.src.cost_bytes;
	core_work(dp, wire);
	if (ret < 0)
		reason = count_failed(dp, l, ret);
	else
		count_sent(dp, l, fd, wire);
	/* The sender pays for every copy; the copies for the others do not use the uplink. */
	if (l->fi.is_group && dp->link.sw == SWITCH_LOCAL)
		copies = rx_flood(dp, l, &out.src, &l->plan) * tx_charge(dp, wire);
	leave(dp, l, &out, wire, reason, copies);
	return 0;
}

bool tx_run(struct dpath *dp)
{
	struct core_budget budget = core_budget(dp);
	uint32_t slot;
	int ret;

	pace_begin(&dp->tx.pace, dp->now_ns);
	while (core_budget_take(dp, &budget)) {
		if (dp->tx.blocked)
			return false;
		slot = core_draw(dp, dp->tx_sched, &dp->tx.pace);
		if (slot == SCHED_NONE || !pace_takes(&dp->tx.pace, core_ldp(dp, slot)->cost_bytes))
			return false;
		ret = send_head(dp, core_ldp(dp, slot));
		if (ret == -EAGAIN)
			tx_block(dp);
		else if (ret < 0)
			tx_block_down(dp, ret);
	}
	return true;
}

/* What it costs to make the frame's segments here, beyond the charge for the frame. */
static uint32_t cost_of_segments(const struct dpath *dp, const struct rx_source *src)
{
	uint32_t cost =
		frame_wire_frames(src->fi, src->vnet->gso_size) * dp->link_rate.frame_cost_bytes;
	uint32_t charge = tx_charge(dp, src->cost_bytes);

	return cost > charge ? cost - charge : 0;
}

/* Sends the head of the LDP that was drawn to another LDP, or a part. */
static void send_local(struct dpath *dp, struct ldp *l)
{
	struct ldp *to = core_ldp(dp, l->local_slot); /* it may have gone while the frame waited */
	struct outgoing out;
	uint32_t more = 0;

	if (!to || dp->link.sw == SWITCH_OFF) {
		refuse(dp, l, LDP_DROP_NO_ROUTE);
		return;
	}
	if (!ldp_takes(to, &l->fi, l->vnet.gso_size)) {
		toobig_drop(dp, l, to);
		end_head(dp, l, LDP_DROP_MTU, 0);
		return;
	}
	if (!take_head(l, sched_ldp_cap_bytes(dp->local_sched, l->slot), RX_SEGMENTS_MAX, &out)) {
		refuse(dp, l, FRAME_MALFORMED);
		return;
	}
	out.src.flags = RX_LOCAL;
	if (rx_must_segment(to, &out.src))
		more = cost_of_segments(dp, &out.src);
	rx_queue(dp, to, &out.src);
	count_done(dp, l, out.src.cost_bytes);
	leave(dp, l, &out, out.src.cost_bytes, FRAME_OK, more);
}

bool tx_run_local(struct dpath *dp)
{
	struct core_budget budget = core_budget(dp);
	uint32_t slot;

	while (core_budget_take(dp, &budget)) {
		slot = sched_draw(dp->local_sched, dp->now_ns);
		if (slot == SCHED_NONE)
			return false;
		send_local(dp, core_ldp(dp, slot));
	}
	return true;
}

/* Whoever goes first and finds something to do goes second from then on. */
bool tx_run_both(struct dpath *dp)
{
	bool local = dp->tx.local_first, more;
	uint64_t pieces = dp->work.pieces;

	more = local ? tx_run_local(dp) : tx_run(dp);
	dp->tx.local_first = local == (dp->work.pieces == pieces);
	return (local ? tx_run(dp) : tx_run_local(dp)) || more;
}

bool tx_advertise(struct dpath *dp, struct ldp *l)
{
	struct virtio_net_hdr_v1 vnet = {0};
	uint8_t frame[64];
	int vid = vlan_first(&l->conf.vlan);
	struct iovec iov[] = {iov_of_vnet(&vnet),
			      {frame, frame_build_rarp(frame, l->conf.mac, vid)}};
	int ret = write_queue(dp->ports.fd, iov, 2);

	if (ret == -EAGAIN) {
		loop_timer_set(l->advertise, ADVERTISE_FIRST_NS);
		return false;
	}
	if (ret == 0) {
		pace_spend(&dp->tx.pace, FRAME_WIRE_MIN);
		link_rate_sent(dp, FRAME_WIRE_MIN, false);
	}
	if (++l->advertised < ADVERTISE_TIMES)
		loop_timer_set(l->advertise, ADVERTISE_FIRST_NS << l->advertised);
	return true;
}
