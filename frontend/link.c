// SPDX-License-Identifier: GPL-2.0-or-later
#include "frontend/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tap.h"
#include "common/wire.h"
#include "frontend/backlog.h"
#include "frontend/tx.h"

/*
 * Theory of operation
 *
 * TX: the TAP's frames are read straight into the ring. A frame's length is not known before it is
 * read, so what the room left cannot hold overflows into `spill`, and the frame is put together in
 * the backlog, where it waits for room. The room is the smaller one of free ring space and what the
 * credit leaves; while there is none (BLOCKED) the TAP is not read, its queue fills and the guest's
 * kernel drops, and the backend has been asked for an event when it consumes. After asking, the
 * ring is looked at again: what was consumed before the request makes no event.
 *
 * RX: headers are copied out of the ring once and checked; bodies are written straight to the TAP.
 * What the kernel refuses is counted and dropped. After a budget other events get their turn.
 *
 * Each batch moves the ring's index once and so costs at most one event. Errors of the connection
 * are reported once (`failed`); from then on the rings are left alone until link_down().
 *
 * The backlog outlives connections: link_down() puts in front of it what the backend had not
 * consumed, as far as this side's own indexes say. A frame may therefore be sent twice, never lost.
 */
#define TX_BATCH   64
#define RX_BATCH   64
#define HDR_LEN	   ((uint32_t)sizeof(struct wire_hdr))
#define REFRESH_NS 1000000000ull

static const char bad_tx_index[] = "the backend's TX ring index is out of range";

enum tx_end {
	TX_IDLE,    /* nothing to send */
	TX_BUDGET,  /* there may be more */
	TX_BLOCKED, /* no room; the backlog is not empty */
	TX_FAILED,
};

struct counters {
	uint64_t tx_frames, tx_bytes, rx_frames, rx_bytes;
	uint64_t tx_dropped, rx_dropped, kept;
};

struct link {
	struct loop *loop;
	int tap_fd;
	struct link_events events;
	struct link_shared *shared;
	struct loop_io *tap_io, *vchan_io;
	struct loop_timer *more;    /* the budget was used up with frames left */
	struct loop_timer *refresh; /* of the demand, while it is not zero */

	struct vchan *v; /* NULL: down */
	bool failed;
	bool blocked;
	bool refreshing;
	uint32_t offloads;
	uint64_t credit_bytes;
	struct backlog backlog;
	struct counters n;
	uint8_t spill[WIRE_BODY_MAX + 1];
};

static void fail(struct link *k, const char *why)
{
	if (k->failed)
		return;
	k->failed = true;
	loop_io_enable(k->tap_io, false);
	loop_io_enable(k->vchan_io, false);
	loop_timer_cancel(k->more);
	tap_set_carrier(k->tap_fd, false);
	k->events.failed(k->events.arg, why);
}

/* --- TX -----------------------------------------------------------------------------------------
 */

static uint32_t tx_room_now(struct link *k, uint32_t ring_bytes)
{
	return tx_room(ring_bytes, vchan_tx_inflight(k->v), k->credit_bytes);
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

	vchan_tx_copy(k->v, 0, &hdr, HDR_LEN);
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
			vchan_tx_copy(k->v, HDR_LEN, body, len);
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
	in_ring = room ? room - HDR_LEN : 0;
	n = vchan_tx_iov(k->v, HDR_LEN, in_ring, iov);
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

static void tx_announce(struct link *k)
{
	uint64_t bytes = vchan_tx_inflight(k->v) + backlog_bytes(&k->backlog);

	atomic_store_explicit(&k->shared->demand_bytes, bytes, memory_order_relaxed);
	if (bytes > 0 && !k->refreshing) {
		k->refreshing = true;
		loop_timer_set(k->refresh, REFRESH_NS);
	}
}

static void on_refresh(void *arg)
{
	struct link *k = arg;

	k->refreshing = false;
	if (!k->v || k->failed)
		return;
	if (vchan_tx_poll(k->v) < 0)
		fail(k, bad_tx_index);
	else
		tx_announce(k);
}

static void tx_run(struct link *k)
{
	enum tx_end end;
	uint32_t inflight;

	if (vchan_tx_poll(k->v) < 0) {
		fail(k, bad_tx_index);
		return;
	}
	for (;;) {
		end = tx_batch(k);
		if (end != TX_BLOCKED)
			break;
		inflight = vchan_tx_inflight(k->v);
		if (vchan_tx_arm(k->v) < 0) {
			fail(k, bad_tx_index);
			return;
		}
		if (vchan_tx_inflight(k->v) == inflight)
			break; /* an event comes when the backend consumes */
	}
	k->blocked = end == TX_BLOCKED;
	loop_io_enable(k->tap_io, !k->blocked);
	tx_announce(k);
}

static void on_tap(void *arg)
{
	tx_run(arg);
}

/* --- RX -----------------------------------------------------------------------------------------
 */

static void rx_data(struct link *k, uint32_t len)
{
	struct iovec iov[2];
	unsigned n = vchan_rx_iov(k->v, HDR_LEN, len, iov);

	if (writev(k->tap_fd, iov, (int)n) < 0) {
		/* The interface is down, or the kernel does not like the header. */
		k->n.rx_dropped++;
		return;
	}
	k->n.rx_frames++;
	k->n.rx_bytes += len - WIRE_VNET_LEN;
}

static void rx_credit(struct link *k)
{
	struct wire_credit credit;

	vchan_rx_copy(k->v, HDR_LEN, &credit, sizeof(credit));
	k->credit_bytes = credit.credit_bytes;
	atomic_store_explicit(&k->shared->log_offset, credit.log_offset, memory_order_relaxed);
}

/* One message. Its size, 0 when there is none, or -EPROTO with *why. */
static int64_t rx_one(struct link *k, int64_t avail, const char **why)
{
	struct wire_hdr hdr;
	int ret;

	if (avail < (int64_t)HDR_LEN)
		return 0;
	vchan_rx_copy(k->v, 0, &hdr, HDR_LEN);
	ret = wire_check(&hdr, vchan_ring_bytes(k->v), why);
	if (ret < 0)
		return ret;
	if (avail < (int64_t)wire_size(hdr.len))
		return 0;
	if (hdr.type == WIRE_DATA)
		rx_data(k, hdr.len);
	else if (hdr.type == WIRE_CREDIT)
		rx_credit(k);
	vchan_rx_advance(k->v, wire_size(hdr.len));
	return wire_size(hdr.len);
}

/* Up to the budget. Whether it was used up; *moved says whether there was anything. */
static bool rx_batch(struct link *k, int64_t avail, bool *moved)
{
	const char *why = "the backend's RX ring index is out of range";
	int64_t size = avail < 0 ? avail : 0;
	int i;

	*moved = false;
	for (i = 0; i < RX_BATCH && size >= 0; i++) {
		size = rx_one(k, avail, &why);
		if (size <= 0)
			break;
		avail -= size;
		*moved = true;
	}
	if (*moved)
		vchan_rx_commit(k->v);
	if (size < 0)
		fail(k, why);
	return i == RX_BATCH;
}

static void rx_run(struct link *k)
{
	bool moved;

	if (rx_batch(k, vchan_rx_poll(k->v), &moved)) {
		loop_timer_set(k->more, 0);
		return;
	}
	while (!k->failed) {
		/* What came before the request for an event makes none. */
		bool more = rx_batch(k, vchan_rx_arm(k->v), &moved);

		if (more)
			loop_timer_set(k->more, 0);
		if (more || !moved)
			return;
	}
}

static void both_run(struct link *k)
{
	bool open = vchan_is_open(k->v); /* first: what lies in the ring is still good */

	rx_run(k);
	if (!k->failed && !open)
		fail(k, "the backend closed the connection");
	if (!k->failed && k->blocked)
		tx_run(k);
}

static void on_vchan(void *arg)
{
	struct link *k = arg;

	vchan_ack(k->v);
	both_run(k);
}

static void on_more(void *arg)
{
	both_run(arg);
}

/* --- up and down --------------------------------------------------------------------------------
 */

struct link *link_new(struct loop *loop, int tap_fd, const struct link_events *events,
		      struct link_shared *shared)
{
	struct link *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	*k = (struct link){.loop = loop, .tap_fd = tap_fd, .events = *events, .shared = shared};
	k->tap_io = loop_io_new(loop, tap_fd, LOOP_READ, on_tap, k);
	k->more = loop_timer_new(loop, on_more, k);
	k->refresh = loop_timer_new(loop, on_refresh, k);
	if (!k->tap_io || !k->more || !k->refresh || backlog_init(&k->backlog) < 0) {
		link_free(k);
		return NULL;
	}
	loop_io_enable(k->tap_io, false);
	tap_set_carrier(tap_fd, false);
	return k;
}

void link_free(struct link *k)
{
	if (!k)
		return;
	loop_io_free(k->vchan_io);
	loop_io_free(k->tap_io);
	loop_timer_free(k->more);
	loop_timer_free(k->refresh);
	backlog_free(&k->backlog);
	free(k);
}

int link_up(struct link *k, struct vchan *v, uint32_t offloads)
{
	k->vchan_io = loop_io_new(k->loop, vchan_fd(v), LOOP_READ, on_vchan, k);
	if (!k->vchan_io)
		return -ENOMEM;
	k->v = v;
	k->failed = false;
	k->blocked = true; /* so that the backlog goes out before the TAP is read */
	k->credit_bytes = UINT64_MAX;
	k->offloads = tap_set_offloads(k->tap_fd, offloads);
	k->n = (struct counters){.kept = k->n.kept};
	tap_set_carrier(k->tap_fd, true);
	both_run(k);
	return 0;
}

/* Keeps what lies in the TX ring behind the last index of the backend's that was seen. */
static void keep_unconsumed(struct link *k)
{
	uint32_t inflight = vchan_tx_inflight(k->v);
	struct iovec iov[2];
	unsigned n;
	int kept;

	if (inflight == 0)
		return;
	n = vchan_tx_iov(k->v, 0u - inflight, inflight, iov);
	kept = backlog_prepend(&k->backlog, iov, n);
	if (kept < 0)
		log_warning("%" PRIu32 " bytes in the TX ring could not be kept: %s", inflight,
			    strerror(-kept));
	else
		k->n.kept += (uint64_t)kept;
}

void link_down(struct link *k, bool resumed)
{
	if (!k->v)
		return;
	loop_io_enable(k->tap_io, false);
	loop_io_free(k->vchan_io);
	k->vchan_io = NULL;
	loop_timer_cancel(k->more);
	tap_set_carrier(k->tap_fd, false);
	if (!resumed)
		vchan_tx_poll(k->v);
	keep_unconsumed(k);
	k->v = NULL;
	log_info("link down: tx %" PRIu64 " frames %" PRIu64 " bytes, %" PRIu64
		 " dropped; rx %" PRIu64 " frames %" PRIu64 " bytes, %" PRIu64
		 " dropped; to be sent again: %" PRIu32 " bytes",
		 k->n.tx_frames, k->n.tx_bytes, k->n.tx_dropped, k->n.rx_frames, k->n.rx_bytes,
		 k->n.rx_dropped, backlog_bytes(&k->backlog));
}
