/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "common/log.h"
#include "common/tap.h"
#include "frontend/link_impl.h"

/*
 * Theory of operation
 *
 * link_tx.c and link_rx.c move frames; here is what surrounds them: a connection's beginning, its
 * end, and the order in which things run when an event comes.
 *
 * Each batch moves a ring's index once and so costs at most one event. Errors of the connection
 * are reported once; from then on the rings are left alone until link_down().
 *
 * The backlog outlives connections: link_down() puts in front of it what the backend had not
 * consumed, as far as this side's own indexes say. A frame may therefore be sent twice, never lost.
 */

void link_fail(struct link *k, const char *why)
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

static void both_run(struct link *k)
{
	bool open = vchan_is_open(k->v); /* first: what lies in the ring is still good */

	link_rx_run(k);
	if (!k->failed && !open)
		link_fail(k, "the backend closed the connection");
	if (!k->failed && k->blocked)
		link_tx_run(k);
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

/* --- up and down --- */

struct link *link_new(struct loop *loop, int tap_fd, const struct link_events *events,
		      struct link_shared *shared)
{
	struct link *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	*k = (struct link){.loop = loop, .tap_fd = tap_fd, .events = *events, .shared = shared};
	k->tap_io = loop_io_new(loop, tap_fd, LOOP_READ, link_on_tap, k);
	k->more = loop_timer_new(loop, on_more, k);
	k->refresh = loop_timer_new(loop, link_on_refresh, k);
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
	k->out_of_credit = false;
	k->limit = (struct tx_limit){.credit_bytes = UINT64_MAX};
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
