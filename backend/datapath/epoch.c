/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/epoch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/datapath/core.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/rx_limit.h"
#include "backend/datapath/tenants.h"
#include "backend/msg/msg.h"

/*
 * Theory of operation
 *
 * Epochs are for accounting only: no frame waits for one. A frame that is charged begins an epoch,
 * and so does a change of the LDPs that share the uplink. One epoch follows the other as long as
 * something happens in them. After an empty one no timer runs until the next frame, so an idle host
 * is not woken. The epochs that pass meanwhile are counted, and balances decay for them when there
 * is traffic again. An epoch ends in the first turn after its time: the timer waits some more for
 * that, so it wakes only a loop that has nothing else to do.
 *
 * Each direction has a ledger, and each ledger writes a log. The logs are made, or taken over from
 * an earlier process, before the first frame. While there is traffic, each log is looked at once a
 * second: one that was cut, removed or replaced gets a fresh one in its place. Without a log the
 * ledgers go on in memory, the uplink's `error` says so, and each look tries to make one.
 */
#define ACTIVE_MAX 16u /* epochs that a late turn of the loop may count as carried capacity */
#define SLACK_NS   (5 * NS_PER_MS) /* of the timer, but at most half an epoch */
#define TELL_NS	   NS_PER_SEC
#define LOOK_NS	   NS_PER_SEC

static void look_after_logs(struct dpath *dp);

/* --- epochs ----------------------------------------------------------------------------------- */

static void count_passed(struct dpath_epoch *e, uint64_t epochs)
{
	for (int dir = 0; dir < LDP_DIRS; dir++)
		e->passed[dir] += epochs;
}

/* Whole epochs since begin_ns. */
static uint64_t epochs_since(const struct dpath *dp)
{
	const struct dpath_epoch *e = &dp->epoch;

	return dp->now_ns > e->begin_ns ? (dp->now_ns - e->begin_ns) / e->length_ns : 0;
}

static void set_timer(struct dpath *dp)
{
	struct dpath_epoch *e = &dp->epoch;
	uint64_t slack_ns = e->length_ns / 2 < SLACK_NS ? e->length_ns / 2 : SLACK_NS;
	uint64_t due_ns = e->begin_ns + e->length_ns + slack_ns;

	loop_timer_set(e->timer, due_ns > dp->now_ns ? due_ns - dp->now_ns : 0);
}

bool epoch_is_due(const struct dpath *dp)
{
	const struct dpath_epoch *e = &dp->epoch;

	return e->running && dp->now_ns >= e->begin_ns + e->length_ns;
}

void epoch_begin(struct dpath *dp)
{
	struct dpath_epoch *e = &dp->epoch;

	if (e->running)
		return;
	e->running = true;
	count_passed(e, epochs_since(dp));
	e->begin_ns = dp->now_ns;
	dp->credits_ns = dp->now_ns; /* no rate is one of the time without epochs */
	set_timer(dp);
}

void epoch_charge(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t wire_bytes,
		  uint32_t charge_bytes, bool more)
{
	enum ldp_dir dir = s == dp->tx_sched || s == dp->local_sched ? LDP_TX : LDP_RX;
	uint64_t link_ns = dir == LDP_TX ? core_tx_clock_ns(dp) : core_rx_clock_ns(dp);

	if (s == dp->tx_sched || s == dp->rx_sched) {
		sched_served(s, l->slot, wire_bytes, charge_bytes, more, link_ns);
		ledger_serve(dp->epoch.ledger[dir], l->slot, charge_bytes);
	} else { /* only guests' windows follow local frames */
		sched_served(s, l->slot, wire_bytes, charge_bytes, more, dp->now_ns);
	}
	epoch_begin(dp);
}

static void set_time(struct dpath *dp)
{
	uint64_t wall_ns = dp->wall();

	for (int dir = 0; dir < LDP_DIRS; dir++)
		ledger_set_time(dp->epoch.ledger[dir], dp->now_ns, wall_ns);
}

static void fill_in(struct dpath *dp, struct ldp *l, enum ldp_dir dir)
{
	const struct ledger *ledger = dp->epoch.ledger[dir];

	l->account[dir].balance_bytes = ledger_balance(ledger, l->slot);
	l->account[dir].log_offset = ledger_offset(ledger, l->slot);
	sched_set_factor(dir == LDP_TX ? dp->tx_sched : dp->rx_sched, l->slot,
			 ledger_factor(ledger, l->slot));
}

static bool end_of(struct dpath *dp, enum ldp_dir dir, uint64_t epochs)
{
	struct dpath_epoch *e = &dp->epoch;
	uint64_t rate = dir == LDP_TX ? link_rate_epoch_bps(dp) : dp->rx.rate_bps;
	uint64_t active = epochs < ACTIVE_MAX ? epochs : ACTIVE_MAX;
	struct ldp *l;

	if (!ledger_epoch(e->ledger[dir], e->passed[dir],
			  rate / 8 * active * (e->length_ns / 1000) / 1000000))
		return false;
	e->passed[dir] = 0;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		fill_in(dp, l, dir);
	tenants_repay(dp, dir);
	if (dir == LDP_RX)
		rx_limit_look(dp);
	return true;
}

static void tell_end(struct dpath *dp)
{
	struct dpath_epoch *e = &dp->epoch;
	uint64_t end = ledger_log_end(e->ledger[LDP_TX]);
	struct msg *m;

	if (end == 0 || end == e->told_end || dp->now_ns - e->told_ns < TELL_NS)
		return;
	e->told_end = end;
	e->told_ns = dp->now_ns;
	m = msg_new(MSG_LOGGED, LDP_SLOT_NONE);
	m->offset = end;
	msg_post(dp->out, m);
}

void epoch_end(struct dpath *dp)
{
	struct dpath_epoch *e = &dp->epoch;
	uint64_t epochs = epochs_since(dp);
	bool any = false;

	epochs += epochs == 0;
	e->late_ns += (epochs - 1) * e->length_ns;
	e->begin_ns += epochs * e->length_ns;
	count_passed(e, epochs);
	set_time(dp);
	look_after_logs(dp);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		any |= end_of(dp, (enum ldp_dir)dir, epochs);
	tell_end(dp);
	e->running = any;
	if (any)
		set_timer(dp);
	else
		loop_timer_cancel(e->timer);
}

/* --- accounts come and go --------------------------------------------------------------------- */

void epoch_account_open(struct dpath *dp, struct ldp *l)
{
	set_time(dp);
	ledger_attach(dp->epoch.ledger[LDP_TX], l->slot, &l->id, l->conf.tx.weight);
	ledger_attach(dp->epoch.ledger[LDP_RX], l->slot, &l->id, l->conf.rx.weight);
	fill_in(dp, l, LDP_TX);
	fill_in(dp, l, LDP_RX);
	epoch_begin(dp);
}

void epoch_account_reweight(struct dpath *dp, struct ldp *l)
{
	set_time(dp);
	ledger_set_weight(dp->epoch.ledger[LDP_TX], l->slot, l->conf.tx.weight);
	ledger_set_weight(dp->epoch.ledger[LDP_RX], l->slot, l->conf.rx.weight);
	epoch_begin(dp);
}

void epoch_account_brought(struct dpath *dp, struct ldp *l, int64_t tx, int64_t rx)
{
	set_time(dp);
	ledger_grant(dp->epoch.ledger[LDP_TX], l->slot, tx);
	ledger_grant(dp->epoch.ledger[LDP_RX], l->slot, rx);
	fill_in(dp, l, LDP_TX);
	fill_in(dp, l, LDP_RX);
	epoch_begin(dp);
}

void epoch_note_limit(struct dpath *dp, const struct ldp *l, enum ldp_dir dir, uint32_t limit,
		      uint64_t bytes)
{
	set_time(dp);
	ledger_note_limit(dp->epoch.ledger[dir], l->slot, limit, bytes);
	epoch_begin(dp);
}

void epoch_account_close(struct dpath *dp, struct ldp *l)
{
	set_time(dp);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		ledger_detach(dp->epoch.ledger[dir], l->slot);
	epoch_begin(dp);
}

void epoch_account_end(struct dpath *dp, const struct credit_id *id)
{
	set_time(dp);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		ledger_close(dp->epoch.ledger[dir], id);
	epoch_begin(dp);
}

/* --- the logs --------------------------------------------------------------------------------- */

/* Takes over the accounts in the log of an earlier process, if it has any. */
static void take_over(struct dpath *dp, enum ldp_dir dir, const char *path)
{
	struct dpath_epoch *e = &dp->epoch;
	struct ldplog_reader reader;
	struct replay rp;

	ldplog_reader_init(&reader, e->file[dir].mem);
	replay_init(&rp);
	if (replay_log(&rp, &reader) == 0 && rp.synced) {
		ledger_adopt(e->ledger[dir], &rp);
		log_info("%s: balances replayed up to epoch %llu", path,
			 (unsigned long long)rp.epoch);
	} else if (reader.at > 0) {
		log_warning("%s holds no balances: all begin with 0", path);
	}
	replay_free(&rp);
}

static void write_to(struct dpath_epoch *e, enum ldp_dir dir)
{
	struct ldplog_writer writer;

	ldplog_writer_init(&writer, e->file[dir].mem);
	ledger_log_to(e->ledger[dir], &writer);
}

static int open_log(struct dpath *dp, enum ldp_dir dir, char *said)
{
	struct dpath_epoch *e = &dp->epoch;
	int ret = logfile_open(&e->file[dir], e->path[dir], LDPLOG_RING_BYTES, &e->id[dir], said);

	if (ret < 0)
		return ret;
	if (said[0])
		log_notice("%s: a fresh log takes its place, all balances begin with 0", said);
	take_over(dp, dir, e->path[dir]);
	write_to(e, dir);
	return 0;
}

/* The names of the logs, and what identifies them. */
static int name_logs(struct dpath_epoch *e, const struct dpath_conf *conf, char *said)
{
	struct ldplog_id id = {.epoch_us = (uint32_t)(e->length_ns / 1000)};
	int ret = logfile_boot_id(id.boot, sizeof(id.boot));

	if (ret < 0) {
		snprintf(said, LOGFILE_ERR_MAX, "the host's boot id: %s", strerror(-ret));
		return ret;
	}
	snprintf(id.name, sizeof(id.name), "%s", conf->name);
	for (unsigned dir = 0; dir < LDP_DIRS; dir++) {
		id.dir = dir;
		e->id[dir] = id;
		ret = logfile_path(e->path[dir], conf->run_dir, conf->name, dir);
		if (ret < 0) {
			snprintf(said, LOGFILE_ERR_MAX, "the run directory's name is too long");
			e->path[LDP_TX][0] = '\0';
			return ret;
		}
	}
	return 0;
}

static void set_error(struct dpath_epoch *e, const char *said)
{
	snprintf(e->error, sizeof(e->error), "no credit log, balances end with the daemon: %s",
		 said); /* cut where it is longer */
}

static void open_logs(struct dpath *dp, const struct dpath_conf *conf)
{
	struct dpath_epoch *e = &dp->epoch;
	char said[LOGFILE_ERR_MAX] = "";
	int ret = name_logs(e, conf, said);

	for (int dir = 0; ret == 0 && dir < LDP_DIRS; dir++)
		ret = open_log(dp, (enum ldp_dir)dir, said);
	if (ret == 0)
		return;
	set_error(e, said);
	log_error("%s", e->error);
}

/* 0: the direction has a log, which may be a fresh one. -1: it has none; the first one says why. */
static int mend_log(struct dpath_epoch *e, enum ldp_dir dir, char *said)
{
	bool had = e->file[dir].mem != NULL;
	char why[LOGFILE_ERR_MAX];

	if (had && logfile_is_whole(&e->file[dir], e->path[dir]))
		return 0;
	if (logfile_renew(&e->file[dir], e->path[dir], LDPLOG_RING_BYTES, &e->id[dir], why) < 0) {
		ledger_log_to(e->ledger[dir], NULL);
		if (!said[0])
			memcpy(said, why, sizeof(why));
		return -1;
	}
	if (had)
		log_warning("%s was cut, removed or replaced: a fresh log takes its place, and all "
			    "balances are kept",
			    e->path[dir]);
	write_to(e, dir);
	return 0;
}

static void look_after_logs(struct dpath *dp)
{
	struct dpath_epoch *e = &dp->epoch;
	char said[LOGFILE_ERR_MAX] = "", old[sizeof(e->error)];
	struct msg *m;
	int ret = 0;

	if (!e->path[LDP_TX][0] || dp->now_ns - e->looked_ns < LOOK_NS)
		return;
	e->looked_ns = dp->now_ns;
	memcpy(old, e->error, sizeof(old));
	e->error[0] = '\0';
	for (int dir = 0; dir < LDP_DIRS; dir++)
		ret |= mend_log(e, (enum ldp_dir)dir, said);
	if (ret < 0)
		set_error(e, said);
	if (strcmp(old, e->error) == 0)
		return;
	m = msg_new(MSG_LOG, LDP_SLOT_NONE);
	memcpy(m->log_error, e->error, sizeof(m->log_error));
	msg_post(dp->out, m);
}

bool epoch_init(struct dpath *dp, const struct dpath_conf *conf, loop_cb *due)
{
	struct dpath_epoch *e = &dp->epoch;

	e->length_ns = conf->epoch_ns;
	e->begin_ns = dp->now_ns;
	e->timer = loop_timer_new_precise(dp->loop, due, dp);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		e->ledger[dir] = ledger_new(LDP_SLOTS, conf->repayment_ppm);
	if (!e->timer || !e->ledger[LDP_TX] || !e->ledger[LDP_RX])
		return false;
	set_time(dp);
	if (conf->run_dir)
		open_logs(dp, conf);
	return true;
}

void epoch_fini(struct dpath *dp)
{
	loop_timer_free(dp->epoch.timer);
	for (int dir = 0; dir < LDP_DIRS; dir++) {
		if (dp->epoch.ledger[dir]) /* what has not been committed yet */
			ledger_epoch(dp->epoch.ledger[dir], dp->epoch.passed[dir] + 1, 0);
		ledger_free(dp->epoch.ledger[dir]);
		mapfile_close(&dp->epoch.file[dir]);
	}
}
