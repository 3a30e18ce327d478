/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/dpath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/datapath/core.h"

/*
 * Theory of operation
 *
 *	vchan event -> tx_scan: what waits at the head of the ring? -> a lottery
 *	uplink readable -> rx_read_uplink -> RX queues -> the receive lottery
 *	dpath_run: reads the uplink; draws from the lotteries while the uplink, the pacing and the
 *	rings allow; publishes all moved ring indexes at the end, once for each LDP
 *
 * Every callback ends in dpath_run(). A turn has a budget of frames of each kind; what is left
 * comes in the next turn, after the events of others. Nothing polls: an LDP with nothing to send
 * has asked its vchan for an event, one whose ring is full has asked for one as well, the uplink is
 * watched for room only after it said EAGAIN, and the timer is set only while a bucket is empty.
 *
 * An LDP that broke the protocol, or whose guest closed its side, is `failed`: it takes no part
 * until the control thread, which is told, deletes it. The vchan belongs to the loop from MSG_ADD
 * to MSG_DELETED.
 */
#define PARK_NS (10 * NS_PER_MS)

void dpath_send(struct dpath *dp, enum msg_type type, struct ldp *l, const char *why)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		abort(); /* the other side would wait for ever */
	m->type = type;
	m->why = why;
	if (l) {
		m->slot = l->slot;
		m->vchan = l->vchan;
	}
	mbox_put(dp->out, &m->link);
}

void dpath_mark_dirty(struct dpath *dp, struct ldp *l)
{
	if (l->on_dirty)
		return;
	l->on_dirty = true;
	dp->dirty[dp->dirty_count++] = l;
}

void dpath_leave_lotteries(struct dpath *dp, struct ldp *l)
{
	sched_sleep(dp->tx, l->slot);
	sched_sleep(dp->local, l->slot);
	sched_sleep(dp->rx, l->slot);
}

void dpath_fail(struct dpath *dp, struct ldp *l, const char *why)
{
	if (l->failed)
		return;
	l->failed = true;
	dpath_leave_lotteries(dp, l);
	loop_io_enable(l->io, false);
	dpath_send(dp, MSG_FAILED, l, why);
}

void dpath_uplink_lost(struct dpath *dp, int err)
{
	if (dp->lost)
		return;
	dp->lost = true;
	log_error("uplink %s is gone (%s)", dp->up->ifname, strerror(err));
	loop_io_enable(dp->up_in, false);
	dpath_send(dp, MSG_QUIT, NULL, NULL);
}

bool dpath_lost_uplink(const struct dpath *dp)
{
	return dp->lost;
}

void dpath_report(const struct dpath *dp)
{
	dpath_capacity_report(dp);
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		if (dp->ldp[slot])
			ldp_report(dp->ldp[slot]);
	}
}

static void commit_all(struct dpath *dp)
{
	for (uint32_t i = 0; i < dp->dirty_count; i++) {
		struct ldp *l = dp->dirty[i];

		l->on_dirty = false;
		ldp_commit(l);
	}
	dp->dirty_count = 0;
}

/* --- turns and events --------------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When a lottery whose turn is over may draw again: while the link is busy no token helps. */
static uint64_t when(const struct sched *s, const struct pace *p)
{
	return pace_wait(p) ? pace_when_ns(p) : sched_next_ns(s);
}

static void set_pace_timer(struct dpath *dp)
{
	uint64_t next = when(dp->rx, &dp->rx_pace);

	if (!dp->tx_blocked)
		next = sooner(next, when(dp->tx, &dp->tx_pace));
	if (next == SCHED_NEVER)
		return;
	loop_timer_set(dp->pace, next > dp->now_ns ? next - dp->now_ns : 0);
}

void dpath_run(struct dpath *dp)
{
	bool more;

	dp->now_ns = loop_now_ns();
	dp->head_moved = false;
	more = rx_read_uplink(dp);
	more |= tx_run_local(dp);
	more |= tx_run(dp);
	more |= rx_run(dp);
	dpath_capacity_turn(dp);
	more |= dp->head_moved;
	commit_all(dp);
	if (more)
		loop_timer_set(dp->again, 0);
	else
		set_pace_timer(dp);
	realtime_turn(&dp->realtime, dp->now_ns);
}

static void on_again(void *arg)
{
	dpath_run(arg);
}

static void on_uplink_room(void *arg)
{
	struct dpath *dp = arg;

	dp->tx_blocked = false;
	loop_io_enable(dp->up_out, false);
	dpath_run(dp);
}

/* A guest that causes events without end gets them handled a hundred times a second. */
static void park_if_stormy(struct dpath *dp, struct ldp *l)
{
	bucket_fill(&l->events, dp->now_ns);
	if (--l->events.tokens_bytes > 0)
		return;
	loop_io_enable(l->io, false);
	if (!l->on_parked) {
		l->on_parked = true;
		dp->parked[dp->parked_count++] = l;
		loop_timer_set(dp->unpark, PARK_NS);
	}
}

void dpath_look(struct dpath *dp, struct ldp *l)
{
	if (!vchan_is_open(l->vchan)) {
		dpath_fail(dp, l, NULL);
		return;
	}
	tx_scan(dp, l);
	rx_unblock(dp, l);
}

void dpath_on_vchan(void *arg)
{
	struct ldp *l = arg;
	struct dpath *dp = l->dp;

	dp->now_ns = loop_now_ns();
	vchan_ack(l->vchan);
	if (l->failed || l->frozen)
		return;
	park_if_stormy(dp, l);
	dpath_look(dp, l);
	dpath_run(dp);
}

static void on_unpark(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = loop_now_ns();
	while (dp->parked_count > 0) {
		struct ldp *l = dp->parked[--dp->parked_count];

		l->on_parked = false;
		if (l->failed || l->frozen)
			continue;
		loop_io_enable(l->io, true);
		dpath_look(dp, l);
	}
	dpath_run(dp);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static uint64_t random_seed(void)
{
	uint64_t seed = 1;

	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = loop_now_ns();
	return seed;
}

static bool dpath_init(struct dpath *dp)
{
	dp->tx = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->rx = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->local = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->fdb = fdb_new(LDP_SLOTS);
	dp->frame = malloc(WIRE_FRAME_MAX);
	dp->flat = malloc(WIRE_FRAME_MAX);
	dp->segment = malloc(WIRE_FRAME_MAX);
	dp->in_io = loop_io_new(dp->loop, mbox_fd(dp->in), LOOP_READ, dpath_on_orders, dp);
	dp->up_in = loop_io_new(dp->loop, dp->up->fd, LOOP_READ, on_again, dp);
	dp->up_out = loop_io_new(dp->loop, dp->up->fd, LOOP_WRITE, on_uplink_room, dp);
	dp->again = loop_timer_new(dp->loop, on_again, dp);
	dp->pace = loop_timer_new(dp->loop, on_again, dp);
	dp->unpark = loop_timer_new(dp->loop, on_unpark, dp);
	dp->estimate_due = dpath_capacity_timer(dp);
	return dp->tx && dp->rx && dp->local && dp->fdb && dp->frame && dp->flat && dp->segment &&
	       dp->in_io && dp->up_in && dp->up_out && dp->again && dp->pace && dp->unpark &&
	       dp->estimate_due && dpath_epoch_init(dp) && dpath_announce_init(dp);
}

struct dpath *dpath_new(struct loop *loop, struct uplink *uplink, struct mbox *in, struct mbox *out,
			const struct dpath_conf *conf)
{
	struct dpath *dp = calloc(1, sizeof(*dp));

	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->up = uplink;
	dp->in = in;
	dp->out = out;
	dp->epoch.conf = *conf;
	if (!dpath_init(dp)) {
		dpath_free(dp);
		return NULL;
	}
	loop_io_enable(dp->up_out, false);
	dp->now_ns = loop_now_ns();
	capacity_init(&dp->capacity, 0, dp->now_ns);
	pace_init(&dp->tx_pace, dp->now_ns);
	pace_init(&dp->rx_pace, dp->now_ns);
	dpath_capacity_configure(dp);
	return dp;
}

void dpath_realtime(struct dpath *dp)
{
	int ret = realtime_start(&dp->realtime, loop_now_ns());

	if (ret < 0)
		log_warning("no real-time priority: other programs can delay frames: %s",
			    strerror(-ret));
}

void dpath_free(struct dpath *dp)
{
	if (!dp)
		return;
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		if (dp->ldp[slot])
			dpath_free_ldp(dp, dp->ldp[slot]);
	}
	dpath_announce_fini(dp);
	dpath_epoch_fini(dp);
	loop_timer_free(dp->estimate_due);
	loop_timer_free(dp->unpark);
	loop_timer_free(dp->pace);
	loop_timer_free(dp->again);
	loop_io_free(dp->up_out);
	loop_io_free(dp->up_in);
	loop_io_free(dp->in_io);
	free(dp->segment);
	free(dp->flat);
	free(dp->frame);
	fdb_free(dp->fdb);
	sched_free(dp->local);
	sched_free(dp->rx);
	sched_free(dp->tx);
	free(dp);
}
