/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/ldp.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/datapath/capture.h"
#include "backend/datapath/ldp_vif.h"
#include "backend/datapath/queues.h"
#include "backend/frame/ahead.h"
#include "backend/frame/vnet.h"
#include "common/log.h"

/*
 * Theory of operation
 *
 * The head is the frame that is sent next. Its headers are copied out of the ring once. Where the
 * guest may flag frames (wire.h, WIRE_SPARSE), the messages behind the head are looked at as well:
 * their headers are copied out once, and from then on ahead.c says what lies in the ring. A flagged
 * frame is the next head, before frames that lie in front of it. A head that was chosen stays the
 * head until it, or a part of it, has left: so a flagged frame waits for one part of another frame
 * of its own LDP at most. Then the rest of the head is put aside, with all that was judged of it.
 * So the frame that is drawn is always the frame that was entered into the lottery.
 */
#define POLL_NS 200000 /* between two looks at an index that promises enough */

#define HEAD_FIRST offsetof(struct ldp, wire)
#define HEAD_BYTES (offsetof(struct ldp, plan) + sizeof(struct flood_plan) - HEAD_FIRST)

struct ldp_ahead {
	struct ahead a;
	const char *broken; /* what is wrong with the message behind those; NULL: nothing yet */
	bool has_rest;	    /* of a head that gave way: the first frame that is not flagged */
	uint8_t rest[HEAD_BYTES];
};

bool ldp_ahead_init(struct ldp *l)
{
	if (l->conf.sparse)
		l->ahead = calloc(1, sizeof(*l->ahead));
	return l->ahead || !l->conf.sparse;
}

void ldp_ahead_fini(struct ldp *l)
{
	free(l->ahead);
	l->ahead = NULL;
}

static const char credit_from_guest[] = "credit from a guest";

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
	if (l->ahead && (uint32_t)avail < ahead_bytes(&l->ahead->a)) {
		*why = "TX ring index went back";
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

/* --- where frames may be flagged -------------------------------------------------------------- */

/* The header of the next message that was not looked at. False: the stream is broken there. */
static bool check_next(struct ldp *l, struct wire_hdr *hdr)
{
	struct ldp_ahead *x = l->ahead;

	vchan_rx_copy(l->vchan, ahead_bytes(&x->a), hdr, sizeof(*hdr));
	if (wire_check_sparse(hdr, vchan_ring_bytes(l->vchan), &x->broken) < 0)
		return false;
	if (hdr->type == WIRE_CREDIT)
		x->broken = credit_from_guest;
	return !x->broken;
}

/* Looks at all messages that the guest promised, as far as there is room for what they are. */
static void look_ahead(struct ldp *l)
{
	struct ldp_ahead *x = l->ahead;
	struct wire_hdr hdr;

	while (!x->broken && ahead_has_room(&x->a) &&
	       l->tx_avail - ahead_bytes(&x->a) >= sizeof(hdr)) {
		if (!check_next(l, &hdr) || wire_size(hdr.len) > l->tx_avail - ahead_bytes(&x->a))
			break;
		ahead_add(&x->a, hdr.len, hdr.flags & WIRE_SPARSE);
	}
}

/* What lies in front of a broken message is still sent. */
static int choose(struct ldp *l, uint64_t now_ns, const struct ahead_msg **m, const char **why)
{
	if (now_ns - l->polled_ns >= POLL_NS && !refresh(l, now_ns, why))
		return -EPROTO;
	for (bool fresh = false;; fresh = true) {
		look_ahead(l);
		*m = ahead_choose(&l->ahead->a);
		if (*m)
			return 1;
		*why = l->ahead->broken;
		if (*why)
			return -EPROTO;
		if (fresh)
			return 0;
		if (!refresh(l, now_ns, why))
			return -EPROTO;
	}
}

/* The length of its message is the one that was copied then. */
static void copy_chosen(struct ldp *l, const struct ahead_msg *m)
{
	const uint32_t most = WIRE_VNET_LEN + FRAME_HDR_MAX;

	l->wire = wire_make(WIRE_DATA, m->len);
	l->head_off = ahead_offset(&l->ahead->a);
	vchan_rx_copy(l->vchan, l->head_off + (uint32_t)sizeof(l->wire), &l->said,
		      m->len < most ? m->len : most);
}

/* The rest of a head comes back. Its message may lie less far behind by now. */
static int take_rest(struct ldp *l)
{
	memcpy((uint8_t *)l + HEAD_FIRST, l->ahead->rest, HEAD_BYTES);
	l->ahead->has_rest = false;
	l->head_off = ahead_offset(&l->ahead->a);
	return LDP_SCAN_REST;
}

int ldp_give_way(struct ldp *l, uint64_t now_ns, const char **why)
{
	struct ldp_ahead *a = l->ahead;

	if (!a || ahead_chose_sparse(&a->a))
		return 0;
	if (now_ns - l->polled_ns >= POLL_NS && !refresh(l, now_ns, why))
		return -EPROTO;
	look_ahead(l);
	if (!ahead_has_sparse(&a->a))
		return 0;
	memcpy(a->rest, (const uint8_t *)l + HEAD_FIRST, HEAD_BYTES);
	a->has_rest = true;
	return 1;
}

/* --- the head --------------------------------------------------------------------------------- */

static void skip(struct ldp *l, uint32_t bytes)
{
	vchan_rx_advance(l->vchan, bytes);
	arrivals_take(&l->arrivals, bytes);
	l->tx_avail -= bytes;
	l->tx_dirty = true;
}

static int next_of_ring(struct ldp *l, uint64_t now_ns, const char **why)
{
	int ret = next_message(l, now_ns, why);

	if (ret > 0 && l->wire.type == WIRE_CREDIT) {
		*why = credit_from_guest;
		return -EPROTO;
	}
	return ret;
}

static int next_chosen(struct ldp *l, uint64_t now_ns, const char **why)
{
	const struct ahead_msg *m;
	int ret = choose(l, now_ns, &m, why);

	if (ret <= 0)
		return ret;
	if (l->ahead->has_rest && !ahead_chose_sparse(&l->ahead->a))
		return take_rest(l);
	copy_chosen(l, m);
	return ret;
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
	ret = l->ahead ? next_chosen(l, now_ns, why) : next_of_ring(l, now_ns, why);
	if (ret != 1)
		return ret;
	l->head_ns = arrivals_since(&l->arrivals, l->head_off + wire_size(l->wire.len), now_ns);
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
				  l->head_off + (uint32_t)sizeof(struct wire_hdr) + WIRE_VNET_LEN +
					  off + copied,
				  len - copied, iov + n);
	return n;
}

void ldp_consume(struct ldp *l)
{
	if (l->tap)
		ldp_vif_consume(l);
	else if (l->ahead)
		skip(l, ahead_done(&l->ahead->a));
	else
		skip(l, wire_size(l->wire.len));
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

static int deliver_to_ring(struct ldp *l, const struct flowq_frame *f)
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

int ldp_deliver(struct ldp *l, const struct flowq_frame *f)
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
		queues_set_vif_limit(l, credit->credit_bytes);
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
