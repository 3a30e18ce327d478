/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/datapath/audit.h"
#include "backend/datapath/bridge_groups.h"
#include "backend/datapath/capture.h"
#include "backend/datapath/core.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/hold.h"
#include "backend/datapath/ldp_vif.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/measure.h"
#include "backend/datapath/moves.h"
#include "backend/datapath/ports.h"
#include "backend/datapath/promise.h"
#include "backend/datapath/publish.h"
#include "backend/datapath/queues.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/toobig.h"
#include "backend/datapath/rx_limit.h"
#include "backend/datapath/tenants.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/datapath/tx_room.h"
#include "backend/frame/mac_owners.h"
#include "backend/msg/msg.h"

/*
 * Theory of operation
 *
 * The control thread's orders are carried out between two turns of the frame loop: LDPs come,
 * change, stand still and go, and the uplink gets another capacity. Whatever changes who shares the
 * uplink ends in sharing_changed(): queue limits and heads follow from all LDPs together.
 */
#define EVENTS_PER_SEC 20000u /* of one LDP before it is parked for a while */
#define EVENTS_BURST   2000u

/* A full bucket of `per_second` tokens a second. */
static void bucket_of_tokens(struct bucket *b, uint32_t per_second, uint32_t depth, uint64_t now_ns)
{
	bucket_init(b, (uint64_t)per_second * 8, depth, now_ns);
}

static void on_advertise(void *arg)
{
	struct ldp *l = arg;

	if (!ldp_is_active(l))
		return;
	/* The first one may come too early for the guest. */
	if (tx_advertise(l->dp, l) && l->advertised % 2)
		rx_ask_members(l->dp, l);
}

static void apply_conf(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	l->conf = *conf;
	flood_configure(dp, l);
	if (conf->spoof_check)
		fdb_forget(dp->fdb, l->slot, NULL);
}

/* The LDP must be in no list. The vchan or tap stays the caller's. */
static void free_ldp(struct dpath *dp, struct ldp *l)
{
	sched_remove(dp->tx_sched, l->slot);
	sched_remove(dp->rx_sched, l->slot);
	sched_remove(dp->local_sched, l->slot);
	sched_remove(dp->rx_local_sched, l->slot);
	fdb_forget(dp->fdb, l->slot, l->conf.mac);
	linklocal_forget(dp->locals, l->slot);
	loop_io_free(l->io);
	ldp_vif_fini(l);
	ldp_ahead_fini(l);
	loop_timer_free(l->advertise);
	queues_fini(l);
	free(l);
}

/* Inside the host an LDP has its weight and its maximum, but no minimum: there is no capacity. */
static struct sched_rule local_rule(const struct sched_rule *rule)
{
	struct sched_rule local = *rule;

	local.min_bps = 0;
	return local;
}

/* The control thread has admitted the minima. */
static const char *enter_schedulers(struct dpath *dp, struct ldp *l)
{
	struct sched_rule local = local_rule(&l->conf.tx), rx_local = local_rule(&l->conf.rx);

	if (sched_add(dp->tx_sched, l->slot, &l->conf.tx) < 0 ||
	    sched_add(dp->rx_sched, l->slot, &l->conf.rx) < 0 ||
	    sched_add(dp->local_sched, l->slot, &local) < 0 ||
	    sched_add(dp->rx_local_sched, l->slot, &rx_local) < 0)
		return "the scheduler refused its weight and limits";
	return NULL;
}

/* False: out of memory. */
static bool listen_to(struct dpath *dp, struct ldp *l)
{
	const struct members_events *on = &dp->members.on;

	if (l->tap)
		return ldp_vif_init(l, dp->loop, on->tap, on->room);
	l->io = loop_io_new(dp->loop, vchan_fd(l->vchan), LOOP_READ, on->vchan, l);
	return l->io && ldp_ahead_init(l);
}

/* NULL, or why the LDP cannot start. */
static const char *start(struct dpath *dp, struct ldp *l)
{
	int ret = fdb_add(dp->fdb, l->conf.mac, l->slot, ldp_guest(l));

	if (ret == -EEXIST)
		return "another device on this uplink has the same mac";
	rx_limit_begin(l);
	l->advertise = loop_timer_new(dp->loop, on_advertise, l);
	if (ret < 0 || !queues_init(dp, l) || !l->advertise || !listen_to(dp, l))
		return "out of memory";
	return enter_schedulers(dp, l);
}

static void sharing_changed(struct dpath *dp)
{
	tenants_count(dp);
	rx_set_limits(dp);
	epoch_begin(dp); /* at its end credits follow */
	tx_rejudge(dp);
	promise_changed(dp);
}

static struct ldp *make_ldp(struct dpath *dp, const struct msg *m)
{
	struct ldp *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->dp = dp;
	l->slot = m->slot;
	l->vchan = m->vchan;
	l->tap = m->tap;
	memcpy(l->name, m->name, sizeof(l->name));
	memcpy(l->guest, m->guest, sizeof(l->guest));
	l->id = m->id;
	apply_conf(dp, l, &m->conf);
	toobig_init(l, dp->now_ns);
	bucket_of_tokens(&l->events, EVENTS_PER_SEC, EVENTS_BURST, dp->now_ns);
	return l;
}

static void refuse(struct dpath *dp, const struct msg *order, const char *why)
{
	struct msg *m = msg_new(MSG_REFUSED, order->slot);

	m->vchan = order->vchan;
	m->tap = order->tap;
	m->why = why;
	msg_post(dp->out, m);
}

static void set_rules(struct dpath *dp, struct ldp *l)
{
	struct sched_rule local = local_rule(&l->conf.tx), rx_local = local_rule(&l->conf.rx);

	sched_set_rule(dp->tx_sched, l->slot, &l->conf.tx, dp->now_ns);
	sched_set_rule(dp->rx_sched, l->slot, &l->conf.rx, dp->now_ns);
	sched_set_rule(dp->local_sched, l->slot, &local, dp->now_ns);
	sched_set_rule(dp->rx_local_sched, l->slot, &rx_local, dp->now_ns);
}

static void add(struct dpath *dp, const struct msg *m)
{
	struct ldp *l = make_ldp(dp, m);
	const char *why = l ? start(dp, l) : "out of memory";

	if (why) {
		if (l)
			free_ldp(dp, l);
		refuse(dp, m, why);
		return;
	}
	dp->members.ldp[l->slot] = l;
	if (l->slot >= dp->members.end)
		dp->members.end = l->slot + 1;
	epoch_account_open(dp, l);
	tenants_join(dp, l);
	capture_join(dp, l);
	loop_timer_set(l->advertise, 0);
	sharing_changed(dp);
}

static void configure(struct dpath *dp, struct ldp *l, const struct ldp_conf *conf)
{
	uint32_t group = l->conf.group;

	apply_conf(dp, l, conf);
	moves_forgive(dp, l);
	if (conf->group != group)
		tenants_join(dp, l);
	set_rules(dp, l);
	epoch_account_reweight(dp, l);
	sharing_changed(dp);
}

static void leave(struct dpath *dp, struct ldp *l)
{
	if (ldp_is_active(l))
		ldp_commit(l);
	ldp_list_remove(&dp->dirty, l);
	ldp_list_remove(&dp->turn.parked, l);
	flood_forget(dp, l);
	dp->members.ldp[l->slot] = NULL;
	while (dp->members.end > 0 && !dp->members.ldp[dp->members.end - 1])
		dp->members.end--;
}

static void remove_ldp(struct dpath *dp, struct ldp *l)
{
	struct msg *m = msg_new(MSG_DELETED, l->slot);

	m->vchan = l->vchan;
	m->tap = l->tap;
	ldp_report(l, groups_count(dp->flood.groups, l->slot));
	audit_leave(dp, l);
	measure_leave(dp, l);
	leave(dp, l);
	epoch_account_close(dp, l);
	free_ldp(dp, l);
	/* Last: the control thread closes the vchan, and its descriptor may be used again at once.
	 */
	msg_post(dp->out, m);
	sharing_changed(dp);
}

void members_look(struct dpath *dp, struct ldp *l)
{
	if (l->vchan && !vchan_is_open(l->vchan)) {
		core_fail(dp, l, NULL);
		return;
	}
	tx_scan(dp, l);
	rx_unblock(dp, l);
}

static void freeze(struct dpath *dp, struct ldp *l, bool on)
{
	if (l->frozen == on || l->failed)
		return;
	l->frozen = on;
	outlook_changed(dp);
	ldp_listen(l, !on);
	if (on) {
		core_leave_lotteries(dp, l);
		return;
	}
	tx_thaw(dp, l);
	rx_block(l);
	members_look(dp, l);
}

static void set_link(struct dpath *dp, const struct link_conf *link)
{
	dp->link = *link;
	ports_set_link(dp);
	tx_set_link(dp);
	rx_set_link(dp);
	flood_set_link(dp);
	bridge_groups_set_link(dp);
	link_rate_configure(dp);
	publish_credits(dp);
	sharing_changed(dp);
}

/* Without memory for it, a device that is not connected cannot keep its address to itself. */
static void set_owner(struct dpath *dp, const struct msg *m)
{
	struct mac_owners *o = fdb_owners(dp->fdb);

	if (!m->owner.on)
		mac_owners_remove(o, m->owner.mac, m->owner.guest);
	else if (mac_owners_add(o, m->owner.mac, m->owner.guest) < 0)
		log_warning("out of memory for the MAC addresses of devices");
}

static void advertise_all(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		l->advertised = 0;
		loop_timer_set(l->advertise, 0);
	}
}

/* An order for an LDP that exists. */
static void obey_of(struct dpath *dp, struct ldp *l, const struct msg *m)
{
	switch (m->type) {
	case MSG_CONF:
		configure(dp, l, &m->conf);
		break;
	case MSG_DELETE:
		remove_ldp(dp, l);
		break;
	case MSG_BROUGHT:
		epoch_account_brought(dp, l, m->brought.tx, m->brought.rx);
		break;
	case MSG_FREEZE:
		freeze(dp, l, m->on);
		break;
	default:
		break;
	}
}

void members_obey(struct dpath *dp, struct msg *m)
{
	struct ldp *l = core_ldp(dp, m->slot);

	switch (m->type) {
	case MSG_ADD:
		add(dp, m);
		break;
	case MSG_GROUP:
		tenants_set(dp, m->group.id, m->group.on, &m->group.conf);
		sharing_changed(dp);
		break;
	case MSG_LINK:
		set_link(dp, &m->link_conf);
		break;
	case MSG_HOLD:
		hold_set(dp, m->hold);
		break;
	case MSG_RX_RATE:
		rx_set_rate(dp, m->rate_bps);
		sharing_changed(dp);
		break;
	case MSG_RX_COUNT:
		rx_count(dp);
		break;
	case MSG_OWNER:
		set_owner(dp, m);
		break;
	case MSG_ENDED:
		epoch_account_end(dp, &m->id);
		break;
	case MSG_ADVERTISE:
		advertise_all(dp);
		break;
	case MSG_RETIRE:
		tx_retire_queue(dp);
		break;
	case MSG_PUBLISHED:
		publish_answered(dp, m->slot);
		break;
	case MSG_CAPTURE:
		capture_begin(dp, m, ldp_drop_name);
		break;
	case MSG_CAPTURE_END:
		capture_end(dp, m->capture.number);
		break;
	case MSG_STOP:
		loop_stop(dp->loop);
		break;
	default:
		if (l)
			obey_of(dp, l, m);
		break;
	}
}

void members_init(struct dpath *dp, const struct members_events *on)
{
	dp->members.on = *on;
}

void members_fini(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		free_ldp(dp, l);
}
