/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/outgoing.h"

#include <stdlib.h>
#include <string.h>

#include "backend/frame/frame_control.h"
#include "backend/frame/frame_cost.h"
#include "backend/frame/frame_service.h"
#include "backend/frame/frame_spoof.h"
#include "common/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/mkframe.h"

/* --- what must come out --- */

/* As screen.c has it. */
static bool may_be(const struct ldp_conf *conf, const uint8_t *frame, uint32_t n,
		   const struct frame_info *fi)
{
	struct frame_info inner;

	if (frame_unwrap(frame, n, fi, &inner))
		fi = &inner;
	if (!conf->control_frames && frame_is_control(fi, frame, n))
		return false;
	if (!conf->guest_services && frame_is_service(fi, frame, n))
		return false;
	return (conf->guest_services && !conf->spoof_check) || !frame_is_hidden(fi, frame, n);
}

/* With a table of its own for link-local addresses; the time of one input is too short to matter.
 */
static bool is_own(const struct outgoing *o, const uint8_t *frame, uint32_t n,
		   const struct frame_info *fi)
{
	const struct ldp_conf *conf = o->conf;
	struct linklocal_user user = o->user;
	struct frame_info inner;

	if (frame_spoof_check(fi, frame, n, conf->mac, &conf->allowed, &user) != FRAME_OK)
		return false;
	return !frame_unwrap(frame, n, fi, &inner) ||
	       frame_spoof_check(&inner, frame, n, conf->mac, &conf->allowed, &user) == FRAME_OK;
}

/* As moves.c has it. No address is the uplink's: see order_receive(). */
static bool may_use(const struct outgoing *o, const uint8_t src[6])
{
	return !(src[0] & 1) && memcmp(src, MK_ZERO, 6) != 0 && memcmp(src, o->neighbour, 6) != 0;
}

/* As ldp.c puts the checks together; each of them is held against the rules in fuzz_frame.c. */
static bool may_send(const struct outgoing *o, const uint8_t *frame, uint32_t len,
		     const struct virtio_net_hdr_v1 *in, struct virtio_net_hdr_v1 *out)
{
	const struct ldp_conf *conf = o->conf;
	uint32_t n = len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX;
	struct frame_info fi;

	if (frame_parse(frame, n, len, &fi) < 0 ||
	    vnet_rebuild(in, &fi, frame, n, conf->tx_features, (uint16_t)conf->mtu, out) < 0 ||
	    !vlan_allows(&conf->vlan, &fi))
		return false;
	if (!may_be(conf, frame, n, &fi))
		return false;
	if (!conf->spoof_check)
		return may_use(o, fi.src);
	return is_own(o, frame, n, &fi);
}

void outgoing_expect(struct outgoing *o, const uint8_t *body, uint32_t len, bool flagged)
{
	struct virtio_net_hdr_v1 in, out;
	uint8_t *all = fuzz_block(body, len);
	const uint8_t *frame = body + sizeof(in);

	memcpy(&in, body, sizeof(in));
	/* To the neighbour it goes inside the host. */
	if (may_send(o, frame, len - (uint32_t)sizeof(in), &in, &out) &&
	    memcmp(frame, o->neighbour, 6) != 0) {
		memcpy(all, &out, sizeof(out));
		queue_put(&o->order[flagged].q, all, len);
	}
	free(all);
}

/* --- what does come out --- */

/* Is it the part? */
static bool is_part(const uint8_t *body, size_t n, const uint8_t *frame,
		    const struct gso_part *part)
{
	return n == WIRE_VNET_LEN + part->hdr_len + part->len &&
	       memcmp(body, &part->vnet, WIRE_VNET_LEN) == 0 &&
	       memcmp(body + WIRE_VNET_LEN, part->hdr, part->hdr_len) == 0 &&
	       memcmp(body + WIRE_VNET_LEN + part->hdr_len, frame + part->off, part->len) == 0;
}

/*
 * A part of the GSO frame that is expected next? Where the uplink seems slow, a frame may leave in
 * any number of parts; it seems so when this process does not run for a while.
 */
static bool take_part(struct outgoing_order *e, const uint8_t *body, size_t n)
{
	uint32_t len, headers, segments;
	const uint8_t *head = queue_head(&e->q, &len), *frame;
	struct virtio_net_hdr_v1 vnet;
	struct gso_iter cut = e->cut;
	struct frame_info fi;
	struct gso_part part;

	if (!head)
		return false;
	memcpy(&vnet, head, sizeof(vnet));
	frame = head + WIRE_VNET_LEN;
	len -= WIRE_VNET_LEN;
	frame_parse(frame, len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX, len, &fi);
	headers = (uint32_t)fi.l4_off + fi.l4_len;
	if (n <= WIRE_VNET_LEN + headers ||
	    (cut.done == 0 && gso_begin(&cut, &vnet, &fi, frame) < 0))
		return false;
	cut.frame = frame; /* it moves when more is expected */
	segments = ((uint32_t)n - WIRE_VNET_LEN - headers + vnet.gso_size - 1) / vnet.gso_size;
	fi.len = headers + vnet.gso_size;
	must(gso_cut(&cut, segments * frame_wire_bytes(&fi, 0), UINT32_MAX, &part));
	if (!is_part(body, n, frame, &part))
		return false;
	e->cut = cut;
	if (cut.done == len - headers) {
		e->cut.done = 0;
		queue_drop(&e->q);
	}
	return true;
}

bool outgoing_take(struct outgoing *o, const uint8_t *body, size_t n)
{
	for (unsigned i = 0; i < 2; i++) {
		struct outgoing_order *e = &o->order[i];

		if (e->cut.done == 0 && queue_take(&e->q, body, (uint32_t)n))
			return true;
		if (take_part(e, body, n))
			return true;
	}
	return false;
}

bool outgoing_empty(const struct outgoing *o)
{
	return queue_empty(&o->order[0].q) && queue_empty(&o->order[1].q);
}

void outgoing_free(struct outgoing *o)
{
	for (unsigned i = 0; i < 2; i++) {
		queue_free(&o->order[i].q);
		o->order[i].cut.done = 0;
	}
}
