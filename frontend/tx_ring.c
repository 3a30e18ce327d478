/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/tx_ring.h"

#define RESERVE 16u /* part of the ring that only flagged frames use */

uint32_t tx_ring_space(const struct link_tx *t)
{
	return vchan_ring_bytes(t->v) - vchan_tx_inflight(t->v);
}

/* What the frames that are not flagged may have in flight, whatever the credit. */
static uint32_t most_of(const struct link_tx *t)
{
	uint32_t ring_bytes = vchan_ring_bytes(t->v);

	return t->sparse ? ring_bytes - ring_bytes / RESERVE : ring_bytes;
}

static uint64_t window_of(const struct link_tx *t)
{
	uint64_t limit = tx_limit_bytes(&t->limit), most = most_of(t);

	return limit > most ? most : limit;
}

uint32_t tx_ring_room(const struct link_tx *t)
{
	return tx_room(vchan_ring_bytes(t->v), vchan_tx_inflight(t->v), window_of(t));
}

bool tx_ring_fits(const struct link_tx *t, uint32_t bytes)
{
	return bytes <= tx_room(vchan_ring_bytes(t->v), vchan_tx_inflight(t->v), most_of(t));
}

bool tx_ring_is_low(const struct link_tx *t)
{
	return vchan_tx_inflight(t->v) <= window_of(t) / 2;
}

struct flows_ring tx_ring_flows(const struct link_tx *t)
{
	uint32_t ring_bytes = vchan_ring_bytes(t->v), taken = vchan_tx_taken(t->v);
	uint64_t window = window_of(t);

	return (struct flows_ring){
		.taken = taken,
		.written = taken + vchan_tx_inflight(t->v),
		.window_bytes = window < ring_bytes ? (uint32_t)window : ring_bytes,
	};
}

bool tx_ring_takes(const struct link_tx *t, const struct virtio_net_hdr_v1 *vnet, uint32_t len)
{
	if (len < WIRE_VNET_LEN + WIRE_FRAME_MIN ||
	    len > WIRE_VNET_LEN + wire_frame_limit(vchan_ring_bytes(t->v)))
		return false;
	return tx_offload_ok(vnet, t->offloads);
}

void tx_ring_put(struct link_tx *t, uint32_t body, uint8_t flags)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, body);

	hdr.flags = flags;
	vchan_tx_copy(t->v, 0, &hdr, TX_HDR_LEN);
	vchan_tx_advance(t->v, wire_size(body));
	t->n.frames++;
	t->n.bytes += body - WIRE_VNET_LEN;
}

void tx_ring_put_flow(struct link_tx *t, uint32_t body, uint32_t flow, bool flagged)
{
	struct flows_ring r = tx_ring_flows(t);

	flows_wrote(t->flows, flow, wire_size(body), &r, flagged);
	tx_ring_put(t, body, flagged ? WIRE_SPARSE : 0);
	t->n.flagged += flagged;
}
