/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/ldp.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "backend/datapath/capture.h"
#include "backend/datapath/ldp_vif.h"
#include "backend/frame/vnet.h"
#include "common/log.h"

#define POLL_NS 200000 /* between two looks at an index that promises enough */

const char *ldp_drop_name(unsigned reason)
{
	static const char *const names[LDP_DROPS] = {
		[LDP_DROP_FLOOD] = "flood",
		[LDP_DROP_NO_ROUTE] = "no-route",
		[LDP_DROP_UPLINK] = "uplink",
		[LDP_DROP_MTU] = "mtu",
		[LDP_DROP_NEIGHBOUR_FULL] = "neighbour-full",
		[LDP_DROP_RX_FULL] = "rx-full",
		[LDP_DROP_RX_CODEL] = "rx-codel",
		[LDP_DROP_RX_FLOOD] = "rx-flood",
		[LDP_DROP_RX_VLAN] = "rx-vlan",
		[LDP_DROP_RX_CONTROL] = "rx-control",
		[LDP_DROP_RX_OVERSIZE] = "rx-oversize",
		[LDP_DROP_RX_SEGMENTS] = "rx-segments",
		[LDP_DROP_RX_VIF] = "rx-vif",
		[LDP_DROP_VIF_CODEL] = "vif-codel",
		[LDP_DROP_VIF_FULL] = "vif-full",
	};

	if (reason < FRAME_VERDICTS)
		return frame_verdict_name((enum frame_verdict)reason);
	return reason < LDP_DROPS ? names[reason] : "?";
}

void ldp_count_drop(struct ldp *l, unsigned reason)
{
	l->count.drops[reason]++;
}

void ldp_count_wait(uint64_t bucket[STATS_BUCKETS], uint64_t since_ns, uint64_t now_ns)
{
	bucket[stats_bucket(now_ns > since_ns ? (now_ns - since_ns) / 1000 : 0)]++;
}

bool ldp_takes(const struct ldp *l, const struct frame_info *fi, uint16_t gso_size)
{
	uint32_t l3_bytes = frame_l3_bytes(fi, gso_size);
	uint32_t l2_bytes = FRAME_ETH_LEN + (uint32_t)fi->tags * FRAME_TAG_LEN;

	return l3_bytes <= l->conf.mtu && l2_bytes + l3_bytes <= ldp_rx_frame_max(l);
}

/* The head frame's headers were copied out: parses them, and rebuilds the vnet header. */
static void take_head(struct ldp *l)
{
	int ret;

	l->verdict = FRAME_OK;
	l->cut.done = 0;
	memset(&l->vnet, 0, sizeof(l->vnet));
	if (frame_parse(l->hdr, l->hdr_len, l->frame_len, &l->fi) < 0) {
		l->verdict = FRAME_MALFORMED;
		return;
	}
	ret = vnet_rebuild(&l->said, &l->fi, l->hdr, l->hdr_len, l->conf.tx_features,
			   (uint16_t)l->conf.mtu, &l->vnet);
	if (ret == -EMSGSIZE)
		l->verdict = FRAME_OVERSIZE;
	else if (ret < 0)
		l->verdict = FRAME_OFFLOAD;
}

/* Looks how much the guest has written by now. False: its index is out of range. */
static bool refresh(struct ldp *l, uint64_t now_ns, const char **why)
{
	int64_t avail = vchan_rx_poll(l->vchan);

	if (avail < 0) {
		*why = "TX ring index out of range";
		return false;
	}
	l->tx_avail = (uint32_t)avail;
	l->polled_ns = now_ns;
	arrivals_see(&l->arrivals, l->tx_avail, now_ns);
	return true;
}

/* What the guest has written of the next message's headers, and maybe of what follows it. */
static int copy_headers(struct ldp *l, const char **why)
{
	static_assert(offsetof(struct ldp, said) == offsetof(struct ldp, wire) + sizeof(l->wire) &&
			      offsetof(struct ldp, hdr) ==
				      offsetof(struct ldp, said) + WIRE_VNET_LEN,
		      "as in the ring");
	const uint32_t most = sizeof(l->wire) + WIRE_VNET_LEN + FRAME_HDR_MAX;

	vchan_rx_copy(l->vchan, 0, &l->wire, l->tx_avail < most ? l->tx_avail : most);
	return wire_check(&l->wire, vchan_ring_bytes(l->vchan), why);
}

/*
 * Copies the headers of the next message out. 1: the message is whole; 0: it is not, or there is
 * none; -EPROTO. The guest's index is read again only when all bytes that it promised are used up,
 * once for a batch, and now and then to know how long its frames wait.
 */
static int next_message(struct ldp *l, uint64_t now_ns, const char **why)
{
	if (now_ns - l->polled_ns >= POLL_NS && !refresh(l, now_ns, why))
		return -EPROTO;
	for (bool fresh = false;; fresh = true) {
		if (l->tx_avail >= sizeof(l->wire)) {
			if (copy_headers(l, why) < 0)
				return -EPROTO;
			if (wire_size(l->wire.len) <= l->tx_avail)
				return 1;
		}
		if (fresh)
			return 0;
		if (!refresh(l, now_ns, why))
			return -EPROTO;
	}
}

static void skip_message(struct ldp *l, uint32_t len)
{
	vchan_rx_advance(l->vchan, wire_size(len));
	arrivals_take(&l->arrivals, wire_size(len));
	l->tx_avail -= wire_size(len);
	l->tx_dirty = true;
}

int ldp_scan(struct ldp *l, uint64_t now_ns, const char **why)
{
	int ret;

	l->head = LDP_HEAD_NONE;
	if (l->tap) {
		ret = ldp_vif_head(l, now_ns, &l->said);
		if (ret > 0)
			take_head(l);
		return ret;
	}
	ret = next_message(l, now_ns, why);
	if (ret <= 0)
		return ret;
	if (l->wire.type == WIRE_CREDIT) {
		*why = "credit from a guest";
		return -EPROTO;
	}
	l->head_ns = arrivals_since(&l->arrivals, wire_size(l->wire.len), now_ns);
	l->frame_len = l->wire.len - WIRE_VNET_LEN;
	l->hdr_len = l->frame_len < FRAME_HDR_MAX ? l->frame_len : FRAME_HDR_MAX;
	take_head(l);
	return 1;
}

unsigned ldp_head_iov(struct ldp *l, uint32_t off, uint32_t len, struct iovec iov[3])
{
	uint32_t copied = off < l->hdr_len ? l->hdr_len - off : 0;
	unsigned n = 0;

	if (copied > len)
		copied = len;
	if (copied > 0)
		iov[n++] = (struct iovec){l->hdr + off, copied};
	if (copied < len && l->tap)
		n += ldp_vif_iov(l, off + copied, len - copied, iov + n);
	else if (copied < len)
		n += vchan_rx_iov(l->vchan,
				  (uint32_t)sizeof(struct wire_hdr) + WIRE_VNET_LEN + off + copied,
				  len - copied, iov + n);
	return n;
}

void ldp_consume(struct ldp *l)
{
	if (l->tap)
		ldp_vif_consume(l);
	else
		skip_message(l, WIRE_VNET_LEN + l->frame_len);
	l->head = LDP_HEAD_NONE;
}

/* Room for a message of `len` bytes, or -EAGAIN with an event armed, or -EPROTO. */
static int make_room(struct ldp *l, uint32_t len)
{
	int64_t space = vchan_tx_poll(l->vchan);

	if (space >= 0 && (uint32_t)space < wire_size(len))
		space = vchan_tx_arm(l->vchan);
	if (space < 0)
		return -EPROTO;
	return (uint32_t)space < wire_size(len) ? -EAGAIN : 0;
}

static void write_message(struct ldp *l, const struct wire_hdr *wh)
{
	vchan_tx_copy(l->vchan, 0, wh, sizeof(*wh));
	vchan_tx_advance(l->vchan, wire_size(wh->len));
	l->rx_dirty = true;
}

static int deliver_to_ring(struct ldp *l, const struct rxq_frame *f)
{
	struct wire_hdr wh = wire_make(WIRE_DATA, WIRE_VNET_LEN + f->len);
	uint32_t off = sizeof(wh);
	int ret = make_room(l, wh.len);

	if (ret < 0)
		return ret;
	vchan_tx_copy(l->vchan, off, &f->vnet, WIRE_VNET_LEN);
	off += WIRE_VNET_LEN;
	for (unsigned i = 0; i < f->iovcnt; i++) {
		vchan_tx_copy(l->vchan, off, f->iov[i].iov_base, (uint32_t)f->iov[i].iov_len);
		off += (uint32_t)f->iov[i].iov_len;
	}
	write_message(l, &wh);
	return 0;
}

int ldp_deliver(struct ldp *l, const struct rxq_frame *f)
{
	int ret = l->tap ? ldp_vif_deliver(l, f) : deliver_to_ring(l, f);

	if (ret < 0 && ret != -ENOBUFS)
		return ret;
	if (l->captures)
		capture_frame(l, LDP_RX, ret < 0 ? LDP_DROP_RX_VIF : FRAME_OK, f->iov, f->iovcnt,
			      f->len);
	if (ret < 0) { /* it never can be delivered */
		ldp_count_drop(l, LDP_DROP_RX_VIF);
		return 0;
	}
	l->count.rx_frames++;
	l->count.rx_bytes += f->cost_bytes;
	return 0;
}

bool ldp_send_credit(struct ldp *l, const struct wire_credit *credit)
{
	struct wire_hdr wh = wire_make(WIRE_CREDIT, sizeof(*credit));
	int64_t space;

	if (l->tap) {
		rxq_set_limit(l->vif.queue, (uint32_t)credit->credit_bytes);
		return true;
	}
	space = vchan_tx_poll(l->vchan);
	if (space <
	    (int64_t)wire_size(wh.len)) /* or the index is bad: the next frame will say so */
		return false;
	vchan_tx_copy(l->vchan, sizeof(wh), credit, sizeof(*credit));
	write_message(l, &wh);
	return true;
}

void ldp_listen(struct ldp *l, bool on)
{
	if (l->tap)
		ldp_vif_listen(l, on);
	else
		loop_io_enable(l->io, on);
}

void ldp_commit(struct ldp *l)
{
	if (l->tx_dirty)
		vchan_rx_commit(l->vchan);
	if (l->rx_dirty)
		vchan_tx_commit(l->vchan);
	l->tx_dirty = false;
	l->rx_dirty = false;
}

void ldp_report(const struct ldp *l, unsigned groups)
{
	char drops[512] = "", moves[40] = "";
	size_t n = 0;

	for (unsigned i = 1; i < LDP_DROPS && n < sizeof(drops) - 32; i++) {
		uint64_t dropped = l->count.drops[i];

		if (l->tap && i == LDP_DROP_VIF_FULL)
			dropped += vif_tap_missed(l->tap);
		if (dropped)
			n += (size_t)snprintf(drops + n, sizeof(drops) - n, " %s=%" PRIu64,
					      ldp_drop_name(i), dropped);
	}
	if (l->count.mac_moves)
		snprintf(moves, sizeof(moves), " mac-moves=%" PRIu64, l->count.mac_moves);
	log_notice("%s: tx frames=%" PRIu64 " bytes=%" PRIu64 " rx frames=%" PRIu64
		   " bytes=%" PRIu64 "%s dropped%s groups=%u",
		   l->name, l->count.tx_frames, l->count.tx_bytes, l->count.rx_frames,
		   l->count.rx_bytes, moves, n ? drops : "=0", groups);
}
