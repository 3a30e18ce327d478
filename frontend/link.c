/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frontend/link.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/realtime.h"
#include "common/tap.h"
#include "common/units.h"
#include "frontend/link_rx.h"
#include "frontend/link_tx.h"

/*
 * Theory of operation
 *
 * link_tx.c and link_rx.c move frames; this file decides when. It has all callbacks of the loop,
 * tells the outside what happened, and is the only one that fails the link: the other two return
 * why. After a failure the rings are left alone until link_down().
 *
 * A batch moves a ring's index once, or a few times while frames wait: each costs an event at most.
 *
 * The backlog outlives connections: link_down() puts in front of it what the backend had not
 * consumed, as far as this side's own indexes say. A frame may therefore be sent twice, never lost.
 */
#define REFRESH_NS 1000000000ull

/*
 * A backend or an agent that is restarted is back in a fraction of a second. The interface keeps
 * its carrier for that time: without one, the guest's kernel would forget its neighbours and drop
 * what is sent, and ask for the neighbours again only a second later. Meanwhile frames wait in the
 * TAP.
 */
#define CARRIER_HOLD_NS 2000000000ull

/*
 * The frame thread is a real-time one while it needs less of a processor than that, as for a light
 * guest's frames. With more to do it finds more at once if it waits for a processor, and takes none
 * from the programs that send. Whether it has is looked at in each LOOKS-th turn.
 */
#define REALTIME_PART 16u
#define LOOKS	      16u

struct link {
	struct loop *loop;
	int tap_fd;
	struct link_events events;
	struct link_shared *shared;
	struct loop_io *tap_io, *vchan_io;
	struct loop_timer *more;    /* a budget was used up with messages left */
	struct loop_timer *rest;    /* the TAP is read again */
	struct loop_timer *refresh; /* runs once a second while there is demand */
	struct loop_timer *hold;    /* the carrier goes */

	struct vchan *v; /* NULL: down */
	bool failed;
	bool carrier; /* the uplink carries frames */
	bool shown;   /* the interface has a carrier */
	bool holding; /* but not for long */
	bool refreshing;
	struct realtime realtime;
	unsigned turns;
	uint64_t rate_bps; /* as the backend told it last, over all connections */
	struct link_rx rx;
	struct link_tx tx;
};

static void show_carrier(struct link *k, bool on)
{
	k->shown = on;
	k->holding = false;
	loop_timer_cancel(k->hold);
	tap_set_carrier(k->tap_fd, on);
}

static void on_hold(void *arg)
{
	show_carrier(arg, false);
}

/* The connection ends. */
static void lose_carrier(struct link *k)
{
	if (!k->shown || k->holding)
		return;
	k->holding = true;
	loop_timer_set(k->hold, CARRIER_HOLD_NS);
}

static void fail(struct link *k, const char *why)
{
	if (k->failed)
		return;
	k->failed = true;
	loop_io_enable(k->tap_io, false);
	loop_io_enable(k->vchan_io, false);
	loop_timer_cancel(k->more);
	loop_timer_cancel(k->rest);
	lose_carrier(k);
	k->events.failed(k->events.arg, why);
}

/* --- TX --- */

static void tell_demand(struct link *k)
{
	uint64_t bytes = link_tx_demand(&k->tx);

	atomic_store_explicit(&k->shared->demand_bytes, bytes, memory_order_relaxed);
	if (bytes > 0 && !k->refreshing) {
		k->refreshing = true;
		loop_timer_set(k->refresh, REFRESH_NS);
	}
}

static void tx_turn(struct link *k)
{
	const char *why = link_tx_run(&k->tx);

	if (why) {
		fail(k, why);
		return;
	}
	if (k->tx.again)
		loop_timer_set(k->more, 0);
	if (k->tx.rests)
		loop_timer_set(k->rest, TX_REST_NS);
	loop_io_enable(k->tap_io, link_tx_reads(&k->tx));
	tell_demand(k);
	if (k->tx.tap_gone)
		k->events.tap_gone(k->events.arg);
}

static void end_turn(struct link *k)
{
	if (++k->turns % LOOKS == 0)
		realtime_turn(&k->realtime, loop_now_ns());
}

static void on_tap(void *arg)
{
	tx_turn(arg);
	end_turn(arg);
}

static void on_refresh(void *arg)
{
	struct link *k = arg;
	const char *why;

	k->refreshing = false;
	if (!k->v || k->failed)
		return;
	why = link_tx_refresh(&k->tx);
	if (why)
		fail(k, why);
	else
		tell_demand(k);
}

/* --- RX, then TX --- */

static void take_credit(struct link *k)
{
	const struct wire_credit *credit = &k->rx.credit;

	link_tx_credit(&k->tx, credit->credit_bytes, credit->rate_bps);
	atomic_store_explicit(&k->shared->log_offset, credit->log_offset, memory_order_relaxed);
	if (credit->rate_bps != k->rate_bps) {
		k->rate_bps = credit->rate_bps;
		k->events.rate(k->events.arg, k->rate_bps);
	}
}

static void rx_turn(struct link *k)
{
	bool more;
	const char *why = link_rx_run(&k->rx, &more);

	if (k->rx.told)
		take_credit(k);
	if (why)
		fail(k, why);
	else if (more)
		loop_timer_set(k->more, 0);
}

static void both_turns(struct link *k)
{
	bool open = vchan_is_open(k->v); /* first: what lies in the ring is still good */

	rx_turn(k);
	if (!k->failed && !open)
		fail(k, "the backend closed the connection");
	if (!k->failed && k->tx.blocked)
		tx_turn(k);
	end_turn(k);
}

static void on_vchan(void *arg)
{
	struct link *k = arg;

	vchan_ack(k->v);
	both_turns(k);
}

static void on_more(void *arg)
{
	both_turns(arg);
}

/* --- up and down --- */

struct link *link_new(struct loop *loop, int tap_fd, const struct link_events *events,
		      struct link_shared *shared, unsigned flows, bool kept)
{
	struct link *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->loop = loop;
	k->tap_fd = tap_fd;
	k->events = *events;
	k->shared = shared;
	k->carrier = true;
	k->tap_io = loop_io_new(loop, tap_fd, LOOP_READ, on_tap, k);
	k->more = loop_timer_new(loop, on_more, k);
	k->rest = loop_timer_new_precise(loop, on_tap, k);
	k->refresh = loop_timer_new(loop, on_refresh, k);
	k->hold = loop_timer_new(loop, on_hold, k);
	link_rx_init(&k->rx, tap_fd);
	if (link_tx_init(&k->tx, tap_fd, flows) < 0 || !k->tap_io || !k->more || !k->refresh ||
	    !k->hold || !k->rest) {
		link_free(k);
		return NULL;
	}
	loop_io_enable(k->tap_io, false);
	k->shown = kept;
	if (kept)
		lose_carrier(k);
	else
		show_carrier(k, false);
	return k;
}

void link_realtime(struct link *k)
{
	int ret = realtime_start(&k->realtime, REALTIME_PART, loop_now_ns());

	if (ret < 0)
		log_info("no real-time priority: other programs can delay frames: %s",
			 strerror(-ret));
}

void link_free(struct link *k)
{
	if (!k)
		return;
	loop_io_free(k->vchan_io);
	loop_io_free(k->tap_io);
	loop_timer_free(k->more);
	loop_timer_free(k->rest);
	loop_timer_free(k->refresh);
	loop_timer_free(k->hold);
	link_tx_free(&k->tx);
	free(k);
}

void link_set_carrier(struct link *k, bool on)
{
	k->carrier = on;
	if (!on || (k->v && !k->failed))
		show_carrier(k, on);
}

int link_up(struct link *k, struct vchan *v, uint32_t offloads, bool sparse)
{
	k->vchan_io = loop_io_new(k->loop, vchan_fd(v), LOOP_READ, on_vchan, k);
	if (!k->vchan_io)
		return -ENOMEM;
	k->v = v;
	k->failed = false;
	link_rx_up(&k->rx, v);
	link_tx_up(&k->tx, v, tap_set_offloads(k->tap_fd, offloads), sparse);
	show_carrier(k, k->carrier);
	both_turns(k);
	return 0;
}

static void log_counters(const struct link *k, enum log_level level, const char *what)
{
	log_at(level,
	       "%s: tx %" PRIu64 " frames %" PRIu64 " bytes, %" PRIu64 " dropped; rx %" PRIu64
	       " frames %" PRIu64 " bytes, %" PRIu64 " dropped; waiting to be sent: %" PRIu64
	       " bytes",
	       what, k->tx.n.frames, k->tx.n.bytes, k->tx.n.dropped, k->rx.n.frames, k->rx.n.bytes,
	       k->rx.n.dropped, link_tx_waits(&k->tx));
}

void link_down(struct link *k, bool resumed)
{
	if (!k->v)
		return;
	loop_io_enable(k->tap_io, false);
	loop_io_free(k->vchan_io);
	k->vchan_io = NULL;
	loop_timer_cancel(k->more);
	loop_timer_cancel(k->rest);
	lose_carrier(k);
	link_tx_down(&k->tx, resumed);
	link_rx_down(&k->rx);
	k->v = NULL;
	log_counters(k, LOG_INFO, "link down");
}

static void report_tx(const struct link *k)
{
	const struct tx_limit *limit = &k->tx.limit;
	char rate[UNITS_TEXT_MAX], credit[48] = "not told";

	if (limit->credit_bytes != UINT64_MAX)
		snprintf(credit, sizeof(credit), "%" PRIu64 " bytes", limit->credit_bytes);
	units_format_rate(rate, sizeof(rate), k->rate_bps);
	log_notice("report: TX ring of %" PRIu32 " bytes, %" PRIu32 " in flight%s; credit %s and "
		   "%" PRIu64 " bytes of slack; rate %s; log offset %" PRIu64,
		   vchan_ring_bytes(k->v), vchan_tx_inflight(k->v),
		   k->tx.blocked ? ", no room" : "", credit, limit->slack_bytes,
		   k->rate_bps ? rate : "unlimited",
		   atomic_load_explicit(&k->shared->log_offset, memory_order_relaxed));
}

void link_report(const struct link *k)
{
	log_counters(k, LOG_NOTICE,
		     !k->v	 ? "report: link down"
		     : k->failed ? "report: link failed"
				 : "report: link up");
	if (k->v)
		report_tx(k);
}
