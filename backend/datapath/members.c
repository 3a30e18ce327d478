/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/datapath/core.h"
#include "backend/frame/frame_cost.h"

/*
 * Theory of operation
 *
 * The control thread's orders, carried out in the frame loop between two turns: LDPs come, change,
 * stand still and go, and the uplink gets another capacity. Whatever changes who shares the uplink
 * ends in sharing_changed(): queues and heads follow from all LDPs together.
 */
#define EVENTS_PER_SEC	20000u /* of one LDP before it is parked for a while */
#define EVENTS_BURST	2000u
#define FLOOD_BURST_MIN 16u

/* A full bucket of `per_second` tokens a second. */
static void bucket_of_tokens(struct bucket *b, uint32_t per_second, uint32_t depth, uint64_t now_ns)
{
	bucket_init(b, (uint64_t)per_second * 8, depth, now_ns);
}

static void on_announce(void *arg)
{
	struct ldp *l = arg;

	if (!l->failed && !l->frozen)
		tx_announce(l->dp, l);
}

static void apply_conf(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	uint32_t depth = conf->flood_rate / 10;

	l->conf = *conf;
	bucket_of_tokens(&l->flood, conf->flood_rate,
			 depth < FLOOD_BURST_MIN ? FLOOD_BURST_MIN : depth, dp->now_ns);
	if (conf->spoof_check)
		fdb_forget(dp->fdb, l->slot, NULL);
}

void dpath_free_ldp(struct dpath *dp, struct ldp *l)
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
	l->io = loop_io_new(dp->loop, vchan_fd(l->vchan), LOOP_READ, dpath_on_vchan, l);
	if (ret < 0 || !l->rxq || !l->announce || !l->io)
		return "out of memory";
	return enter_schedulers(dp, l);
}

static void sharing_changed(struct dpath *dp)
{
	rx_set_limits(dp);
	dpath_epoch_begin(dp); /* at its end credits follow */
	tx_rejudge(dp);
}

static void add_ldp(struct dpath *dp, struct msg *m)
{
	struct ldp *l = calloc(1, sizeof(*l));
	const char *why = "out of memory";

	if (l) {
		l->dp = dp;
		l->slot = m->slot;
		l->vchan = m->vchan;
		memcpy(l->name, m->name, sizeof(l->name));
		l->id = m->id;
		apply_conf(dp, l, &m->conf);
		bucket_of_tokens(&l->events, EVENTS_PER_SEC, EVENTS_BURST, dp->now_ns);
		why = ldp_start(dp, l);
	}
	if (why) {
		struct ldp refused = {.slot = m->slot, .vchan = m->vchan};

		if (l)
			dpath_free_ldp(dp, l);
		dpath_send(dp, MSG_REFUSED, &refused, why);
		return;
	}
	dp->ldp[l->slot] = l;
	if (l->slot >= dp->slots_end)
		dp->slots_end = l->slot + 1;
	dpath_account_open(dp, l);
	loop_timer_set(l->announce, 0);
	sharing_changed(dp);
}

static void configure(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	struct sched_rule local = {.weight = conf->tx.weight};

	apply_conf(dp, l, conf);
	sched_set_rule(dp->tx, l->slot, &conf->tx, dp->now_ns);
	sched_set_rule(dp->rx, l->slot, &conf->rx, dp->now_ns);
	sched_set_rule(dp->local, l->slot, &local, dp->now_ns);
	dpath_account_reweight(dp, l);
	sharing_changed(dp);
}

static void remove_from(struct ldp **list, uint32_t *count, const struct ldp *l)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (list[i] == l)
			list[i--] = list[--*count];
	}
}

static void remove_ldp(struct dpath *dp, uint32_t slot)
{
	struct ldp *l = dp->ldp[slot], gone;

	if (!l)
		return;
	if (!l->failed && !l->frozen)
		ldp_commit(l);
	remove_from(dp->dirty, &dp->dirty_count, l);
	remove_from(dp->parked, &dp->parked_count, l);
	ldp_report(l);
	dp->ldp[slot] = NULL;
	while (dp->slots_end > 0 && !dp->ldp[dp->slots_end - 1])
		dp->slots_end--;
	gone = *l;
	dpath_account_close(dp, l);
	dpath_free_ldp(dp, l);
	/* Last: the other thread closes the vchan, and its descriptor may be another's at once. */
	dpath_send(dp, MSG_DELETED, &gone, NULL);
	sharing_changed(dp);
}

static void freeze(struct dpath *dp, struct ldp *l, bool on)
{
	if (l->frozen == on || l->failed)
		return;
	l->frozen = on;
	loop_io_enable(l->io, !on);
	if (on) {
		dpath_leave_lotteries(dp, l);
		return;
	}
	l->head = LDP_HEAD_NONE;
	l->rx_blocked = true;
	dpath_look(dp, l);
}

static void set_link(struct dpath *dp, const struct link_conf *link)
{
	dp->link = *link;
	pace_set(&dp->tx_pace, link->tx_capacity_bps, dp->now_ns);
	pace_set(&dp->rx_pace, link->rx_capacity_bps, dp->now_ns);
	dp->rx_frame_cost = frame_cost_bytes(link->frame_cost_bytes, link->rx_capacity_bps);
	sched_set_capacity(dp->rx, link->rx_capacity_bps);
	dpath_capacity_configure(dp);
	sharing_changed(dp);
}

static void obey(struct dpath *dp, struct msg *m)
{
	struct ldp *l = m->slot < LDP_SLOTS ? dp->ldp[m->slot] : NULL;

	switch (m->type) {
	case MSG_ADD:
		add_ldp(dp, m);
		break;
	case MSG_CONF:
		if (l)
			configure(dp, l, &m->conf);
		break;
	case MSG_DELETE:
		remove_ldp(dp, m->slot);
		break;
	case MSG_FREEZE:
		if (l)
			freeze(dp, l, m->on);
		break;
	case MSG_LINK:
		set_link(dp, &m->link_conf);
		break;
	case MSG_SHOWN:
		dpath_announced(dp, m->slot);
		break;
	case MSG_STOP:
		loop_stop(dp->loop);
		break;
	default:
		break;
	}
}

void dpath_on_orders(void *arg)
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
