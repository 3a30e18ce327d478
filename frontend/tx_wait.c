/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/tx_wait.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/flowq_memory.h"
#include "common/loop.h"
#include "frontend/tx_ring.h"

/*
 * Theory of operation: the backlog has what the last connection left in its ring, and without flow
 * queues one frame more. It goes first. What comes out of the backlog or a queue is never flagged.
 */

static void on_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	struct link_tx *t = arg;

	(void)reason;
	t->n.dropped++;
	flows_leave(t->flows, f->flags);
}

int tx_wait_init(struct link_tx *t, unsigned flows)
{
	struct flowq_limits limits = tx_queue_limits(0, 0);
	uint64_t seed;

	flowq_map_memory();
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	t->queue = flowq_new(flows, &limits, seed, on_drop, t);
	t->flows = flows_new(flows);
	return t->queue && t->flows ? 0 : -ENOMEM;
}

void tx_wait_free(struct link_tx *t)
{
	flowq_free(t->queue);
	flows_free(t->flows);
}

/* --- time and limits -------------------------------------------------------------------------- */

void tx_wait_pause(struct link_tx *t)
{
	t->paused_ns = loop_now_ns();
}

void tx_wait_resume(struct link_tx *t)
{
	if (t->paused_ns)
		t->away_ns += loop_now_ns() - t->paused_ns;
	t->paused_ns = 0;
}

void tx_wait_begin(struct link_tx *t)
{
	t->now_ns = 0;
}

/* Most turns need none, and a virtual machine's clock may be slow to read. */
uint64_t tx_wait_now(struct link_tx *t)
{
	if (t->now_ns == 0)
		t->now_ns = loop_now_ns() - t->away_ns;
	return t->now_ns;
}

void tx_wait_set_limits(struct link_tx *t)
{
	struct flowq_limits limits;

	if (!t->queue)
		return;
	limits = tx_queue_limits(t->rate_bps, tx_ring_flows(t).window_bytes);
	flowq_set_limits(t->queue, &limits);
}

/* --- into the ring ---------------------------------------------------------------------------- */

bool tx_wait_any(const struct link_tx *t)
{
	return backlog_bytes(&t->backlog) > 0 || (t->queue && !flowq_empty(t->queue));
}

uint64_t tx_wait_bytes(const struct link_tx *t)
{
	struct flowq_state q = {0};

	if (t->queue)
		flowq_state(t->queue, &q);
	return (uint64_t)backlog_bytes(&t->backlog) + q.bytes;
}

/* The message that waits first has that many bytes: is there no room for it? */
static bool lacks_room(struct link_tx *t, uint32_t bytes)
{
	t->next_bytes = bytes;
	return bytes > tx_ring_room(t);
}

static void put_kept(struct link_tx *t, const uint8_t *body, uint32_t len)
{
	const uint8_t *frame = body + WIRE_VNET_LEN;

	vchan_tx_copy(t->v, TX_HDR_LEN, body, len);
	if (t->sparse)
		tx_ring_put_flow(t, len, flowq_place_of(t->queue, frame, len - WIRE_VNET_LEN).flow,
				 false);
	else
		tx_ring_put(t, len, 0);
}

/* True, as everywhere here: there is more, and no room. */
static bool send_backlog(struct link_tx *t)
{
	struct virtio_net_hdr_v1 vnet;
	const uint8_t *body;
	uint32_t len;

	while ((body = backlog_peek(&t->backlog, &len)) != NULL) {
		memcpy(&vnet, body, sizeof(vnet));
		if (!tx_ring_takes(t, &vnet, len)) {
			t->n.dropped++;
		} else {
			if (lacks_room(t, wire_size(len)))
				return true;
			put_kept(t, body, len);
		}
		backlog_pop(&t->backlog);
	}
	return false;
}

static void put_queued(struct link_tx *t, const struct flowq_frame *f)
{
	uint32_t off = TX_HDR_LEN;

	vchan_tx_copy(t->v, off, &f->vnet, WIRE_VNET_LEN);
	off += WIRE_VNET_LEN;
	for (unsigned i = 0; i < f->iovcnt; i++) {
		vchan_tx_copy(t->v, off, f->iov[i].iov_base, (uint32_t)f->iov[i].iov_len);
		off += (uint32_t)f->iov[i].iov_len;
	}
	tx_ring_put_flow(t, WIRE_VNET_LEN + f->len, f->flags, false);
}

static bool send_queue(struct link_tx *t)
{
	struct flowq_frame f;

	while (!flowq_empty(t->queue) && flowq_peek(t->queue, tx_wait_now(t), &f)) {
		if (!tx_ring_takes(t, &f.vnet, WIRE_VNET_LEN + f.len)) {
			t->n.dropped++;
		} else {
			if (lacks_room(t, wire_size(WIRE_VNET_LEN + f.len)))
				return true;
			put_queued(t, &f);
		}
		flows_leave(t->flows, f.flags);
		flowq_pop(t->queue);
	}
	return false;
}

bool tx_wait_send(struct link_tx *t)
{
	return send_backlog(t) || (t->queue && send_queue(t));
}

void tx_wait_push(struct link_tx *t, const struct flowq_place *place,
		  const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov, unsigned n,
		  uint32_t len)
{
	flows_wait(t->flows, place->flow);
	if (flowq_push(t->queue, place, vnet, iov, n, tx_cost(vnet, len), place->flow,
		       tx_wait_now(t)))
		return;
	flows_leave(t->flows, place->flow);
	t->n.dropped++;
}
