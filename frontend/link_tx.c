/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link_tx.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/uio.h>

#include "common/flow_key.h"
#include "common/flowq_memory.h"
#include "common/log.h"
#include "common/loop.h"

/*
 * Theory of operation
 *
 * The length of a frame is not known before the frame is read. So the TAP is read into the free
 * space of the ring and, after its end, into `spill`: a frame that fits is already where it
 * belongs; any other frame waits for room. The room is the free space of the ring or what the
 * credit leaves, whichever is less. While there is none, the backend is asked for an event when it
 * consumes. After asking, the agent looks at the ring again, because what was consumed before the
 * request causes no event.
 *
 * Where there are flow queues, the TAP is always read until it is empty, and what finds no room
 * waits in the queues: they drop and mark by flow, a TAP drops at its tail whoever comes. Where the
 * backend takes flags, a light flow's frame needs no credit and never waits in the queues: it is
 * flagged, and written into the space that RESERVE keeps free of all other frames. flows.c says
 * when that is so. What comes out of a queue is never flagged, and nothing is while the backlog
 * has frames: so a flow's frames stay in order.
 *
 * Without flow queues the TAP is not read while there is no room: one frame waits in the backlog,
 * the others in the TAP. What the last connection left in its ring goes first, in both cases.
 */
#define RESERVE	  16u /* part of the ring that only flagged frames use */
#define TX_BATCH  64
#define TX_ROUNDS 4 /* batches in a turn, while the backend makes room as fast as they fill it */
#define HDR_LEN	  ((uint32_t)sizeof(struct wire_hdr))

static const char bad_tx_index[] = "the backend's TX ring index is out of range";

enum tx_end {
	TX_IDLE,    /* nothing to send */
	TX_BUDGET,  /* there may be more */
	TX_BLOCKED, /* no room; the backlog is not empty */
};

static uint32_t tx_space(const struct link_tx *t, uint32_t ring_bytes)
{
	return ring_bytes - vchan_tx_inflight(t->v);
}

/* What the frames that are not flagged may have in flight. */
static uint64_t tx_window(const struct link_tx *t, uint32_t ring_bytes)
{
	uint64_t limit = tx_limit_bytes(&t->limit), most = ring_bytes - ring_bytes / RESERVE;

	return t->sparse && limit > most ? most : limit;
}

static uint32_t tx_room_now(struct link_tx *t, uint32_t ring_bytes)
{
	return tx_room(ring_bytes, vchan_tx_inflight(t->v), tx_window(t, ring_bytes));
}

static struct flows_ring tx_ring(const struct link_tx *t, uint32_t ring_bytes)
{
	uint32_t taken = vchan_tx_taken(t->v);
	uint64_t window = tx_window(t, ring_bytes);

	return (struct flows_ring){
		.taken = taken,
		.written = taken + vchan_tx_inflight(t->v),
		.window_bytes = window < ring_bytes ? (uint32_t)window : ring_bytes,
	};
}

/* Puts a header in front of the body that is in the ring already. */
static void tx_finish(struct link_tx *t, uint32_t body, uint8_t flags)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, body);

	hdr.flags = flags;
	vchan_tx_copy(t->v, 0, &hdr, HDR_LEN);
	vchan_tx_advance(t->v, wire_size(body));
	t->n.frames++;
	t->n.bytes += body - WIRE_VNET_LEN;
}

/* Likewise, of a flow that is known. */
static void tx_finish_flow(struct link_tx *t, uint32_t body, uint32_t flow, bool flagged)
{
	struct flows_ring r = tx_ring(t, vchan_ring_bytes(t->v));

	flows_wrote(t->flows, flow, wire_size(body), &r, flagged);
	tx_finish(t, body, flagged ? WIRE_SPARSE : 0);
	t->n.flagged += flagged;
}

static bool tx_acceptable(struct link_tx *t, const struct virtio_net_hdr_v1 *vnet, uint32_t len)
{
	if (len < WIRE_VNET_LEN + WIRE_FRAME_MIN ||
	    len > WIRE_VNET_LEN + wire_frame_limit(vchan_ring_bytes(t->v)))
		return false;
	return tx_offload_ok(vnet, t->offloads);
}

/* --- what waits ------------------------------------------------------------------------------- */

/* The message that waits first has that many bytes: is there no room for it? */
static bool tx_waits(struct link_tx *t, uint32_t bytes, uint32_t ring_bytes)
{
	t->next_bytes = bytes;
	return bytes > tx_room_now(t, ring_bytes);
}

/* A frame of the backlog, into the ring. */
static void tx_kept(struct link_tx *t, const uint8_t *body, uint32_t len)
{
	vchan_tx_copy(t->v, HDR_LEN, body, len);
	if (t->sparse)
		tx_finish_flow(
			t, len,
			flowq_place_of(t->queue, body + WIRE_VNET_LEN, len - WIRE_VNET_LEN).flow,
			false);
	else
		tx_finish(t, len, 0);
}

static enum tx_end tx_backlog(struct link_tx *t, uint32_t ring_bytes)
{
	struct virtio_net_hdr_v1 vnet;
	const uint8_t *body;
	uint32_t len;

	while ((body = backlog_peek(&t->backlog, &len)) != NULL) {
		memcpy(&vnet, body, sizeof(vnet));
		if (!tx_acceptable(t, &vnet, len)) {
			t->n.dropped++;
		} else {
			if (tx_waits(t, wire_size(len), ring_bytes))
				return TX_BLOCKED;
			tx_kept(t, body, len);
		}
		backlog_pop(&t->backlog);
	}
	return TX_IDLE;
}

/* The frame that was peeked, into the ring. */
static void tx_queued(struct link_tx *t, const struct flowq_frame *f)
{
	uint32_t off = HDR_LEN;

	vchan_tx_copy(t->v, off, &f->vnet, WIRE_VNET_LEN);
	off += WIRE_VNET_LEN;
	for (unsigned i = 0; i < f->iovcnt; i++) {
		vchan_tx_copy(t->v, off, f->iov[i].iov_base, (uint32_t)f->iov[i].iov_len);
		off += (uint32_t)f->iov[i].iov_len;
	}
	tx_finish_flow(t, WIRE_VNET_LEN + f->len, f->flags, false);
}

static enum tx_end tx_queue(struct link_tx *t, uint32_t ring_bytes)
{
	struct flowq_frame f;

	while (flowq_peek(t->queue, t->now_ns, &f)) {
		if (!tx_acceptable(t, &f.vnet, WIRE_VNET_LEN + f.len)) {
			t->n.dropped++;
		} else {
			if (tx_waits(t, wire_size(WIRE_VNET_LEN + f.len), ring_bytes))
				return TX_BLOCKED;
			tx_queued(t, &f);
		}
		flows_leave(t->flows, f.flags);
		flowq_pop(t->queue);
	}
	return TX_IDLE;
}

/* What waits, in its order, as far as there is room. */
static enum tx_end tx_waiting(struct link_tx *t, uint32_t ring_bytes)
{
	enum tx_end end = tx_backlog(t, ring_bytes);

	return end == TX_IDLE && t->queue ? tx_queue(t, ring_bytes) : end;
}

static bool tx_is_waiting(const struct link_tx *t)
{
	return backlog_bytes(&t->backlog) > 0 || (t->queue && !flowq_empty(t->queue));
}

static void on_drop(void *arg, const struct flowq_frame *f, enum flowq_reason reason)
{
	struct link_tx *t = arg;

	(void)reason;
	t->n.dropped++;
	flows_leave(t->flows, f->flags);
}

/* --- what the TAP has ------------------------------------------------------------------------- */

/* A frame that was read, and a copy of its headers. */
struct tx_frame {
	struct iovec iov[3];
	unsigned n;
	uint32_t body;
	struct virtio_net_hdr_v1 vnet;
	uint8_t hdr[FLOW_HDR_MAX];
	uint32_t hdr_len;
	struct flowq_place place;
};

static enum tx_end tx_read_error(struct link_tx *t)
{
	if (errno == EBADFD || errno == EBADF || errno == ENODEV)
		t->tap_gone = true;
	return TX_IDLE;
}

/* Into the ring, as far as `space` goes, and then into the spill. */
static bool tx_read(struct link_tx *t, uint32_t space, struct tx_frame *f)
{
	uint32_t in_ring = space ? space - HDR_LEN : 0;
	ssize_t len;

	f->n = vchan_tx_iov(t->v, HDR_LEN, in_ring, f->iov);
	f->iov[f->n++] = (struct iovec){t->spill, sizeof(t->spill)};
	len = readv(t->tap_fd, f->iov, (int)f->n);
	if (len < 0)
		return false;
	f->body = (uint32_t)len;
	tx_gather(&f->vnet, f->iov, f->n, f->body < WIRE_VNET_LEN ? f->body : WIRE_VNET_LEN);
	return true;
}

static void tx_find_flow(struct link_tx *t, struct tx_frame *f)
{
	struct iovec iov[3];
	unsigned n = tx_skip(f->iov, f->n, WIRE_VNET_LEN, f->body - WIRE_VNET_LEN, iov);

	f->hdr_len = f->body - WIRE_VNET_LEN;
	if (f->hdr_len > FLOW_HDR_MAX)
		f->hdr_len = FLOW_HDR_MAX;
	tx_gather(f->hdr, iov, n, f->hdr_len);
	f->place = flowq_place_of(t->queue, f->hdr, f->hdr_len);
}

/* A frame of a light flow that passes no other one of it. */
static bool tx_may_flag(struct link_tx *t, const struct tx_frame *f, uint32_t ring_bytes)
{
	struct flows_ring r;

	if (!t->sparse || f->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE ||
	    backlog_bytes(&t->backlog) > 0)
		return false;
	r = tx_ring(t, ring_bytes);
	return flows_may_pass(t->flows, f->place.flow, wire_size(f->body), &r);
}

static void tx_push(struct link_tx *t, const struct tx_frame *f)
{
	struct iovec iov[3];
	unsigned n = tx_skip(f->iov, f->n, WIRE_VNET_LEN, f->body - WIRE_VNET_LEN, iov);

	flows_wait(t->flows, f->place.flow);
	if (flowq_push(t->queue, &f->place, &f->vnet, iov, n,
		       tx_cost(&f->vnet, f->body - WIRE_VNET_LEN), f->place.flow, t->now_ns))
		return;
	flows_leave(t->flows, f->place.flow);
	t->n.dropped++;
}

/* Where there are flow queues: one frame, from the TAP into the ring or into the queues. */
static enum tx_end tx_one_flow(struct link_tx *t, uint32_t ring_bytes)
{
	uint32_t space = tx_space(t, ring_bytes);
	struct tx_frame f;
	bool flag;

	if (space < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		space = 0;
	if (!tx_read(t, space, &f))
		return tx_read_error(t);
	if (!tx_acceptable(t, &f.vnet, f.body)) {
		t->n.dropped++;
		return TX_BUDGET;
	}
	tx_find_flow(t, &f);
	flag = wire_size(f.body) <= space && tx_may_flag(t, &f, ring_bytes);
	if (flag || (!tx_is_waiting(t) && wire_size(f.body) <= tx_room_now(t, ring_bytes)))
		tx_finish_flow(t, f.body, f.place.flow, flag);
	else
		tx_push(t, &f);
	return TX_BUDGET;
}

/* Without: one frame, from the TAP into the ring or, if there is no room, into the backlog. */
static enum tx_end tx_one(struct link_tx *t, uint32_t ring_bytes)
{
	uint32_t room = tx_room_now(t, ring_bytes);
	struct tx_frame f;

	if (room < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		room = 0;
	if (!tx_read(t, room, &f))
		return tx_read_error(t);
	if (!tx_acceptable(t, &f.vnet, f.body)) {
		t->n.dropped++;
		return TX_BUDGET;
	}
	if (wire_size(f.body) <= room) {
		tx_finish(t, f.body, 0);
		return TX_BUDGET;
	}
	t->next_bytes = wire_size(f.body);
	if (backlog_push(&t->backlog, f.iov, f.n, f.body) < 0)
		t->n.dropped++;
	return TX_BLOCKED;
}

/* --- turns ------------------------------------------------------------------------------------ */

static enum tx_end tx_read_all(struct link_tx *t, uint32_t ring_bytes, enum tx_end end)
{
	if (t->tap_gone)
		return end;
	for (int i = 0; i < TX_BATCH && (t->queue || end != TX_BLOCKED); i++) {
		end = t->queue ? tx_one_flow(t, ring_bytes) : tx_one(t, ring_bytes);
		if (end == TX_IDLE)
			break;
	}
	return tx_is_waiting(t) ? TX_BLOCKED : end;
}

static enum tx_end tx_batch(struct link_tx *t)
{
	uint32_t ring_bytes = vchan_ring_bytes(t->v);
	uint32_t before = vchan_tx_inflight(t->v);
	enum tx_end end = tx_read_all(t, ring_bytes, tx_waiting(t, ring_bytes));

	if (vchan_tx_inflight(t->v) != before)
		vchan_tx_commit(t->v);
	return end;
}

/* The oldest frame that waits would fit if there were credit for it. */
static bool fits_ring(struct link_tx *t)
{
	return tx_is_waiting(t) && t->next_bytes <= tx_space(t, vchan_ring_bytes(t->v));
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
	t->now_ns = loop_now_ns();
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
	if (t->queue && flowq_empty(t->queue))
		flowq_trim(t->queue);
	return vchan_tx_poll(t->v) < 0 ? bad_tx_index : NULL;
}

void link_tx_credit(struct link_tx *t, uint64_t credit_bytes, uint64_t rate_bps)
{
	struct flowq_limits limits = tx_queue_limits(rate_bps);

	t->limit.credit_bytes = credit_bytes;
	if (t->queue)
		flowq_set_limits(t->queue, &limits);
}

uint64_t link_tx_waits(const struct link_tx *t)
{
	struct flowq_state q = {0};

	if (t->queue)
		flowq_state(t->queue, &q);
	return (uint64_t)backlog_bytes(&t->backlog) + q.bytes;
}

uint64_t link_tx_demand(const struct link_tx *t)
{
	return (t->v ? vchan_tx_inflight(t->v) : 0) + link_tx_waits(t);
}

bool link_tx_reads(const struct link_tx *t)
{
	return !t->tap_gone && (t->queue || !t->blocked);
}

/* --- up and down --- */

static int make_queues(struct link_tx *t, unsigned flows)
{
	struct flowq_limits limits = tx_queue_limits(0);
	uint64_t seed;

	flowq_map_memory();
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	t->queue = flowq_new(flows, &limits, seed, on_drop, t);
	t->flows = flows_new(flows);
	return t->queue && t->flows ? 0 : -ENOMEM;
}

int link_tx_init(struct link_tx *t, int tap_fd, unsigned flows)
{
	int ret;

	*t = (struct link_tx){.tap_fd = tap_fd};
	ret = backlog_init(&t->backlog);
	return ret == 0 && flows > 0 ? make_queues(t, flows) : ret;
}

void link_tx_free(struct link_tx *t)
{
	flowq_free(t->queue);
	flows_free(t->flows);
	backlog_free(&t->backlog);
}

void link_tx_up(struct link_tx *t, struct vchan *v, uint32_t offloads, bool sparse)
{
	t->v = v;
	t->offloads = offloads;
	t->sparse = sparse && t->queue;
	if (t->flows)
		flows_begin(t->flows);
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
