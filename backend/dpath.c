/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/dpath.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/dpath_priv.h"

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
#define CREDIT_TIME_MS	100u
#define CREDIT_MIN	65536u
#define EVENTS_PER_SEC	20000u /* of one LDP before it is parked for a while */
#define EVENTS_BURST	2000u
#define PARK_NS		(10 * NS_PER_MS)
#define FLOOD_BURST_MIN 16u

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

static void leave_lotteries(struct dpath *dp, struct ldp *l)
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
	leave_lotteries(dp, l);
	loop_io_enable(l->io, false);
	dpath_send(dp, MSG_FAILED, l, why);
}

/* Somebody deleted the interface. Nothing can be sent any more: end, and be started again. */
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

static void report(const struct ldp *l)
{
	char drops[512] = "";
	size_t n = 0;

	for (unsigned i = 1; i < LDP_DROPS && n < sizeof(drops) - 32; i++) {
		if (l->count.drops[i])
			n += (size_t)snprintf(drops + n, sizeof(drops) - n, " %s=%" PRIu64,
					      ldp_drop_name(i), l->count.drops[i]);
	}
	log_notice("%s: tx frames=%" PRIu64 " bytes=%" PRIu64 " rx frames=%" PRIu64
		   " bytes=%" PRIu64 " dropped%s",
		   l->name, l->count.tx_frames, l->count.tx_bytes, l->count.rx_frames,
		   l->count.rx_bytes, n ? drops : "=0");
}

void dpath_report(const struct dpath *dp)
{
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		if (dp->ldp[slot])
			report(dp->ldp[slot]);
	}
}

/* A full bucket of `per_second` tokens a second. */
static void bucket_of_tokens(struct bucket *b, uint32_t per_second, uint32_t depth, uint64_t now_ns)
{
	bucket_init(b, (uint64_t)per_second * 8, depth, now_ns);
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

/* --- credit ----------------------------------------------------------------------------------- */

/*
 * What an LDP may keep in its TX ring: 100 ms at its share of the configured capacity, so that a
 * frame does not wait there longer than it must, and at least enough to bridge a pause of the
 * guest. Without a capacity the ring is the limit.
 */
static struct wire_credit credit_of(const struct dpath *dp, const struct ldp *l, uint64_t weights)
{
	uint64_t ring = vchan_ring_bytes(l->vchan);
	uint64_t rate = dp->link.tx_capacity_bps / weights * l->conf.tx.weight;
	struct wire_credit c = {.credit_bytes = ring, .rate_bps = rate};

	if (l->conf.tx.max_bps && (rate == 0 || l->conf.tx.max_bps < rate))
		c.rate_bps = l->conf.tx.max_bps;
	if (c.rate_bps)
		c.credit_bytes = c.rate_bps / 8 * CREDIT_TIME_MS / 1000;
	if (c.credit_bytes < CREDIT_MIN)
		c.credit_bytes = CREDIT_MIN;
	if (c.credit_bytes > ring)
		c.credit_bytes = ring;
	return c;
}

/* After attach, detach and changed settings: tells those whose credit changed. */
static void update_credits(struct dpath *dp)
{
	uint64_t weights = 0;

	for (uint32_t slot = 0; slot < dp->slots_end; slot++)
		weights += dp->ldp[slot] ? dp->ldp[slot]->conf.tx.weight : 0;
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];
		struct wire_credit c;

		if (!l || l->failed || l->frozen)
			continue;
		c = credit_of(dp, l, weights);
		if (c.credit_bytes == l->credit_bytes)
			continue;
		/* No room: the guest has plenty to read; the event for it brings us back here. */
		l->credit_due = !ldp_send_credit(l, &c);
		if (!l->credit_due)
			l->credit_bytes = c.credit_bytes;
		dpath_mark_dirty(dp, l);
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void set_pace_timer(struct dpath *dp)
{
	uint64_t next = sooner(sched_next_ns(dp->tx), sched_next_ns(dp->rx));

	if (!dp->tx_blocked)
		next = sooner(next, pace_when_ns(&dp->tx_pace));
	next = sooner(next, pace_when_ns(&dp->rx_pace));
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
	more |= dp->head_moved;
	commit_all(dp);
	if (more)
		loop_timer_set(dp->again, 0);
	else
		set_pace_timer(dp);
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
static bool park_if_stormy(struct dpath *dp, struct ldp *l)
{
	bucket_fill(&l->events, dp->now_ns);
	if (--l->events.tokens_bytes > 0)
		return false;
	loop_io_enable(l->io, false);
	if (!l->on_parked) {
		l->on_parked = true;
		dp->parked[dp->parked_count++] = l;
		loop_timer_set(dp->unpark, PARK_NS);
	}
	return true;
}

static void look(struct dpath *dp, struct ldp *l)
{
	if (!vchan_is_open(l->vchan)) {
		dpath_fail(dp, l, NULL);
		return;
	}
	tx_scan(dp, l);
	rx_unblock(dp, l);
	if (l->credit_due)
		update_credits(dp);
}

static void on_vchan(void *arg)
{
	struct ldp *l = arg;
	struct dpath *dp = l->dp;

	dp->now_ns = loop_now_ns();
	vchan_ack(l->vchan);
	if (l->failed || l->frozen)
		return;
	park_if_stormy(dp, l);
	look(dp, l);
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
		look(dp, l);
	}
	dpath_run(dp);
}

static void on_announce(void *arg)
{
	struct ldp *l = arg;

	if (!l->failed && !l->frozen)
		tx_announce(l->dp, l);
}

/* --- orders of the control thread ------------------------------------------------------------- */

static void apply_conf(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	uint32_t depth = conf->flood_rate / 10;

	l->conf = *conf;
	bucket_of_tokens(&l->flood, conf->flood_rate,
			 depth < FLOOD_BURST_MIN ? FLOOD_BURST_MIN : depth, dp->now_ns);
	if (conf->spoof_check)
		fdb_forget(dp->fdb, l->slot, NULL);
}

static void ldp_free(struct dpath *dp, struct ldp *l)
{
	sched_remove(dp->tx, l->slot);
	sched_remove(dp->rx, l->slot);
	sched_remove(dp->local, l->slot);
	fdb_forget(dp->fdb, l->slot, l->conf.mac);
	loop_io_free(l->io);
	loop_timer_free(l->announce);
	rxq_free(l->rxq);
	free(l);
}

static const char *enter_schedulers(struct dpath *dp, struct ldp *l)
{
	struct sched_rule local = {.weight = l->conf.tx.weight};

	if (sched_add(dp->tx, l->slot, &l->conf.tx) < 0 ||
	    sched_add(dp->rx, l->slot, &l->conf.rx) < 0 ||
	    sched_add(dp->local, l->slot, &local) < 0)
		return "the scheduler refused its weight and limits";
	return NULL;
}

static const char *ldp_start(struct dpath *dp, struct ldp *l)
{
	int ret = fdb_add(dp->fdb, l->conf.mac, l->slot);

	if (ret == -EEXIST)
		return "another device on this uplink has the same mac";
	l->rxq = rxq_new(RXQ_LIMIT_MIN);
	l->announce = loop_timer_new(dp->loop, on_announce, l);
	l->io = loop_io_new(dp->loop, vchan_fd(l->vchan), LOOP_READ, on_vchan, l);
	if (ret < 0 || !l->rxq || !l->announce || !l->io)
		return "out of memory";
	return enter_schedulers(dp, l);
}

static void add(struct dpath *dp, struct msg *m)
{
	struct ldp *l = calloc(1, sizeof(*l));
	const char *why = "out of memory";

	if (l) {
		l->dp = dp;
		l->slot = m->slot;
		l->vchan = m->vchan;
		memcpy(l->name, m->name, sizeof(l->name));
		apply_conf(dp, l, &m->conf);
		bucket_of_tokens(&l->events, EVENTS_PER_SEC, EVENTS_BURST, dp->now_ns);
		why = ldp_start(dp, l);
	}
	if (why) {
		struct ldp refused = {.slot = m->slot, .vchan = m->vchan};

		if (l)
			ldp_free(dp, l);
		dpath_send(dp, MSG_REFUSED, &refused, why);
		return;
	}
	dp->ldp[l->slot] = l;
	if (l->slot >= dp->slots_end)
		dp->slots_end = l->slot + 1;
	loop_timer_set(l->announce, 0);
	rx_set_limits(dp);
	update_credits(dp);
	tx_rejudge(dp);
}

static void configure(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	struct sched_rule local = {.weight = conf->tx.weight};

	apply_conf(dp, l, conf);
	sched_set_rule(dp->tx, l->slot, &conf->tx, dp->now_ns);
	sched_set_rule(dp->rx, l->slot, &conf->rx, dp->now_ns);
	sched_set_rule(dp->local, l->slot, &local, dp->now_ns);
	rx_set_limits(dp);
	update_credits(dp);
	tx_rejudge(dp);
}

static void remove_from(struct ldp **list, uint32_t *count, const struct ldp *l)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (list[i] == l)
			list[i--] = list[--*count];
	}
}

static void delete (struct dpath *dp, uint32_t slot)
{
	struct ldp *l = dp->ldp[slot];

	if (!l)
		return;
	if (!l->failed && !l->frozen)
		ldp_commit(l);
	remove_from(dp->dirty, &dp->dirty_count, l);
	remove_from(dp->parked, &dp->parked_count, l);
	report(l);
	dp->ldp[slot] = NULL;
	while (dp->slots_end > 0 && !dp->ldp[dp->slots_end - 1])
		dp->slots_end--;
	dpath_send(dp, MSG_DELETED, l, NULL);
	ldp_free(dp, l);
	rx_set_limits(dp);
	update_credits(dp);
	tx_rejudge(dp);
}

static void freeze(struct dpath *dp, struct ldp *l, bool on)
{
	if (l->frozen == on || l->failed)
		return;
	l->frozen = on;
	loop_io_enable(l->io, !on);
	if (on) {
		leave_lotteries(dp, l);
		return;
	}
	l->head = LDP_HEAD_NONE;
	l->rx_blocked = true;
	look(dp, l);
}

static void set_link(struct dpath *dp, const struct link_conf *link)
{
	dp->link = *link;
	pace_set(&dp->tx_pace, link->tx_capacity_bps, dp->now_ns);
	pace_set(&dp->rx_pace, link->rx_capacity_bps, dp->now_ns);
	sched_set_capacity(dp->tx, link->tx_capacity_bps);
	sched_set_capacity(dp->rx, link->rx_capacity_bps);
	uplink_set_capacity(dp->up, link->tx_capacity_bps);
	rx_set_limits(dp);
	update_credits(dp);
	tx_rejudge(dp);
}

static void obey(struct dpath *dp, struct msg *m)
{
	struct ldp *l = m->slot < DPATH_SLOTS ? dp->ldp[m->slot] : NULL;

	switch (m->type) {
	case MSG_ADD:
		add(dp, m);
		break;
	case MSG_CONF:
		if (l)
			configure(dp, l, &m->conf);
		break;
	case MSG_DELETE:
		delete (dp, m->slot);
		break;
	case MSG_FREEZE:
		if (l)
			freeze(dp, l, m->on);
		break;
	case MSG_LINK:
		set_link(dp, &m->link_conf);
		break;
	case MSG_STOP:
		loop_stop(dp->loop);
		break;
	default:
		break;
	}
}

static void on_orders(void *arg)
{
	struct dpath *dp = arg;
	struct mbox_msg *link;

	dp->now_ns = loop_now_ns();
	mbox_ack(dp->in);
	while ((link = mbox_get(dp->in))) {
		obey(dp, (struct msg *)link);
		free(link);
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
	dp->tx = sched_new(DPATH_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->rx = sched_new(DPATH_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->local = sched_new(DPATH_SLOTS, FRAME_WIRE_FULL, random_seed());
	dp->fdb = fdb_new();
	dp->frame = malloc(WIRE_FRAME_MAX);
	dp->flat = malloc(WIRE_FRAME_MAX);
	dp->segment = malloc(WIRE_FRAME_MAX);
	dp->in_io = loop_io_new(dp->loop, mbox_fd(dp->in), LOOP_READ, on_orders, dp);
	dp->up_in = loop_io_new(dp->loop, dp->up->fd, LOOP_READ, on_again, dp);
	dp->up_out = loop_io_new(dp->loop, dp->up->fd, LOOP_WRITE, on_uplink_room, dp);
	dp->again = loop_timer_new(dp->loop, on_again, dp);
	dp->pace = loop_timer_new(dp->loop, on_again, dp);
	dp->unpark = loop_timer_new(dp->loop, on_unpark, dp);
	return dp->tx && dp->rx && dp->local && dp->fdb && dp->frame && dp->flat && dp->segment &&
	       dp->in_io && dp->up_in && dp->up_out && dp->again && dp->pace && dp->unpark;
}

struct dpath *dpath_new(struct loop *loop, struct uplink *uplink, struct mbox *in, struct mbox *out)
{
	struct dpath *dp = calloc(1, sizeof(*dp));

	if (!dp)
		return NULL;
	dp->loop = loop;
	dp->up = uplink;
	dp->in = in;
	dp->out = out;
	if (!dpath_init(dp)) {
		dpath_free(dp);
		return NULL;
	}
	loop_io_enable(dp->up_out, false);
	dp->now_ns = loop_now_ns();
	pace_init(&dp->tx_pace, dp->now_ns);
	pace_init(&dp->rx_pace, dp->now_ns);
	return dp;
}

void dpath_free(struct dpath *dp)
{
	if (!dp)
		return;
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		if (dp->ldp[slot])
			ldp_free(dp, dp->ldp[slot]);
	}
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
