/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/datapath/core.h"
#include "backend/datapath/promise.h"
#include "backend/datapath/queues.h"
#include "backend/datapath/sums.h"
#include "backend/stats/rates.h"
#include "backend/stats/stats.h"

/*
 * Frames are counted in memory of the loop's own. While anything happens, the numbers are copied
 * into the file ten times a second, some LDPs at a time, so that no frame waits for many of them.
 * The timer goes on until ten seconds have passed without change, as rates fall to 0 in that time,
 * and then rests, so that an idle host is not woken.
 */
#define PERIOD_NS  (RATES_PERIOD_MS * NS_PER_MS)
#define LOOK_NS	   NS_PER_SEC
#define SLICE	   64u	     /* slots in one turn of the loop, .. */
#define STEP_NS	   NS_PER_MS /* .. and until the next ones: frames go first */
#define TAP_ROUNDS 10u

/* The fields in the order in which write_uplink() and write_ldp() give their values. */
static const struct stats_def fields[] = {
	{"capacity", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"receive-capacity", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"tx-bytes", "bytes", STATS_UPLINK, STATS_COUNTER, 1},
	{"rx-bytes", "bytes", STATS_UPLINK, STATS_COUNTER, 1},
	{"tx-rate-1s", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"tx-rate-10s", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"rx-rate-1s", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"rx-rate-10s", "bit/s", STATS_UPLINK, STATS_GAUGE, 1},
	{"rx-malformed", "frames", STATS_UPLINK, STATS_COUNTER, 1},
	{"rx-flood", "frames", STATS_UPLINK, STATS_COUNTER, 1},
	{"connected", "", STATS_UPLINK, STATS_GAUGE, 1},
	{"tx-windows", "", STATS_UPLINK, STATS_COUNTER, 1},
	{"rx-windows", "", STATS_UPLINK, STATS_COUNTER, 1},
	{"tx-wait", "us", STATS_UPLINK, STATS_HISTOGRAM, STATS_BUCKETS},
	{"rx-wait", "us", STATS_UPLINK, STATS_HISTOGRAM, STATS_BUCKETS},

	{"tx-frames", "frames", STATS_LDP, STATS_COUNTER, 1},
	{"tx-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-uplink-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-frames", "frames", STATS_LDP, STATS_COUNTER, 1},
	{"rx-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-uplink-bytes", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-rate-1s", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"tx-rate-10s", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"rx-rate-1s", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"rx-rate-10s", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"tx-rate-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"tx-rate-by", "", STATS_LDP, STATS_GAUGE, 1},
	{"rx-rate-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"rx-rate-by", "", STATS_LDP, STATS_GAUGE, 1},
	{"tx-balance", "bytes", STATS_LDP, STATS_SIGNED, 1},
	{"rx-balance", "bytes", STATS_LDP, STATS_SIGNED, 1},
	{"tx-lent", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-borrowed", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-backlogged", "us", STATS_LDP, STATS_COUNTER, 1},
	{"tx-entitled", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-had", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"tx-windows", "", STATS_LDP, STATS_COUNTER, 1},
	{"tx-windows-kept", "", STATS_LDP, STATS_COUNTER, 1},
	{"rx-lent", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-borrowed", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-backlogged", "us", STATS_LDP, STATS_COUNTER, 1},
	{"rx-entitled", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-had", "bytes", STATS_LDP, STATS_COUNTER, 1},
	{"rx-windows", "", STATS_LDP, STATS_COUNTER, 1},
	{"rx-windows-kept", "", STATS_LDP, STATS_COUNTER, 1},
	{"tx-waiting", "bytes", STATS_LDP, STATS_GAUGE, 1},
	{"rx-waiting", "bytes", STATS_LDP, STATS_GAUGE, 1},
	{"weight-in-force", "", STATS_LDP, STATS_GAUGE, 1},
	{"tx-min-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"tx-max-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"rx-min-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"rx-max-in-force", "bit/s", STATS_LDP, STATS_GAUGE, 1},
	{"groups-joined", "", STATS_LDP, STATS_GAUGE, 1},
	{"mac-moves", "", STATS_LDP, STATS_COUNTER, 1},
	{"ecn-marks", "frames", STATS_LDP, STATS_COUNTER, 1},
	{"agent-still", "us", STATS_LDP, STATS_GAUGE, 1},
	{"tx-wait", "us", STATS_LDP, STATS_HISTOGRAM, STATS_BUCKETS},
	{"rx-wait", "us", STATS_LDP, STATS_HISTOGRAM, STATS_BUCKETS},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define BROKEN (LDP_DIRS * WINDOWS_REASONS)
#define ALL    (FIELDS + 2 * LDP_DROPS + BROKEN)

/* The fields above, and those whose names are made. */
struct all_fields {
	struct stats_def def[ALL];
	char name[ALL][STATS_NAME_MAX + 1];
	unsigned count;
};

__attribute__((format(printf, 4, 5))) static void
define(struct all_fields *all, const char *unit, enum stats_scope scope, const char *fmt, ...)
{
	char *name = all->name[all->count];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(all->name[0]), fmt, ap);
	va_end(ap);
	all->def[all->count++] = (struct stats_def){name, unit, scope, STATS_COUNTER, 1};
}

/* One for each reason to drop a frame, "drop-REASON", and for each to break a window. */
static void define_all(struct all_fields *all)
{
	static const char *const dirs[LDP_DIRS] = {[LDP_TX] = "tx", [LDP_RX] = "rx"};

	memcpy(all->def, fields, sizeof(fields));
	all->count = FIELDS;
	for (unsigned i = 0; i < LDP_DROPS; i++) {
		define(all, "frames", STATS_UPLINK, "drop-%s", ldp_drop_name(i));
		define(all, "frames", STATS_LDP, "drop-%s", ldp_drop_name(i));
	}
	for (unsigned i = 0; i < BROKEN; i++)
		define(all, "", STATS_UPLINK, "%s-broken-%s", dirs[i / WINDOWS_REASONS],
		       windows_reason_name(i % WINDOWS_REASONS));
}

static uint64_t *put_rates(uint64_t *v, const struct rates *tx, const struct rates *rx)
{
	*v++ = rates_bps(tx, RATES_SECOND);
	*v++ = rates_bps(tx, RATES_SAMPLES);
	*v++ = rates_bps(rx, RATES_SECOND);
	*v++ = rates_bps(rx, RATES_SAMPLES);
	return v;
}

static void write_uplink(struct dpath *dp, struct stats_record *r, unsigned ldps)
{
	struct dpath_measure *m = &dp->measure;
	uint64_t *v = r->value;

	stats_begin(r);
	*v++ = dp->link_rate.in_force_bps;
	*v++ = dp->rx.rate_bps;
	*v++ = dp->tx.sent_bytes;
	*v++ = dp->rx.received_bytes;
	v = put_rates(v, &m->rate[LDP_TX], &m->rate[LDP_RX]);
	*v++ = dp->rx.malformed;
	*v++ = dp->flood.dropped;
	*v++ = ldps;
	*v++ = dp->audit.windows[LDP_TX];
	*v++ = dp->audit.windows[LDP_RX];
	memcpy(v, dp->sums.round.wait, sizeof(dp->sums.round.wait));
	v += LDP_DIRS * STATS_BUCKETS;
	memcpy(v, dp->sums.round.drops, sizeof(dp->sums.round.drops));
	v += LDP_DROPS;
	memcpy(v, dp->audit.broken, sizeof(dp->audit.broken));
	r->used = 1;
	stats_end(r);
}

static uint64_t *put_counts(uint64_t *v, const struct ldp *l)
{
	const struct ldp_counters *c = &l->count;

	*v++ = c->tx_frames;
	*v++ = c->tx_bytes;
	*v++ = c->tx_uplink_bytes;
	*v++ = c->rx_frames;
	*v++ = c->rx_bytes;
	*v++ = l->rx_delivered_bytes;
	return v;
}

static uint64_t *put_promise(uint64_t *v, const struct ldp *l, enum ldp_dir dir)
{
	const struct ldp_promise *p = &l->promise[dir];

	*v++ = p->sums.lent;
	*v++ = p->sums.borrowed;
	*v++ = p->backlog_ns / 1000;
	*v++ = p->entitled_bytes;
	*v++ = p->had_bytes;
	*v++ = l->audit.windows[dir];
	*v++ = l->audit.kept[dir];
	return v;
}

/* What it has and has not yet been sent on. */
static uint64_t *put_waiting(uint64_t *v, const struct ldp *l)
{
	*v++ = l->tap ? queues_vif_waiting(l) : arrivals_waiting(&l->arrivals);
	*v++ = queues_waiting(l);
	return v;
}

static uint64_t *put_rules(uint64_t *v, const struct ldp_conf *c)
{
	*v++ = c->tx.weight;
	*v++ = c->tx.min_bps;
	*v++ = c->tx.max_bps;
	*v++ = c->rx.min_bps;
	*v++ = c->rx.max_bps;
	return v;
}

static void write_ldp(const struct dpath *dp, const struct ldp *l, struct stats_record *r)
{
	uint64_t *v = r->value;

	stats_begin(r);
	r->domid = record_domid(l->id.ldp);
	r->id = record_id(l->id.ldp);
	memcpy(r->uuid, l->id.uuid, sizeof(r->uuid));
	v = put_counts(v, l);
	v = put_rates(v, &l->rate[LDP_TX], &l->rate[LDP_RX]);
	*v++ = l->outlook[LDP_TX].prospect.bps;
	*v++ = l->outlook[LDP_TX].prospect.by;
	*v++ = l->outlook[LDP_RX].prospect.bps;
	*v++ = l->outlook[LDP_RX].prospect.by;
	*v++ = (uint64_t)l->account[LDP_TX].balance_bytes;
	*v++ = (uint64_t)l->account[LDP_RX].balance_bytes;
	v = put_promise(v, l, LDP_TX);
	v = put_promise(v, l, LDP_RX);
	v = put_waiting(v, l);
	v = put_rules(v, &l->conf);
	*v++ = groups_count(dp->flood.groups, l->slot);
	*v++ = l->count.mac_moves;
	*v++ = queues_marks(l);
	*v++ = l->audit.still_ns / 1000;
	memcpy(v, l->count.tx_wait, sizeof(l->count.tx_wait));
	v += STATS_BUCKETS;
	memcpy(v, l->count.rx_wait, sizeof(l->count.rx_wait));
	v += STATS_BUCKETS;
	memcpy(v, l->count.drops, sizeof(l->count.drops));
	v[LDP_DROP_VIF_FULL] += l->vif.missed;
	r->used = 1;
	stats_end(r);
}

static struct stats_record *record(const struct dpath *dp, unsigned i)
{
	return stats_record(dp->measure.file.mem, &dp->measure.layout, i);
}

static void clear(struct stats_record *r)
{
	if (!r->used)
		return;
	stats_begin(r);
	r->used = 0;
	stats_end(r);
}

static void sample(struct dpath *dp, struct rates *r, uint64_t bytes)
{
	if (dp->measure.rested)
		rates_restart(r, dp->now_ns);
	rates_sample(r, bytes, dp->now_ns);
}

/*
 * Not each tap in each round: what it missed is in a file of the kernel's. A port that is gone has
 * missed nothing by that, but a counter never goes back.
 */
static void ask_tap(struct ldp *l, uint64_t round)
{
	uint64_t missed;

	if (!l->tap || round % TAP_ROUNDS != l->slot % TAP_ROUNDS)
		return;
	missed = vif_tap_missed(l->tap);
	if (missed > l->vif.missed)
		l->vif.missed = missed;
}

static void do_slot(struct dpath *dp, uint32_t slot)
{
	struct dpath_measure *m = &dp->measure;
	struct ldp *l = core_ldp(dp, slot);

	if (!l) {
		if (m->file.mem)
			clear(record(dp, 1 + slot));
		return;
	}
	m->ldps++;
	sample(dp, &l->rate[LDP_TX], l->count.tx_bytes);
	sample(dp, &l->rate[LDP_RX], l->count.rx_bytes);
	ask_tap(l, m->rounds);
	sums_add(dp, l);
	if (m->file.mem)
		write_ldp(dp, l, record(dp, 1 + slot));
}

/* A part of a round. True: it is over. */
static bool do_slots(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;
	uint32_t end = dp->members.end > m->end ? dp->members.end : m->end;

	for (uint32_t n = 0; n < SLICE && m->next < end; n++)
		do_slot(dp, m->next++);
	return m->next >= end;
}

static void end_round(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;

	m->end = dp->members.end;
	m->rounds++;
	sample(dp, &m->rate[LDP_TX], dp->tx.sent_bytes);
	sample(dp, &m->rate[LDP_RX], dp->rx.received_bytes);
	if (!m->file.mem)
		return;
	write_uplink(dp, record(dp, 0), m->ldps);
	((struct stats_header *)m->file.mem)->written_ns = dp->now_ns;
}

static int make(struct dpath_measure *m)
{
	struct all_fields all;
	int ret;

	define_all(&all);
	mapfile_close(&m->file);
	ret = mapfile_make(&m->file, m->path, stats_bytes(all.def, ALL, 1 + LDP_SLOTS), m->group);
	if (ret < 0)
		return ret;
	stats_format(m->file.mem, all.def, ALL, 1 + LDP_SLOTS, RATES_PERIOD_MS, &m->layout);
	return mapfile_publish(&m->file, m->path);
}

/* Makes the file, and again if somebody cut or removed it. Says so once. */
static void look_after_file(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;
	int ret;

	if (!m->path[0] || (m->looked_ns && dp->now_ns - m->looked_ns < LOOK_NS))
		return;
	m->looked_ns = dp->now_ns;
	if (mapfile_is_whole(&m->file, m->path))
		return;
	if (m->file.mem)
		log_warning("%s was cut, removed or replaced: a fresh file takes its place",
			    m->path);
	ret = make(m);
	if (ret != m->error && ret < 0)
		log_warning("no statistics: %s: %s", m->path, strerror(-ret));
	m->error = ret;
}

static void begin_round(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;

	look_after_file(dp);
	m->rested = m->still > RATES_SAMPLES;
	m->busy = promise_window(dp,
				 m->rested || !m->begun_ns ? PERIOD_NS : dp->now_ns - m->begun_ns);
	m->begun_ns = dp->now_ns;
	sums_begin(dp);
	m->next = 0;
	m->ldps = 0;
	m->under_way = true;
}

static void set_timer(struct dpath *dp, uint64_t ns)
{
	dp->measure.timer_set = true;
	loop_timer_set(dp->measure.timer, ns);
}

void measure_due(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;
	uint64_t sum = dp->work.pieces + dp->rx.received_bytes, passed_ns;

	m->timer_set = false;
	if (!m->under_way)
		begin_round(dp);
	m->under_way = !do_slots(dp);
	if (m->under_way) {
		set_timer(dp, STEP_NS);
		return;
	}
	end_round(dp);
	m->still = sum == m->sum && !m->busy ? m->still + 1 : 0;
	m->sum = sum;
	passed_ns = dp->now_ns - m->begun_ns;
	if (m->still <= RATES_SAMPLES)
		set_timer(dp, passed_ns < PERIOD_NS ? PERIOD_NS - passed_ns : 0);
}

void measure_leave(struct dpath *dp, const struct ldp *l)
{
	sums_leave(dp, l, !dp->measure.under_way || l->slot < dp->measure.next);
}

void measure_soon(struct dpath *dp)
{
	if (!dp->measure.timer_set && dp->measure.path[0])
		set_timer(dp, PERIOD_NS);
}

bool measure_init(struct dpath *dp, const struct dpath_conf *conf, loop_cb *due)
{
	struct dpath_measure *m = &dp->measure;

	m->timer = loop_timer_new_precise(dp->loop, due, dp);
	if (!m->timer)
		return false;
	m->group = statsfile_group();
	if (conf->run_dir && statsfile_path(m->path, conf->run_dir, conf->name) < 0) {
		log_warning("no statistics: the run directory's name is too long");
		m->path[0] = '\0';
	}
	look_after_file(dp);
	measure_soon(dp);
	return true;
}

void measure_fini(struct dpath *dp)
{
	struct dpath_measure *m = &dp->measure;

	loop_timer_free(m->timer);
	if (mapfile_is_whole(&m->file, m->path))
		unlink(m->path);
	mapfile_close(&m->file);
}
