/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/rx_uplink.h"

#include <errno.h>
#include <sys/uio.h>

#include "backend/datapath/capture.h"
#include "backend/datapath/core.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/moves.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/screen.h"
#include "backend/frame/gso.h"
#include "backend/frame/vnet.h"

/*
 * Theory of operation: the uplink's own queue is always emptied at once, since all LDPs share it,
 * and a frame that waited there would delay everybody's. Frames are sorted by destination into the
 * LDPs' queues (rx.c).
 */

/*
 * Segments of a frame to a group from the uplink: as many as Linux puts into a frame of UDP. With
 * more, one frame of a neighbour in the bridge would mean 65535 times the copies for all guests,
 * and take the tokens of flood-rate for 13 s.
 */
#define RX_GROUP_SEGMENTS 128u
/*
 * Segments of a frame to one LDP. TCP makes none of less than 36 bytes (an MSS of 48 with
 * timestamps), and so at most 1820 of a frame; but other drivers in the bridge, as netback, pass on
 * what a guest says, and a guest without offloads would get 65535 frames for one.
 */
#define RX_ONE_SEGMENTS 2048u

/* What the kernel may ask of a receiver: all offloads. */
#define UPLINK_FEATURES (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)
#define UPLINK_MTU	65521

static void count_flood(struct dpath *dp)
{
	uint32_t held;

	dp->flood.dropped++;
	if (log_allow(&dp->rx.log, dp->now_ns, &held))
		log_notice("uplink %s: broadcasts and unknown multicasts beyond its limits for "
			   "floods are dropped (%u more since the last line)",
			   dp->up->ifname, held);
}

/*
 * The LDP that must not get a group's frame from the uplink, or NULL. A switch that sends frames
 * back through the port that they came from (VEPA) returns a guest's own, and IPv6 would take the
 * guest's address for a duplicate.
 */
static const struct ldp *sender_of(const struct dpath *dp, const struct rx_source *src)
{
	return dp->link.sw == SWITCH_UPLINK
		       ? core_ldp(dp, fdb_lookup(dp->fdb, src->fi->src, dp->now_ns))
		       : NULL;
}

/* To one LDP, or (NULL) to those of the plan. */
static void give(struct dpath *dp, struct ldp *l, const struct rx_source *src,
		 const struct flood_plan *plan)
{
	if (l)
		rx_queue(dp, l, src);
	else
		rx_flood(dp, sender_of(dp, src), src, plan);
}

static void give_in_parts(struct dpath *dp, struct ldp *l, const struct rx_source *src,
			  const struct flood_plan *plan)
{
	uint32_t segments = l ? RX_SEGMENTS_MAX : 1;
	struct frame_info fi = *src->fi;
	struct gso_part part;
	struct gso_iter it;

	if (gso_begin(&it, src->vnet, src->fi, dp->rx.frame) < 0)
		return;
	while (gso_cut(&it, UINT32_MAX, segments, &part)) {
		struct iovec iov[2] = {{part.hdr, part.hdr_len},
				       {dp->rx.frame + part.off, part.len}};

		fi.len = part.hdr_len + part.len;
		give(dp, l,
		     &(struct rx_source){.vnet = &part.vnet,
					 .fi = &fi,
					 .hdr = part.hdr,
					 .hdr_len = part.hdr_len,
					 .iov = iov,
					 .iovcnt = 2,
					 .cost_bytes = part.wire_bytes,
					 .control = src->control},
		     plan);
	}
}

/* See rx.c for what goes in parts. */
static void give_all(struct dpath *dp, struct ldp *l, const struct rx_source *src,
		     const struct flood_plan *plan)
{
	uint32_t segments = frame_wire_frames(src->fi, src->vnet->gso_size);

	if (segments > (l ? RX_SEGMENTS_MAX : 1))
		give_in_parts(dp, l, src, plan);
	else
		give(dp, l, src, plan);
}

static void route_group(struct dpath *dp, const struct rx_source *src)
{
	bool few = frame_wire_frames(src->fi, src->vnet->gso_size) <= RX_GROUP_SEGMENTS;
	struct flood_plan plan;
	unsigned reason = few ? flood_judge(dp, NULL, src, &plan) : FRAME_MALFORMED;

	if (reason == FRAME_OK)
		give_all(dp, NULL, src, &plan);
	else if (reason == LDP_DROP_FLOOD)
		count_flood(dp);
	else
		dp->rx.malformed++;
}

static void count_segments(struct ldp *l, const struct rx_source *src)
{
	ldp_count_drop(l, LDP_DROP_RX_SEGMENTS);
	if (l->captures)
		capture_frame(l, LDP_RX, LDP_DROP_RX_SEGMENTS, src->iov, src->iovcnt, src->fi->len);
}

static void route(struct dpath *dp, const struct rx_source *src)
{
	struct ldp *l;

	if (src->fi->is_group) {
		route_group(dp, src);
		return;
	}
	l = core_ldp(dp, fdb_lookup(dp->fdb, src->fi->dst, dp->now_ns));
	if (l && frame_wire_frames(src->fi, src->vnet->gso_size) > RX_ONE_SEGMENTS)
		count_segments(l, src);
	else if (l)
		give_all(dp, l, src, NULL);
}

/* Reads one frame from the uplink. False: none waits. */
static bool read_frame(struct dpath *dp)
{
	struct virtio_net_hdr_v1 raw, vnet;
	struct frame_info fi;
	struct iovec in[2] = {{&raw, WIRE_VNET_LEN}, {dp->rx.frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(dp->up->fd, in, 2);
	uint32_t len, hdr_len, wire_bytes;

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			core_uplink_lost(dp, errno);
		return false;
	}
	core_work(dp, (uint32_t)n);
	if (n <= (ssize_t)WIRE_VNET_LEN)
		return true;
	len = (uint32_t)n - WIRE_VNET_LEN;
	hdr_len = len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX;
	if (frame_parse(dp->rx.frame, hdr_len, len, &fi) < 0 ||
	    vnet_rebuild(&raw, &fi, dp->rx.frame, hdr_len, UPLINK_FEATURES, UPLINK_MTU, &vnet) <
		    0) {
		dp->rx.malformed++;
		return true;
	}
	moves_seen(dp, fi.src);
	in[1].iov_len = len;
	wire_bytes = frame_wire_bytes(&fi, vnet.gso_size);
	dp->rx.received_bytes += wire_bytes;
	route(dp, &(struct rx_source){
			  .vnet = &vnet,
			  .fi = &fi,
			  .hdr = dp->rx.frame,
			  .hdr_len = hdr_len,
			  .iov = in + 1,
			  .iovcnt = 1,
			  .cost_bytes = wire_bytes,
			  .control = screen_is_control(&fi, dp->rx.frame, hdr_len),
		  });
	return true;
}

bool rx_uplink_read(struct dpath *dp)
{
	struct core_budget budget = core_budget(dp);

	while (core_budget_take(dp, &budget)) {
		if (!read_frame(dp))
			return false;
	}
	return true;
}
