/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "backend/datapath/core.h"
#include "backend/frame/frame_cost.h"
#include "backend/frame/gso.h"
#include "backend/frame/vnet.h"

/*
 * Theory of operation
 *
 * The head frame of an LDP decides which lottery the LDP is in: that of the uplink, or that of the
 * host itself for frames to another LDP, which the uplink's capacity does not limit. A frame that
 * is drawn is written or stays in its ring; it is never dropped for want of room. Frames that are
 * refused (spoofed, malformed, a forbidden VLAN, too much flooding) wait for their turn like others
 * and are charged, so that refusing them costs the sender and not its neighbours; they do not use
 * the uplink's capacity.
 *
 * A frame that would keep the uplink for longer than a millisecond (sched_frame_cap_bytes()) leaves
 * in parts, one for each time that its LDP is drawn: smaller GSO frames, or at last a plain one. It
 * stays in its ring until the last part has left; ldp.cut says how far it is. What was found on its
 * headers holds for all of it.
 *
 * What is charged. The uplink's pace counts the bytes that are on the wire, an LDP's ceiling those
 * that it would have put there. Its share counts more where small frames take more of the CPU than
 * of the wire (frame_cost.h), and once again for each copy of a frame that is flooded in the host.
 */

#define ANNOUNCE_TIMES	  5
#define ANNOUNCE_FIRST_NS (50 * NS_PER_MS)

/* Where the head frame goes. Called on headers that were copied out and parsed. */
static void judge(struct ldp *l)
{
	struct dpath *dp = l->dp;
	uint32_t to = FDB_NONE;

	l->head = LDP_HEAD_UPLINK;
	l->cost_bytes = frame_wire_bytes(&l->fi, l->vnet.gso_size);
	if (l->verdict == FRAME_OK && !vlan_allows(&l->conf.vlan, &l->fi))
		l->verdict = FRAME_VLAN;
	if (l->verdict == FRAME_OK && l->conf.spoof_check)
		l->verdict = frame_spoof_check(&l->fi, l->hdr, l->hdr_len, l->conf.mac,
					       &l->conf.allowed);
	if (l->verdict != FRAME_OK)
		return;
	if (!l->conf.spoof_check && memcmp(l->fi.src, l->conf.mac, 6) != 0)
		fdb_learn(dp->fdb, l->fi.src, l->slot);
	if (!l->fi.is_group && dp->link.sw != SWITCH_UPLINK)
		to = fdb_lookup(dp->fdb, l->fi.dst);
	if (to != FDB_NONE && to != l->slot) {
		l->head = LDP_HEAD_LOCAL;
		l->local_slot = to;
	}
}

/* Puts the LDP into the lottery that its head belongs to, or into none. */
static void enter_lottery(struct dpath *dp, struct ldp *l)
{
	if (l->head == LDP_HEAD_UPLINK)
		sched_wake(dp->tx, l->slot, dpath_tx_clock(dp));
	else if (l->head == LDP_HEAD_LOCAL)
		sched_wake(dp->local, l->slot, dp->now_ns);
}

/* Looks at the head. With nothing there, asks for an event and looks once more. */
static void scan(struct dpath *dp, struct ldp *l)
{
	const char *why = NULL;
	int ret = ldp_scan(l, judge, &why);
	int64_t avail;

	if (ret == 0 && l->head == LDP_HEAD_NONE) {
		avail = vchan_rx_arm(l->vchan);
		/* Scanning again says why if the index went bad meanwhile. */
		if (avail < 0 || avail > (int64_t)l->tx_avail)
			ret = ldp_scan(l, judge, &why);
	}
	if (l->tx_dirty)
		dpath_mark_dirty(dp, l);
	if (ret < 0)
		dpath_fail(dp, l, why);
}

void tx_scan(struct dpath *dp, struct ldp *l)
{
	if (l->failed || l->frozen || l->head != LDP_HEAD_NONE)
		return;
	scan(dp, l);
	enter_lottery(dp, l);
}

void tx_rejudge(struct dpath *dp)
{
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];

		if (!l || l->failed || l->frozen)
			continue;
		/* Where half of it has left, so shall the rest, and not all of it again. */
		if (l->head == LDP_HEAD_UPLINK && l->cut.done > 0)
			continue;
		sched_sleep(dp->tx, slot);
		sched_sleep(dp->local, slot);
		l->head = LDP_HEAD_NONE;
		tx_scan(dp, l);
	}
}

static uint32_t charge_for(const struct dpath *dp, uint32_t wire_bytes)
{
	return frame_cost_charge(wire_bytes, dp->tx_frame_cost);
}

/*
 * The head is done with: charge what has not been charged of it, and `more` bytes for copies, in
 * `s`; look at the next.
 */
static void next_head(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t more)
{
	uint32_t wire = l->cost_bytes;
	enum ldp_head was = l->head;

	ldp_consume(l);
	dpath_mark_dirty(dp, l);
	scan(dp, l);
	if (l->failed)
		return; /* it is in no lottery any more */
	dpath_served(dp, s, l, wire, charge_for(dp, wire) + more, l->head == was);
	if (l->head != was) {
		enter_lottery(dp, l);
		dp->head_moved = true;
	}
}

/* A part of the head has left, wire_bytes long: charge that, and `more` for copies. */
static void next_part(struct dpath *dp, struct ldp *l, uint32_t wire_bytes, uint32_t more)
{
	l->cost_bytes -= wire_bytes;
	dpath_served(dp, dp->tx, l, wire_bytes, charge_for(dp, wire_bytes) + more, true);
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
	};
}

/* One frame onto the uplink. 0, -EAGAIN (it must wait), or another error (it cannot be sent). */
static int write_uplink(struct dpath *dp, const struct virtio_net_hdr_v1 *vnet,
			const struct iovec *iov, unsigned iovcnt)
{
	struct iovec all[5] = {{(void *)(uintptr_t)vnet, WIRE_VNET_LEN}};

	memcpy(all + 1, iov, iovcnt * sizeof(*iov));
	if (writev(dp->up->fd, all, (int)iovcnt + 1) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR ? -EAGAIN : -errno;
}

/*
 * The next part of the head onto the uplink, at most cap_bytes long; *wire is what it takes there.
 * Nothing has happened if it must wait.
 */
static int write_part(struct dpath *dp, struct ldp *l, uint32_t cap_bytes, uint32_t *wire)
{
	struct gso_iter it = l->cut;
	struct gso_part part;
	struct iovec iov[4];
	int ret;

	if (it.done == 0 && gso_begin(&it, &l->vnet, &l->fi, l->hdr) < 0)
		return -EINVAL;
	if (!gso_cut(&it, cap_bytes, &part))
		return -EINVAL;
	iov[0] = (struct iovec){part.hdr, part.hdr_len};
	ret = write_uplink(dp, &part.vnet, iov, 1 + ldp_head_iov(l, part.off, part.len, iov + 1));
	if (ret == 0) {
		l->cut = it;
		*wire = part.wire_bytes;
	}
	return ret;
}

/* As much of the head onto the uplink as may go at once; *wire is what it takes there. */
static int write_head(struct dpath *dp, struct ldp *l, const struct rx_source *src, uint32_t *wire)
{
	uint32_t cap = sched_frame_cap_bytes(dp->tx);

	*wire = l->cost_bytes;
	if (l->cut.done > 0 || (l->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE && l->cost_bytes > cap))
		return write_part(dp, l, cap, wire);
	return write_uplink(dp, &l->vnet, src->iov, src->iovcnt);
}

static void uplink_refused(struct dpath *dp, struct ldp *l, int err)
{
	uint32_t held;

	ldp_count_drop(l, LDP_DROP_UPLINK);
	if (log_allow(&dp->uplink_log, dp->now_ns, &held))
		log_warning(
			"uplink %s: a frame of %s was refused: %s (%u more since the last line)",
			dp->up->ifname, l->name, strerror(-err), held);
}

/* Broadcast and multicast, over and above flood-rate. */
static bool flood_allowed(struct dpath *dp, struct ldp *l)
{
	bucket_fill(&l->flood, dp->now_ns);
	if (l->conf.flood_rate == 0 || l->flood.tokens_bytes <= 0)
		return false;
	l->flood.tokens_bytes--;
	return true;
}

static void refuse(struct dpath *dp, struct ldp *l, unsigned reason)
{
	ldp_count_drop(l, reason);
	next_head(dp, dp->tx, l, 0);
}

/* Sends the head of the drawn LDP, or a part of it. False: the uplink takes no more now. */
static bool send_head(struct dpath *dp, struct ldp *l)
{
	struct iovec iov[3];
	struct rx_source src = source_of(l, iov);
	uint32_t wire, copies = 0;
	bool begun = l->cut.done > 0;
	int ret;

	if (l->verdict != FRAME_OK) {
		refuse(dp, l, l->verdict);
		return true;
	}
	if (l->fi.is_group && !begun && !flood_allowed(dp, l)) {
		refuse(dp, l, LDP_DROP_FLOOD);
		return true;
	}
	ret = write_head(dp, l, &src, &wire);
	if (ret == -EAGAIN) {
		if (l->fi.is_group && !begun)
			l->flood.tokens_bytes++;
		return false;
	}
	if (ret < 0) {
		uplink_refused(dp, l, ret);
		wire = l->cost_bytes; /* no part of it will do better */
	} else {
		dp->tx_pace.bucket.tokens_bytes -= wire;
		capacity_sent(&dp->capacity, wire, !l->fi.is_group);
		l->count.tx_frames += wire == l->cost_bytes;
		l->count.tx_bytes += wire;
	}
	/* The sender pays for every copy; the copies for the others do not use the uplink. */
	if (l->fi.is_group && !begun && dp->link.sw == SWITCH_LOCAL)
		copies = rx_flood(dp, l, &src) * charge_for(dp, l->cost_bytes);
	if (wire < l->cost_bytes)
		next_part(dp, l, wire, copies);
	else
		next_head(dp, dp->tx, l, copies);
	return true;
}

bool tx_run(struct dpath *dp)
{
	uint32_t slot;

	pace_begin(&dp->tx_pace, dp->now_ns);
	for (unsigned n = 0; n < DPATH_BATCH; n++) {
		if (dp->tx_blocked || pace_wait(&dp->tx_pace))
			return false;
		slot = dpath_draw(dp, dp->tx, dpath_tx_clock(dp));
		dp->tx_pace.idle = slot == SCHED_NONE;
		if (dp->tx_pace.idle)
			return false;
		if (!send_head(dp, dp->ldp[slot])) {
			dp->tx_blocked = true;
			capacity_blocked(&dp->capacity, loop_now_ns());
			loop_io_enable(dp->up_out, true);
			return false;
		}
	}
	return true;
}

bool tx_run_local(struct dpath *dp)
{
	struct iovec iov[3];
	struct rx_source src;
	struct ldp *l, *to;
	uint32_t slot;

	for (unsigned n = 0; n < DPATH_BATCH; n++) {
		slot = sched_draw(dp->local, dp->now_ns);
		if (slot == SCHED_NONE)
			return false;
		l = dp->ldp[slot];
		to = dp->ldp[l->local_slot];
		if (dp->link.sw == SWITCH_OFF) {
			ldp_count_drop(l, LDP_DROP_NO_ROUTE);
		} else {
			src = source_of(l, iov);
			l->count.tx_frames++;
			l->count.tx_bytes += l->cost_bytes;
			if (to) /* it may have gone while the frame waited */
				rx_queue(dp, to, &src);
			else
				ldp_count_drop(l, LDP_DROP_NO_ROUTE);
		}
		next_head(dp, dp->local, l, 0);
	}
	return true;
}

void tx_announce(struct dpath *dp, struct ldp *l)
{
	struct virtio_net_hdr_v1 vnet = {0};
	uint8_t frame[64];
	struct iovec iov = {frame, frame_build_rarp(frame, l->conf.mac)};

	if (write_uplink(dp, &vnet, &iov, 1) == 0) {
		dp->tx_pace.bucket.tokens_bytes -= FRAME_WIRE_MIN;
		capacity_sent(&dp->capacity, FRAME_WIRE_MIN, false);
	}
	if (++l->announced < ANNOUNCE_TIMES)
		loop_timer_set(l->announce, ANNOUNCE_FIRST_NS << l->announced);
}
