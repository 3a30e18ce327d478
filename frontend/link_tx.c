/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "common/wire.h"
#include "frontend/link_impl.h"
#include "frontend/tx.h"

/*
 * Theory of operation
 *
 * A frame's length is not known before it is read. So the TAP is read into the ring's free space
 * and, behind it, into `spill`: a frame that fits lies where it belongs already, any other one is
 * put together in the backlog and waits for room. The room is the smaller one of free ring space
 * and what the credit leaves. While there is none the TAP is not read: its queue fills, and the
 * backend has been asked for an event when it consumes. After asking, the ring is looked at again:
 * what was consumed before the request makes no event.
 */
#define TX_BATCH   64
#define REFRESH_NS 1000000000ull

static const char bad_tx_index[] = "the backend's TX ring index is out of range";

enum tx_end {
	TX_IDLE,    /* nothing to send */
	TX_BUDGET,  /* there may be more */
	TX_BLOCKED, /* no room; the backlog is not empty */
	TX_FAILED,
};

static uint32_t tx_room_now(struct link *k, uint32_t ring_bytes)
{
	return tx_room(ring_bytes, vchan_tx_inflight(k->v), tx_limit_bytes(&k->limit));
}

static void tx_count(struct link *k, uint32_t body)
{
	k->n.tx_frames++;
	k->n.tx_bytes += body - WIRE_VNET_LEN;
}

/* Publishes a header for the body that lies behind it. */
static void tx_finish(struct link *k, uint32_t body)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, body);

	vchan_tx_copy(k->v, 0, &hdr, LINK_HDR_LEN);
	vchan_tx_advance(k->v, wire_size(body));
	tx_count(k, body);
}

static bool tx_acceptable(struct link *k, const void *body, uint32_t len)
{
	struct virtio_net_hdr_v1 vnet;

	if (len < WIRE_VNET_LEN + WIRE_FRAME_MIN ||
	    len > WIRE_VNET_LEN + wire_frame_limit(vchan_ring_bytes(k->v)))
		return false;
	memcpy(&vnet, body, sizeof(vnet));
	return tx_offload_ok(&vnet, k->offloads);
}

static enum tx_end tx_backlog(struct link *k, uint32_t ring_bytes)
{
	const uint8_t *body;
	uint32_t len;

	while ((body = backlog_peek(&k->backlog, &len)) != NULL) {
		if (!tx_acceptable(k, body, len)) {
			k->n.tx_dropped++;
		} else {
			if (wire_size(len) > tx_room_now(k, ring_bytes))
				return TX_BLOCKED;
			vchan_tx_copy(k->v, LINK_HDR_LEN, body, len);
			tx_finish(k, len);
		}
		backlog_pop(&k->backlog);
	}
	return TX_IDLE;
}

static enum tx_end tx_read_error(struct link *k)
{
	if (errno == EBADFD || errno == EBADF || errno == ENODEV) {
		loop_io_enable(k->tap_io, false);
		k->events.tap_gone(k->events.arg);
	}
	return TX_IDLE;
}

/* One frame, from the TAP into the ring or, as far as there is no room, into the backlog. */
static enum tx_end tx_one(struct link *k, uint32_t ring_bytes)
{
	uint32_t room = tx_room_now(k, ring_bytes), body, in_ring;
	struct iovec iov[3];
	uint8_t vnet[WIRE_VNET_LEN];
	unsigned n;
	ssize_t len;

	if (room < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		room = 0;
	in_ring = room ? room - LINK_HDR_LEN : 0;
	n = vchan_tx_iov(k->v, LINK_HDR_LEN, in_ring, iov);
	iov[n++] = (struct iovec){k->spill, sizeof(k->spill)};
	len = readv(k->tap_fd, iov, (int)n);
	if (len < 0)
		return tx_read_error(k);
	body = (uint32_t)len;
	tx_gather(vnet, iov, n, body < WIRE_VNET_LEN ? body : WIRE_VNET_LEN);
	if (!tx_acceptable(k, vnet, body)) {
		k->n.tx_dropped++;
		return TX_BUDGET;
	}
	if (wire_size(body) <= room) {
		tx_finish(k, body);
		return TX_BUDGET;
	}
	if (backlog_push(&k->backlog, iov, n, body) < 0)
		k->n.tx_dropped++;
	return TX_BLOCKED;
}

static enum tx_end tx_batch(struct link *k)
{
	uint32_t ring_bytes = vchan_ring_bytes(k->v);
	uint32_t before = vchan_tx_inflight(k->v);
	enum tx_end end = tx_backlog(k, ring_bytes);

	for (int i = 0; i < TX_BATCH && end != TX_BLOCKED; i++) {
		end = tx_one(k, ring_bytes);
		if (end == TX_IDLE)
			break;
	}
	if (vchan_tx_inflight(k->v) != before)
		vchan_tx_commit(k->v);
	return end;
}

/* What waits would fit if there were credit for it. */
static bool fits_ring(struct link *k)
{
	uint32_t len;

	return backlog_peek(&k->backlog, &len) &&
	       wire_size(len) <= vchan_ring_bytes(k->v) - vchan_tx_inflight(k->v);
}

/* The backend has taken all that the credit allowed before this side came to send more. */
static void tx_look(struct link *k)
{
	if (k->out_of_credit && vchan_tx_inflight(k->v) == 0)
		tx_limit_starved(&k->limit, vchan_ring_bytes(k->v));
	k->out_of_credit = false;
}

static void tx_announce(struct link *k)
{
	uint64_t bytes = vchan_tx_inflight(k->v) + backlog_bytes(&k->backlog);

	atomic_store_explicit(&k->shared->demand_bytes, bytes, memory_order_relaxed);
	if (bytes > 0 && !k->refreshing) {
		k->refreshing = true;
		loop_timer_set(k->refresh, REFRESH_NS);
	}
}

void link_on_refresh(void *arg)
{
	struct link *k = arg;

	k->refreshing = false;
	if (!k->v || k->failed)
		return;
	tx_limit_relax(&k->limit);
	if (vchan_tx_poll(k->v) < 0)
		link_fail(k, bad_tx_index);
	else
		tx_announce(k);
}

void link_tx_run(struct link *k)
{
	enum tx_end end;
	uint32_t inflight;

	if (vchan_tx_poll(k->v) < 0) {
		link_fail(k, bad_tx_index);
		return;
	}
	tx_look(k);
	for (;;) {
		end = tx_batch(k);
		if (end != TX_BLOCKED)
			break;
		inflight = vchan_tx_inflight(k->v);
		if (vchan_tx_arm(k->v) < 0) {
			link_fail(k, bad_tx_index);
			return;
		}
		if (vchan_tx_inflight(k->v) == inflight)
			break; /* an event comes when the backend consumes */
	}
	k->blocked = end == TX_BLOCKED;
	k->out_of_credit = k->blocked && fits_ring(k);
	loop_io_enable(k->tap_io, !k->blocked);
	tx_announce(k);
}

void link_on_tap(void *arg)
{
	link_tx_run(arg);
}
