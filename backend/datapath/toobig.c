/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/toobig.h"

#include "backend/datapath/core.h"
#include "backend/datapath/rx.h"
#include "backend/frame/icmp.h"

/*
 * A device's MTU may be larger than the uplink's, or than another device's: it holds for traffic
 * between guests that take it. A router would tell the sender of a packet that is too big for the
 * next link; nothing here is a router, so the destination tells it.
 */
#define ANSWERS_PER_SEC 100u /* of one LDP: enough to tell many connections, and no load */
#define ANSWERS_BURST	20u

void toobig_init(struct ldp *l, uint64_t now_ns)
{
	bucket_init(&l->answers, ANSWERS_PER_SEC * 8ull, ANSWERS_BURST, now_ns);
}

bool toobig_for_uplink(const struct dpath *dp, const struct ldp *l)
{
	return dp->link.mtu && frame_l3_bytes(&l->fi, l->vnet.gso_size) > dp->link.mtu;
}

/* What fits the rings, with two tags, and the device's own MTU. */
static uint32_t mtu_of(const struct ldp *to)
{
	uint32_t ring = ldp_rx_frame_max(to) - FRAME_ETH_LEN - FRAME_TAGS_MAX * FRAME_TAG_LEN;

	return to->conf.mtu < ring ? to->conf.mtu : ring;
}

static void answer(struct dpath *dp, struct ldp *l, uint32_t mtu)
{
	static const struct virtio_net_hdr_v1 plain;
	uint8_t frame[ICMP_TOO_BIG_MAX];
	uint32_t len = icmp_too_big(frame, &l->fi, l->hdr, l->hdr_len, mtu);
	struct iovec iov = {frame, len};
	struct frame_info fi;

	if (len == 0)
		return;
	bucket_fill(&l->answers, dp->now_ns);
	if (l->answers.tokens_bytes <= 0)
		return;
	l->answers.tokens_bytes--;
	frame_parse(frame, len, len, &fi);
	rx_queue(dp, l,
		 &(struct rx_source){.vnet = &plain,
				     .fi = &fi,
				     .hdr = frame,
				     .hdr_len = len,
				     .iov = &iov,
				     .iovcnt = 1,
				     .cost_bytes = frame_wire_bytes(&fi, 0),
				     .flags = RX_LOCAL});
}

void toobig_drop(struct dpath *dp, struct ldp *l, const struct ldp *to)
{
	ldp_count_drop(l, LDP_DROP_MTU);
	answer(dp, l, to ? mtu_of(to) : dp->link.mtu);
}
