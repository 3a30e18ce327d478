/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/dpath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "backend/datapath/audit.h"
#include "backend/datapath/bridge_groups.h"
#include "backend/datapath/core.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/ldp_vif.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/measure.h"
#include "backend/datapath/members.h"
#include "backend/datapath/moves.h"
#include "backend/datapath/outlook.h"
#include "backend/datapath/ports.h"
#include "backend/datapath/promise.h"
#include "backend/datapath/publish.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/rx_uplink.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/datapath/tx_room.h"
#include "backend/msg/msg.h"
#include "backend/sched/sched_pair.h"
#include "backend/sched/sched_rule.h"

/*
 * Theory of operation
 *
 *	vchan event -> tx_scan() looks at the head of the TX ring -> the LDP enters a lottery
 *	tap readable -> ldp_vif_read() -> its queue -> tx_scan(), likewise
 *	uplink readable -> rx_uplink_read() -> RX queues -> the LDP enters the receive lottery
 *	run() reads the uplink if it has a frame, and then draws from the lotteries while uplink,
 *	pacing and rings allow. What came is delivered first, and guests are told of it. At the
 *	turn's end all other ring indexes that moved are published, once for each LDP.
 *
 * The callbacks that end in a turn are in this file. Each sets the turn's time, calls the part that
 * it belongs to, and ends in run(). The parts call each other only downwards:
 *
 *	dpath -> members -> tx -> rx -> epoch -> link_rate -> core -> ldp
 *	dpath -> rx_uplink -> rx
 *	                    tx -> tx_room -> ports   rx -> flood -> core
 *	                    tx -> tx_head -> screen -> moves
 *	                                    rx -> moves
 *	         members -> bridge_groups -> flood
 *	         members -> publish -> credit -> outlook -> link_rate
 *	                   measure -> credit
 *	                   measure -> promise -> audit
 *	         members -> measure -> sums
 *	                              promise -> limits -> epoch
 *	         members -> audit, capture
 *	                         tx, rx, ldp -> capture
 *	                               rx -> credit
 *
 * The lotteries of frames for the uplink and of frames between guests have the same ceilings. Where
 * one is reached, each turn has room for about one frame. The lottery that runs first sends it, so
 * they take turns.
 *
 * A turn has a budget of frames of each kind. What is left waits for the next turn, after the other
 * events. Nothing polls. An LDP with nothing to send has asked its vchan for an event, and so has
 * one whose RX ring is full. The uplink is watched for room only after it said EAGAIN. The timer is
 * set only while a bucket is empty.
 *
 * An LDP that broke the protocol, or whose guest closed its side, is `failed`. The control thread
 * is told, and until it deletes the LDP, the LDP takes no part. The vchan, or the tap of an LDP
 * that stands for a vif, belongs to the loop from
 * MSG_ADD to MSG_DELETED or MSG_REFUSED.
 */
#define PARK_NS	      (10 * NS_PER_MS)
#define BURST_TARGETS 10u
#define REALTIME_PART 2u

/* --- a turn ----------------------------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When a lottery may draw again: when the link is free, or else when a bucket has a token. */
static uint64_t when_ns(const struct sched *s, const struct pace *p)
{
	return pace_wait(p) ? pace_when_ns(p) : sched_next_ns(s);
}

static void set_pace_timer(struct dpath *dp)
{
	uint64_t next = when_ns(dp->rx_sched, &dp->rx.pace), now;

	next = sooner(next, sched_next_ns(dp->local_sched));
	next = sooner(next, sched_next_ns(dp->rx_local_sched));
	if (!dp->tx.blocked)
		next = sooner(next, when_ns(dp->tx_sched, &dp->tx.pace));
	if (next == SCHED_NEVER || next == dp->turn.pace_ns)
		return;
	dp->turn.pace_ns = next;
	now = dp->clock(); /* the turn took its time */
	loop_timer_set(dp->turn.pace, next > now ? next - now : 0);
}

/*
 * What came goes into the rings before more is sent: a guest can work meanwhile. The loop says
 * whether the uplink has a frame, and a turn that only sends need not look. But while other events
 * wait for their turns, it says so late.
 */
static bool receive(struct dpath *dp)
{
	bool ready = dp->turn.up_ready || loop_is_busy(dp->loop), more;

	dp->turn.up_ready = false;
	if (!ready)
		return false;
	more = rx_uplink_read(dp);
	more |= rx_run_both(dp);
	core_commit(dp);
	return more;
}

/* What is sent is often answered at once, as by TCP on this machine: read that in the same turn. */
static bool read_answers(struct dpath *dp)
{
	bool sent = dp->turn.sent_bytes != dp->tx.sent_bytes;

	dp->turn.sent_bytes = dp->tx.sent_bytes;
	return sent && rx_uplink_read(dp);
}

static void end_epoch(struct dpath *dp)
{
	epoch_end(dp);
	publish_credits(dp);
}

static void run(struct dpath *dp)
{
	bool more;

	if (epoch_is_due(dp))
		end_epoch(dp);
	more = receive(dp);
	more |= tx_run_both(dp);
	more |= read_answers(dp);
	more |= rx_run_both(dp);
	if (link_rate_turn(dp))
		publish_credits(dp);
	more |= tx_take_moved(dp);
	core_commit(dp);
	measure_soon(dp);
	if (dp->lost)
		loop_io_enable(dp->turn.up_in, false);
	if (more)
		loop_timer_set(dp->turn.again, 0);
	else
		set_pace_timer(dp);
	realtime_turn(&dp->turn.realtime, dp->now_ns);
}

/* --- events ----------------------------------------------------------------------------------- */

static void on_again(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	run(dp);
}

static void on_pace(void *arg)
{
	struct dpath *dp = arg;

	dp->turn.pace_ns = SCHED_NEVER;
	on_again(dp);
}

static void on_uplink(void *arg)
{
	struct dpath *dp = arg;

	dp->turn.up_ready = true;
	on_again(dp);
}

static void on_uplink_room(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	tx_unblock(dp);
	run(dp);
}

/* Events of a guest that causes them without end are handled a hundred times a second. */
static void park_if_stormy(struct dpath *dp, struct ldp *l)
{
	bucket_fill(&l->events, dp->now_ns);
	if (--l->events.tokens_bytes > 0)
		return;
	loop_io_enable(l->io, false);
	if (!l->on_parked) {
		l->on_parked = true;
		ldp_list_add(&dp->turn.parked, l);
		loop_timer_set(dp->turn.unpark, PARK_NS);
	}
}

static void on_vchan(void *arg)
{
	struct ldp *l = arg;
	struct dpath *dp = l->dp;

	dp->now_ns = dp->clock();
	vchan_ack(l->vchan);
	if (!ldp_is_active(l))
		return;
	park_if_stormy(dp, l);
	members_look(dp, l);
	run(dp);
}

/* The tap of an LDP can be read. What the kernel has beyond the budget waits for the next turn. */
static void on_tap(void *arg)
{
	struct ldp *l = arg;
	struct dpath *dp = l->dp;

	dp->now_ns = dp->clock();
	if (ldp_vif_read(l, dp->rx.frame, dp->now_ns))
		rx_unblock(dp, l);
	tx_scan(dp, l);
	run(dp);
}

static void on_tap_room(void *arg)
{
	struct ldp *l = arg;
	struct dpath *dp = l->dp;

	dp->now_ns = dp->clock();
	ldp_vif_has_room(l);
	rx_unblock(dp, l);
	run(dp);
}

static void on_unpark(void *arg)
{
	struct dpath *dp = arg;
	struct ldp_list *parked = &dp->turn.parked;

	dp->now_ns = dp->clock();
	while (parked->count > 0) {
		struct ldp *l = parked->at[--parked->count];

		l->on_parked = false;
		if (!ldp_is_active(l))
			continue;
		loop_io_enable(l->io, true);
		members_look(dp, l);
	}
	run(dp);
}

/* The device was made again. Of the old one's queues nothing stays, nor of what waited there. */
static void take_uplink(struct dpath *dp, const struct uplink *with)
{
	loop_io_free(dp->turn.up_in);
	ports_forget(dp);
	uplink_replace(dp->up, with);
	dp->turn.up_in = loop_io_new(dp->loop, dp->up->fd, LOOP_READ, on_uplink, dp);
	dp->lost = false;
	ports_renew(dp);
	if (!dp->turn.up_in || !tx_renew_room(dp))
		core_uplink_lost(dp, ENOMEM);
	else
		tx_unblock(dp);
}

static void on_orders(void *arg)
{
	struct dpath *dp = arg;
	struct mbox_msg *link;

	dp->now_ns = dp->clock();
	mbox_ack(dp->turn.in);
	while ((link = mbox_get(dp->turn.in))) {
		const struct msg *m = (struct msg *)link;

		if (m->type == MSG_UPLINK)
			take_uplink(dp, &m->uplink);
		else
			members_obey(dp, (struct msg *)link);
		free(link);
	}
	run(dp);
}

static void on_epoch(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	end_epoch(dp);
	run(dp);
}

/* Between epochs too: while nothing moves there are no epochs. */
static void on_publish(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	publish_due(dp);
	run(dp);
}

static void on_measure(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	measure_due(dp);
}

static void on_flood_due(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	rx_flood_due(dp);
	run(dp);
}

static void on_stuck(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	tx_tell_stuck(dp);
}

static void on_table(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	ports_read_table(dp);
}

static void on_groups(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	bridge_groups_read(dp);
}

static void on_moves_quiet(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	moves_quiet(dp);
}

static void on_estimate(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = dp->clock();
	link_rate_estimate(dp);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static uint64_t seed_of(const struct dpath_conf *conf)
{
	uint64_t seed = conf->seed;

	if (!seed && getrandom(&seed, sizeof(seed), 0) < 0)
		seed = loop_now_ns();
	return seed;
}

/*
 * No frame takes the link for longer than the target. Behind it may wait ten times as much: a
 * smaller buffer would be empty whenever this thread is not woken at once.
 */
static void init_latency(struct dpath *dp, uint64_t latency_ns)
{
	dp->burst_ns = latency_ns * BURST_TARGETS;
	sched_set_frame_time(dp->tx_sched, latency_ns);
	sched_set_frame_time(dp->rx_sched, latency_ns);
}

static bool init_turn(struct dpath *dp, struct mbox *in)
{
	struct dpath_turn *t = &dp->turn;

	t->in = in;
	t->in_io = loop_io_new(dp->loop, mbox_fd(in), LOOP_READ, on_orders, dp);
	t->up_in = loop_io_new(dp->loop, dp->up->fd, LOOP_READ, on_uplink, dp);
	t->again = loop_timer_new(dp->loop, on_again, dp);
	t->pace = loop_timer_new_precise(dp->loop, on_pace, dp);
	t->pace_ns = SCHED_NEVER;
	t->unpark = loop_timer_new(dp->loop, on_unpark, dp);
	return t->in_io && t->up_in && t->again && t->pace && t->unpark;
}

static bool init(struct dpath *dp, struct mbox *in, const struct dpath_conf *conf)
{
	dp->tx_sched = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, seed_of(conf));
	dp->rx_sched = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, seed_of(conf));
	dp->local_sched = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, seed_of(conf));
	dp->rx_local_sched = sched_new(LDP_SLOTS, FRAME_WIRE_FULL, seed_of(conf));
	dp->fdb = fdb_new(LDP_SLOTS, seed_of(conf));
	dp->rx.flow_seed = seed_of(conf);
	if (!dp->tx_sched || !dp->rx_sched || !dp->local_sched || !dp->rx_local_sched || !dp->fdb)
		return false;
	init_latency(dp, conf->latency_ns ? conf->latency_ns : SCHED_FRAME_NS);
	sched_pair(dp->tx_sched, dp->local_sched);
	sched_pair(dp->rx_sched, dp->rx_local_sched);
	dp->locals = linklocal_new(LDP_SLOTS, fdb_owners(dp->fdb));
	if (!dp->locals)
		return false;
	members_init(dp, &(struct members_events){on_vchan, on_tap, on_tap_room});
	bridge_groups_init(dp, on_groups);
	return init_turn(dp, in) && ports_init(dp, on_table) &&
	       flood_init(dp, seed_of(conf), on_flood_due) &&
	       tx_init(dp, on_uplink_room, on_stuck) && rx_init(dp) &&
	       moves_init(dp, on_moves_quiet) && link_rate_init(dp, on_estimate) &&
	       epoch_init(dp, conf, on_epoch) && outlook_init(dp) && publish_init(dp, on_publish) &&
	       promise_init(dp) && measure_init(dp, conf, on_measure);
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

struct dpath *dpath_new(struct loop *loop, struct uplink *uplink, struct mbox *in, struct mbox *out,
			const struct dpath_conf *conf)
{
	struct dpath *dp = calloc(1, sizeof(*dp));

	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->up = uplink;
	dp->out = out;
	dp->clock = conf->clock ? conf->clock : loop_now_ns;
	dp->wall = conf->wall ? conf->wall : wall_ns;
	dp->now_ns = dp->clock();
	if (!init(dp, in, conf)) {
		dpath_free(dp);
		return NULL;
	}
	audit_init(dp, conf);
	link_rate_configure(dp);
	publish_credits(dp);
	return dp;
}

void dpath_realtime(struct dpath *dp)
{
	int ret = realtime_start(&dp->turn.realtime, REALTIME_PART, loop_now_ns());

	if (ret < 0)
		log_warning("no real-time priority: other programs can delay frames: %s",
			    strerror(-ret));
}

static void free_turn(struct dpath_turn *t)
{
	loop_timer_free(t->unpark);
	loop_timer_free(t->pace);
	loop_timer_free(t->again);
	loop_io_free(t->up_in);
	loop_io_free(t->in_io);
}

void dpath_free(struct dpath *dp)
{
	if (!dp)
		return;
	members_fini(dp);
	measure_fini(dp);
	promise_fini(dp);
	audit_fini(dp);
	publish_fini(dp);
	outlook_fini(dp);
	epoch_fini(dp);
	link_rate_fini(dp);
	moves_fini(dp);
	rx_fini(dp);
	bridge_groups_fini(dp);
	flood_fini(dp);
	tx_fini(dp);
	ports_fini(dp);
	free_turn(&dp->turn);
	linklocal_free(dp->locals);
	fdb_free(dp->fdb);
	sched_free(dp->rx_local_sched);
	sched_free(dp->local_sched);
	sched_free(dp->rx_sched);
	sched_free(dp->tx_sched);
	free(dp);
}

/* --- what others ask -------------------------------------------------------------------------- */

void dpath_report(const struct dpath *dp)
{
	const struct ldp *l;

	link_rate_report(dp);
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		ldp_report(l, groups_count(dp->flood.groups, l->slot));
}

const char *dpath_log_path(const struct dpath *dp)
{
	return dp->epoch.path[LDP_TX];
}

const char *dpath_log_error(const struct dpath *dp)
{
	return dp->epoch.error;
}
