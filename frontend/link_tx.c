/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link_tx.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

#include "common/log.h"

/*
 * Theory of operation
 *
 * The length of a frame is not known before the frame is read. So the TAP is read into the free
 * space of the ring and, after its end, into `spill`: a frame that fits is already where it
 * belongs; any other frame is put together in the backlog and waits for room. The room is the free
 * space of the ring or what the credit leaves, whichever is less. While there is no room the TAP is
 * not read: its queue fills, and the backend is asked for an event when it consumes. After asking,
 * the agent looks at the ring again, because what was consumed before the request causes no event.
 */
#define TX_BATCH  64
#define TX_ROUNDS 4 /* batches in a turn, while the backend makes room as fast as they fill it */
#define HDR_LEN	  ((uint32_t)sizeof(struct wire_hdr))

static const char bad_tx_index[] = "the backend's TX ring index is out of range";

enum tx_end {
	TX_IDLE,    /* nothing to send */
	TX_BUDGET,  /* there may be more */
	TX_BLOCKED, /* no room; the backlog is not empty */
};

static uint32_t tx_room_now(struct link_tx *t, uint32_t ring_bytes)
{
	return tx_room(ring_bytes, vchan_tx_inflight(t->v), tx_limit_bytes(&t->limit));
}

/* Puts a header in front of the body that is in the ring already. */
static void tx_finish(struct link_tx *t, uint32_t body)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, body);

	vchan_tx_copy(t->v, 0, &hdr, HDR_LEN);
	vchan_tx_advance(t->v, wire_size(body));
	t->n.frames++;
	t->n.bytes += body - WIRE_VNET_LEN;
}

static bool tx_acceptable(struct link_tx *t, const void *body, uint32_t len)
{
	struct virtio_net_hdr_v1 vnet;

	if (len < WIRE_VNET_LEN + WIRE_FRAME_MIN ||
	    len > WIRE_VNET_LEN + wire_frame_limit(vchan_ring_bytes(t->v)))
		return false;
	memcpy(&vnet, body, sizeof(vnet));
	return tx_offload_ok(&vnet, t->offloads);
}

static enum tx_end tx_backlog(struct link_tx *t, uint32_t ring_bytes)
{
	const uint8_t *body;
	uint32_t len;

	while ((body = backlog_peek(&t->backlog, &len)) != NULL) {
		if (!tx_acceptable(t, body, len)) {
			t->n.dropped++;
		} else {
			if (wire_size(len) > tx_room_now(t, ring_bytes))
				return TX_BLOCKED;
			vchan_tx_copy(t->v, HDR_LEN, body, len);
			tx_finish(t, len);
		}
		backlog_pop(&t->backlog);
	}
	return TX_IDLE;
}

static enum tx_end tx_read_error(struct link_tx *t)
{
	if (errno == EBADFD || errno == EBADF || errno == ENODEV)
		t->tap_gone = true;
	return TX_IDLE;
}

/* One frame, from the TAP into the ring or, if there is no room, into the backlog. */
static enum tx_end tx_one(struct link_tx *t, uint32_t ring_bytes)
{
	uint32_t room = tx_room_now(t, ring_bytes), body, in_ring;
	struct iovec iov[3];
	uint8_t vnet[WIRE_VNET_LEN];
	unsigned n;
	ssize_t len;

	if (room < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		room = 0;
	in_ring = room ? room - HDR_LEN : 0;
	n = vchan_tx_iov(t->v, HDR_LEN, in_ring, iov);
	iov[n++] = (struct iovec){t->spill, sizeof(t->spill)};
	len = readv(t->tap_fd, iov, (int)n);
	if (len < 0)
		return tx_read_error(t);
	body = (uint32_t)len;
	tx_gather(vnet, iov, n, body < WIRE_VNET_LEN ? body : WIRE_VNET_LEN);
	if (!tx_acceptable(t, vnet, body)) {
		t->n.dropped++;
		return TX_BUDGET;
	}
	if (wire_size(body) <= room) {
		tx_finish(t, body);
		return TX_BUDGET;
	}
	if (backlog_push(&t->backlog, iov, n, body) < 0)
		t->n.dropped++;
	return TX_BLOCKED;
}

static enum tx_end tx_batch(struct link_tx *t)
{
	uint32_t ring_bytes = vchan_ring_bytes(t->v);
	uint32_t before = vchan_tx_inflight(t->v);
	enum tx_end end = tx_backlog(t, ring_bytes);

	for (int i = 0; i < TX_BATCH && end != TX_BLOCKED; i++) {
		end = tx_one(t, ring_bytes);
		if (end == TX_IDLE)
			break;
	}
	if (vchan_tx_inflight(t->v) != before)
		vchan_tx_commit(t->v);
	return end;
}

/* The oldest frame that waits would fit if there were credit for it. */
static bool fits_ring(struct link_tx *t)
{
	uint32_t len;

	return backlog_peek(&t->backlog, &len) &&
	       wire_size(len) <= vchan_ring_bytes(t->v) - vchan_tx_inflight(t->v);
}

/* If the backend has consumed all that the credit allowed, this side came too late with more. */
static void tx_look(struct link_tx *t)
{
	if (t->out_of_credit && vchan_tx_inflight(t->v) == 0)
		tx_limit_starved(&t->limit, vchan_ring_bytes(t->v));
	t->out_of_credit = false;
}

const char *link_tx_run(struct link_tx *t)
{
	enum tx_end end;
	uint32_t inflight;

	if (vchan_tx_poll(t->v) < 0)
		return bad_tx_index;
	tx_look(t);
	t->again = false;
	for (unsigned round = 1;; round++) {
		end = tx_batch(t);
		if (end != TX_BLOCKED)
			break;
		inflight = vchan_tx_inflight(t->v);
		if (vchan_tx_arm(t->v) < 0)
			return bad_tx_index;
		if (vchan_tx_inflight(t->v) == inflight)
			break; /* an event comes when the backend consumes */
		if (round == TX_ROUNDS) {
			t->again = true;
			break;
		}
	}
	t->blocked = end == TX_BLOCKED;
	t->out_of_credit = t->blocked && fits_ring(t);
	return NULL;
}

const char *link_tx_refresh(struct link_tx *t)
{
	tx_limit_relax(&t->limit);
	return vchan_tx_poll(t->v) < 0 ? bad_tx_index : NULL;
}

void link_tx_credit(struct link_tx *t, uint64_t credit_bytes)
{
	t->limit.credit_bytes = credit_bytes;
}

uint64_t link_tx_demand(const struct link_tx *t)
{
	return (t->v ? vchan_tx_inflight(t->v) : 0) + backlog_bytes(&t->backlog);
}

/* --- up and down --- */

int link_tx_init(struct link_tx *t, int tap_fd)
{
	*t = (struct link_tx){.tap_fd = tap_fd};
	return backlog_init(&t->backlog);
}

void link_tx_free(struct link_tx *t)
{
	backlog_free(&t->backlog);
}

void link_tx_up(struct link_tx *t, struct vchan *v, uint32_t offloads)
{
	t->v = v;
	t->offloads = offloads;
	t->blocked = true;
	t->out_of_credit = false;
	t->limit = (struct tx_limit){.credit_bytes = UINT64_MAX};
	memset(&t->n, 0, sizeof(t->n));
}

/* Keeps what is in the TX ring after the consumer index of the backend that was read last. */
static void keep_unconsumed(struct link_tx *t)
{
	uint32_t inflight = vchan_tx_inflight(t->v);
	struct iovec iov[2];
	unsigned n;
	int ret;

	if (inflight == 0)
		return;
	n = vchan_tx_iov(t->v, 0u - inflight, inflight, iov);
	ret = backlog_prepend(&t->backlog, iov, n);
	if (ret < 0)
		log_warning("%" PRIu32 " bytes in the TX ring could not be kept: %s", inflight,
			    strerror(-ret));
}

void link_tx_down(struct link_tx *t, bool resumed)
{
	if (!resumed)
		vchan_tx_poll(t->v);
	keep_unconsumed(t);
	t->v = NULL;
}
