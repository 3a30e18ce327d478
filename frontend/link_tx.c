/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link_tx.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>

#include "common/flow_key.h"
#include "common/log.h"
#include "frontend/tx_ring.h"
#include "frontend/tx_wait.h"

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
 * flagged, and written into the space that tx_ring.c keeps free of all other frames. flows.c says
 * when that is so. What comes out of a queue is never flagged, and nothing is while the backlog
 * has frames: so a flow's frames stay in order. Of a flow that has most of full queues the kernel
 * drops the frames (tx_filter.c), which spares this side reading them, until there is room.
 *
 * Whatever is read into the queues, the ring is looked after meanwhile: a guest whose processor is
 * slow, or taken away, needs longer for a batch than its window lasts.
 *
 * Without flow queues the TAP is not read while there is no room: one frame waits in the backlog,
 * the others in the TAP. What the last connection left in its ring goes first, in both cases.
 */
#define TX_BATCH  32 /* frames that are read in a turn */
#define TX_ROUNDS 4  /* in a turn, while the backend makes room as fast as they fill it */

static const char bad_tx_index[] = "the backend's TX ring index is out of range";

enum tx_end {
	TX_IDLE,    /* nothing to send */
	TX_BUDGET,  /* there may be more */
	TX_BLOCKED, /* no room; the backlog is not empty */
};

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
	uint32_t in_ring = space ? space - TX_HDR_LEN : 0;
	ssize_t len;

	f->n = vchan_tx_iov(t->v, TX_HDR_LEN, in_ring, f->iov);
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
static bool tx_may_flag(struct link_tx *t, const struct tx_frame *f)
{
	struct flows_ring r;

	if (!t->sparse || f->vnet.gso_type != VIRTIO_NET_HDR_GSO_NONE ||
	    backlog_bytes(&t->backlog) > 0)
		return false;
	r = tx_ring_flows(t);
	return flows_may_pass(t->flows, f->place.flow, wire_size(f->body), &r);
}

static void tx_keep(struct link_tx *t, const struct tx_frame *f)
{
	uint32_t len = f->body - WIRE_VNET_LEN;
	struct iovec iov[3];
	unsigned n = tx_skip(f->iov, f->n, WIRE_VNET_LEN, len, iov);

	if (!tx_wait_any(t))
		t->next_bytes = wire_size(f->body);
	tx_wait_push(t, &f->place, &f->vnet, iov, n, len);
}

static bool is_tcp(const struct tx_frame *f)
{
	uint32_t at = f->place.l3_off + (f->place.l3 == FLOW_L3_IPV4 ? 9u : 6u);

	return f->place.l3 != FLOW_L3_OTHER && at < f->hdr_len && f->hdr[at] == IPPROTO_TCP;
}

/*
 * A frame that would be put into the queues in vain. TCP learns sooner of a loss at the head of its
 * queue, and sends less then.
 */
static bool tx_in_vain(struct link_tx *t, const struct tx_frame *f)
{
	return flowq_is_crowded_by(t->queue, f->place.flow) && !is_tcp(f);
}

/* Where there are flow queues: one frame, from the TAP into the ring or into the queues. */
static enum tx_end tx_one_flow(struct link_tx *t)
{
	uint32_t space = tx_ring_space(t);
	struct tx_frame f;
	bool flag;

	if (space < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		space = 0;
	if (!tx_read(t, space, &f))
		return tx_read_error(t);
	if (!tx_ring_takes(t, &f.vnet, f.body)) {
		t->n.dropped++;
		return TX_BUDGET;
	}
	tx_find_flow(t, &f);
	if (tx_in_vain(t, &f)) {
		t->n.dropped++;
		t->crowded = true;
		tx_filter_on(&t->filter, f.hdr, f.hdr_len, &f.place);
		return TX_BUDGET;
	}
	flag = wire_size(f.body) <= space && tx_may_flag(t, &f);
	if (flag || (!tx_wait_any(t) && wire_size(f.body) <= tx_ring_room(t)))
		tx_ring_put_flow(t, f.body, f.place.flow, flag);
	else
		tx_keep(t, &f);
	return TX_BUDGET;
}

/* Without: one frame, from the TAP into the ring or, if there is no room, into the backlog. */
static enum tx_end tx_one(struct link_tx *t)
{
	uint32_t room = tx_ring_room(t);
	struct tx_frame f;

	if (room < wire_size(WIRE_VNET_LEN + WIRE_FRAME_MIN))
		room = 0;
	if (!tx_read(t, room, &f))
		return tx_read_error(t);
	if (!tx_ring_takes(t, &f.vnet, f.body)) {
		t->n.dropped++;
		return TX_BUDGET;
	}
	if (wire_size(f.body) <= room) {
		tx_ring_put(t, f.body, 0);
		return TX_BUDGET;
	}
	t->next_bytes = wire_size(f.body);
	if (backlog_push(&t->backlog, f.iov, f.n, f.body) < 0)
		t->n.dropped++;
	return TX_BLOCKED;
}

/* --- turns ------------------------------------------------------------------------------------ */

/* While frames wait, the backend has what lies in the ring, and finds more when half is gone. */
static void tx_refill(struct link_tx *t)
{
	vchan_tx_commit(t->v);
	/* A bad index is found again at the turn's end. */
	if (vchan_tx_poll(t->v) < 0 || !tx_ring_is_low(t))
		return;
	tx_wait_send(t);
	vchan_tx_commit(t->v);
}

/* At most *budget frames. */
static enum tx_end tx_read_all(struct link_tx *t, enum tx_end end, int *budget)
{
	if (t->tap_gone)
		return end;
	for (; *budget > 0 && (t->queue || end != TX_BLOCKED); --*budget) {
		end = t->queue ? tx_one_flow(t) : tx_one(t);
		if (end == TX_IDLE)
			break;
		if (t->queue && tx_wait_any(t))
			tx_refill(t);
	}
	t->empty = end == TX_IDLE;
	return tx_wait_any(t) ? TX_BLOCKED : end;
}

static enum tx_end tx_batch(struct link_tx *t, int *budget)
{
	enum tx_end end = tx_read_all(t, tx_wait_send(t) ? TX_BLOCKED : TX_IDLE, budget);

	if (end == TX_BLOCKED && !tx_wait_send(t))
		end = t->empty ? TX_IDLE : TX_BUDGET;
	vchan_tx_commit(t->v);
	return end;
}

/* The oldest frame that waits would fit if there were credit for it. */
static bool fits_ring(struct link_tx *t)
{
	return tx_wait_any(t) && tx_ring_fits(t, t->next_bytes);
}

/* If the backend has consumed all that the credit allowed, this side came too late with more. */
static void tx_look(struct link_tx *t)
{
	if (t->out_of_credit && vchan_tx_inflight(t->v) == 0) {
		tx_limit_starved(&t->limit, vchan_ring_bytes(t->v));
		tx_wait_set_limits(t);
	}
	t->out_of_credit = false;
}

/* The flow whose frames the kernel drops has still many in the queues when this ends. */
static void review_filter(struct link_tx *t)
{
	if (t->filter.on && !flowq_is_still_crowded_by(t->queue, t->filter.flow))
		tx_filter_off(&t->filter);
}

/*
 * Frames that come now wait behind those that wait: a turn for each would be in vain. But a rest
 * costs a turn too, when it ends; so it is worth it only if more than one frame comes in its time.
 */
static bool may_rest(struct link_tx *t, int frames)
{
	uint64_t now_ns = tx_wait_now(t), since_ns = now_ns - t->looked_ns;

	t->looked_ns = now_ns;
	return t->empty && (t->crowded || (uint64_t)frames * TX_REST_NS > since_ns);
}

const char *link_tx_run(struct link_tx *t)
{
	int budget = TX_BATCH;
	enum tx_end end;
	uint32_t inflight;

	if (vchan_tx_poll(t->v) < 0)
		return bad_tx_index;
	tx_look(t);
	tx_wait_begin(t);
	t->again = t->crowded = false;
	for (unsigned round = 1;; round++) {
		end = tx_batch(t, &budget);
		if (end != TX_BLOCKED)
			break;
		inflight = vchan_tx_inflight(t->v);
		if (vchan_tx_arm(t->v) < 0)
			return bad_tx_index;
		if (vchan_tx_inflight(t->v) == inflight)
			break; /* an event comes when the backend consumes */
		if (round == TX_ROUNDS || budget <= 0) {
			t->again = true;
			break;
		}
	}
	t->blocked = end == TX_BLOCKED;
	t->out_of_credit = t->blocked && fits_ring(t);
	review_filter(t);
	t->rests = t->blocked && t->queue && may_rest(t, TX_BATCH - budget);
	return NULL;
}

const char *link_tx_refresh(struct link_tx *t)
{
	tx_limit_relax(&t->limit);
	tx_wait_set_limits(t);
	if (t->queue && flowq_empty(t->queue))
		flowq_trim(t->queue);
	return vchan_tx_poll(t->v) < 0 ? bad_tx_index : NULL;
}

void link_tx_credit(struct link_tx *t, uint64_t credit_bytes, uint64_t rate_bps)
{
	t->limit.credit_bytes = credit_bytes;
	t->rate_bps = rate_bps;
	tx_wait_set_limits(t);
}

uint64_t link_tx_waits(const struct link_tx *t)
{
	return tx_wait_bytes(t);
}

uint64_t link_tx_demand(const struct link_tx *t)
{
	return (t->v ? vchan_tx_inflight(t->v) : 0) + tx_wait_bytes(t);
}

bool link_tx_reads(const struct link_tx *t)
{
	return !t->tap_gone && !t->rests && (t->queue || !t->blocked);
}

/* --- up and down --- */

int link_tx_init(struct link_tx *t, int tap_fd, unsigned flows)
{
	int ret;

	*t = (struct link_tx){.tap_fd = tap_fd, .limit.credit_bytes = UINT64_MAX};
	tx_filter_init(&t->filter, tap_fd);
	ret = backlog_init(&t->backlog);
	return ret == 0 && flows > 0 ? tx_wait_init(t, flows) : ret;
}

void link_tx_free(struct link_tx *t)
{
	tx_filter_off(&t->filter);
	tx_wait_free(t);
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
	/* Until another credit is told: without any, all that waits would go into the ring. */
	t->limit = (struct tx_limit){.credit_bytes = t->limit.credit_bytes};
	memset(&t->n, 0, sizeof(t->n));
	tx_wait_resume(t);
	tx_wait_set_limits(t);
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
	tx_filter_off(&t->filter);
	keep_unconsumed(t);
	tx_wait_pause(t);
	t->v = NULL;
}
