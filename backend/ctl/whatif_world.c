/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whatif_world.c: a recording, replayed as it was and with other keys, side by side. */
#include "backend/ctl/whatif_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/policy/minima_words.h"

/*
 * Theory of operation
 *
 * An interval's records follow its T, the new devices and changed keys of that moment among them.
 * So it is replayed when the next T comes, with the keys of before; devices that came in it are
 * there from its begin on. Then the changed keys are put in force. Numbers of devices are ids in
 * both replays; rows go by UUID and device id.
 */
#define SEED	     1u
#define GREEDY_TENTH 9u /* of an interval with frames waiting: it sends all it can */

bool whatif_world_init(struct whatif_world *w, unsigned uplink)
{
	*w = (struct whatif_world){.uplink = uplink};
	w->row = calloc(REC_DEVICES_MAX, sizeof(*w->row));
	w->device = calloc(REC_DEVICES_MAX, sizeof(*w->device));
	w->group = calloc(RERUN_GROUPS + 1, sizeof(*w->group));
	for (int i = 0; i < WHATIF_RUNS; i++)
		w->run[i] = rerun_new(SEED);
	return w->row && w->device && w->group && w->run[0] && w->run[1];
}

void whatif_world_fini(struct whatif_world *w)
{
	for (int i = 0; i < WHATIF_RUNS; i++)
		rerun_free(w->run[i]);
	free(w->row);
	free(w->device);
	free(w->group);
}

struct whatif_row *whatif_row(struct whatif_world *w, const struct rec *device)
{
	struct whatif_row *row = w->row;

	while (row < w->row + w->rows &&
	       (row->id != device->id || memcmp(row->uuid, device->uuid, sizeof(row->uuid)) != 0))
		row++;
	if (row == w->row + REC_DEVICES_MAX)
		return NULL;
	if (row == w->row + w->rows) {
		w->rows++;
		row->id = device->id;
		memcpy(row->uuid, device->uuid, sizeof(row->uuid));
	}
	row->domid = device->domid;
	memcpy(row->name, device->name, sizeof(row->name));
	return row;
}

/* --- what is in force ------------------------------------------------------------------------- */

/* The group's number; 0: none, or there are too many. */
static uint32_t group_number(struct whatif_world *w, const char *name)
{
	uint32_t g = 1;

	if (!name[0])
		return 0;
	while (g <= w->groups && strcmp(w->group[g].name, name) != 0)
		g++;
	if (g > RERUN_GROUPS)
		return 0;
	if (g > w->groups) {
		w->groups = g;
		snprintf(w->group[g].name, sizeof(w->group[g].name), "%s", name);
		w->group[g].limits.weight = 256;
	}
	return g;
}

static const char *wanted(const struct settings *s, enum schema_key key)
{
	return s ? settings_find(s, key) : NULL;
}

static uint64_t wanted_number(const struct settings *s, enum schema_key key, uint64_t old)
{
	const char *value = wanted(s, key);

	return value ? strtoull(value, NULL, 10) : old;
}

static struct sched_rule rule_of(const struct rec_limits *l, const struct settings *s)
{
	return (struct sched_rule){
		.weight = (uint32_t)wanted_number(s, KEY_BACK_WEIGHT, l->weight),
		.min_bps = wanted_number(s, KEY_BACK_TX_MIN, l->min_bps[REC_TX]),
		.max_bps = wanted_number(s, KEY_BACK_TX_MAX, l->max_bps[REC_TX]),
	};
}

static const struct settings *change_of(const struct whatif_world *w, const struct whatif_device *d,
					int run)
{
	return run == WHATIF_CHANGED ? w->row[d->row].change : NULL;
}

static uint32_t group_in(struct whatif_world *w, const struct whatif_device *d, int run)
{
	const char *name = wanted(change_of(w, d, run), KEY_BACK_GROUP);
	struct whatif_row *row = &w->row[d->row];

	if (!name)
		return d->group;
	if (!row->group)
		row->group = group_number(w, name);
	return row->group;
}

static void put(struct whatif_world *w, struct whatif_device *d)
{
	for (int i = 0; i < WHATIF_RUNS; i++) {
		struct sched_rule rule = rule_of(&d->limits, change_of(w, d, i));
		uint32_t id = (uint32_t)(d - w->device);

		if (rerun_put(w->run[i], id, &rule, group_in(w, d, i)) < 0 &&
		    !rerun_has(w->run[i], id)) {
			rule = (struct sched_rule){.weight = 256};
			rerun_put(w->run[i], id, &rule, 0);
		}
	}
	d->ready = true;
}

static void remove_gone(struct whatif_world *w, struct whatif_device *d)
{
	for (int i = 0; i < WHATIF_RUNS; i++)
		rerun_remove(w->run[i], (uint32_t)(d - w->device));
	*d = (struct whatif_device){.used = false};
}

static void set_changed(struct whatif_world *w)
{
	w->changed = true;
	w->unjudged = true;
}

static void put_all(struct whatif_world *w)
{
	w->changed = false;
	for (uint32_t g = 1; g <= w->groups; g++) {
		struct sched_rule rule = rule_of(&w->group[g].limits, NULL);

		for (int i = 0; i < WHATIF_RUNS; i++)
			rerun_put_group(w->run[i], g, &rule);
	}
	for (unsigned i = 0; i < w->end; i++) {
		struct whatif_device *d = &w->device[i];

		if (d->used && d->gone)
			remove_gone(w, d);
		else if (d->used)
			put(w, d);
	}
}

/* --- may minima be so? ------------------------------------------------------------------------ */

static uint64_t group_min(const struct whatif_world *w, uint32_t g)
{
	return g ? w->group[g].limits.min_bps[REC_TX] : 0;
}

/* Of what counts at the uplink, or, with a group, in that. */
static uint64_t minima(struct whatif_world *w, int run, uint32_t in)
{
	uint64_t sum = 0;

	for (uint32_t g = 1; !in && g <= w->groups; g++)
		sum += group_min(w, g);
	for (unsigned i = 0; i < w->end; i++) {
		const struct whatif_device *d = &w->device[i];
		bool counts = d->used && !d->gone;
		uint32_t g = counts ? group_in(w, d, run) : 0;

		if (counts && (in ? g == in : group_min(w, g) == 0))
			sum += rule_of(&d->limits, change_of(w, d, run)).min_bps;
	}
	return sum;
}

/*
 * What is refused is what the device asks for; the sentence is dmvl-back's. `sum` is that of the
 * uplink; `more` says that it was less.
 */
static void judge_device(struct whatif_world *w, const struct whatif_device *d, uint64_t sum,
			 bool more)
{
	const char *key = schema_name(KEY_BACK_TX_MIN);
	struct sched_rule rule = rule_of(&d->limits, w->row[d->row].change);
	struct schema_limits limits = {.tx_min_bps = rule.min_bps, .tx_max_bps = rule.max_bps};
	uint32_t g = group_in(w, d, WHATIF_CHANGED);
	uint64_t inner = group_min(w, g) ? minima(w, WHATIF_CHANGED, g) : 0;
	char asked[SCHEMA_NAME_MAX + 64], why[SCHEMA_ERR_MAX];

	snprintf(asked, sizeof(asked), "%s %llu", key, (unsigned long long)rule.min_bps);
	if (schema_cross_check(&limits, why) < 0) {
		refusal_add(w->err, key, why);
		return;
	}
	why[0] = '\0';
	if (inner > group_min(w, g) && inner > minima(w, WHATIF_AS_IT_WAS, g))
		minima_words_group(why, asked, w->group[g].name, inner, group_min(w, g), key);
	else if (w->capacity_bps && sum > minima_words_room(w->capacity_bps) && more)
		minima_words_uplink(why, asked, sum, w->capacity_bps, "");
	if (why[0])
		refusal_add(w->err, key, why);
}

static void judge(struct whatif_world *w)
{
	uint64_t sum = minima(w, WHATIF_CHANGED, 0);
	bool more = sum > minima(w, WHATIF_AS_IT_WAS, 0);

	w->unjudged = false;
	for (unsigned i = 0; i < w->end && !w->err[0]; i++) {
		const struct whatif_device *d = &w->device[i];

		if (d->used && !d->gone && w->row[d->row].change)
			judge_device(w, d, sum, more);
	}
}

/* --- an interval ------------------------------------------------------------------------------ */

static bool is_greedy(const struct whatif_world *w, const struct rec_flow *f)
{
	return f->backlogged_us >= w->us / 10 * GREEDY_TENTH;
}

/* Saturating: the file may say anything. */
static uint64_t arrived(const struct whatif_device *d)
{
	uint64_t sum = d->flow.bytes + d->flow.waiting_bytes;

	if (sum < d->flow.bytes)
		return UINT64_MAX;
	return sum > d->waiting_bytes ? sum - d->waiting_bytes : 0;
}

static void offer(struct whatif_world *w, struct whatif_device *d)
{
	struct whatif_row *row = &w->row[d->row];
	struct rerun_offer o = {.bytes = arrived(d),
				.greedy = is_greedy(w, &d->flow),
				.waiting_bytes = d->flow.waiting_bytes};
	uint64_t mean = d->flow.frames ? d->flow.bytes / d->flow.frames : 0;

	o.frames = mean ? o.bytes / mean : 0;
	if (o.greedy && mean) /* the mean size counts */
		o.bytes = d->flow.bytes, o.frames = d->flow.frames;
	for (int i = 0; i < WHATIF_RUNS; i++)
		rerun_offer(w->run[i], (uint32_t)(d - w->device), &o);
	row->recorded.bytes += d->flow.bytes;
	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		row->recorded.wait[i] += d->flow.wait[i];
	row->busy_us += w->us;
	row->greedy_us += o.greedy ? w->us : 0;
}

static void collect(struct whatif_world *w, struct whatif_device *d)
{
	for (int run = 0; run < WHATIF_RUNS; run++) {
		struct rerun_had *sum = &w->row[d->row].had[run], had;

		rerun_take(w->run[run], (uint32_t)(d - w->device), &had);
		sum->bytes += had.bytes;
		for (unsigned i = 0; i < STATS_BUCKETS; i++)
			sum->wait[i] += had.wait[i];
	}
	d->waiting_bytes = d->has_flow ? d->flow.waiting_bytes : 0;
	d->has_flow = false;
}

static uint64_t bps_of(uint64_t bytes, uint64_t us)
{
	unsigned __int128 bps = (unsigned __int128)bytes * 8000000 / us;

	return bps < RERUN_BPS_MAX ? (uint64_t)bps : RERUN_BPS_MAX;
}

/* What the link carries: where nobody knew, what it did while somebody had frames all the time. */
static void set_capacity(struct whatif_world *w)
{
	bool full = false;

	for (unsigned i = 0; i < w->end; i++)
		full |= w->device[i].has_flow && is_greedy(w, &w->device[i].flow);
	if (!w->capacity_bps && full && w->us)
		w->capacity_bps = bps_of(w->carried_bytes, w->us);
	for (int i = 0; i < WHATIF_RUNS; i++)
		rerun_capacity(w->run[i], w->capacity_bps);
}

static bool is_wanted(const struct whatif_world *w)
{
	return w->end_ms > w->since_ms && w->end_ms <= w->until_ms && w->us;
}

static void replay(struct whatif_world *w)
{
	w->intervals++;
	w->run_us += w->us;
	w->last_ms = w->end_ms;
	if (!w->first_ms)
		w->first_ms = w->end_ms > w->us / 1000 ? w->end_ms - w->us / 1000 : 1;
	for (unsigned i = 0; i < w->end; i++)
		if (w->device[i].has_flow)
			offer(w, &w->device[i]);
	for (int i = 0; i < WHATIF_RUNS; i++)
		rerun_run(w->run[i], w->us);
}

static void close_interval(struct whatif_world *w)
{
	for (unsigned i = 0; i < w->end; i++)
		if (w->device[i].used && !w->device[i].ready)
			set_changed(w), put(w, &w->device[i]);
	if (w->open && is_wanted(w)) {
		set_capacity(w);
		if (w->unjudged)
			judge(w);
		if (w->us > RERUN_US_MAX)
			w->too_long++;
		else if (!w->capacity_bps)
			w->unknown++;
		else
			replay(w);
	}
	for (unsigned i = 0; i < w->end; i++)
		if (w->device[i].used)
			collect(w, &w->device[i]);
	if (w->changed)
		put_all(w);
	w->open = false;
}

/* --- records ---------------------------------------------------------------------------------- */

static void take_device(struct whatif_world *w, const struct rec *r)
{
	struct whatif_device *d = &w->device[r->device];
	struct whatif_row *row;

	if (d->used && d->gone) {
		close_interval(w);
		remove_gone(w, d);
	}
	if (r->uplink != w->uplink || !(row = whatif_row(w, r)))
		return;
	if (!d->used)
		*d = (struct whatif_device){.used = true, .limits = {.weight = 256}};
	d->row = (uint32_t)(row - w->row);
	if (r->device >= w->end)
		w->end = r->device + 1;
	set_changed(w);
}

static void take_keys(struct whatif_world *w, const struct rec *r)
{
	struct whatif_device *d = &w->device[r->device];

	if (!d->used)
		return;
	d->limits = r->limits;
	d->group = group_number(w, r->group);
	set_changed(w);
}

static void take_group(struct whatif_world *w, const struct rec *r)
{
	uint32_t g = r->uplink == w->uplink ? group_number(w, r->name) : 0;

	if (!g)
		return;
	w->group[g].limits = r->limits;
	set_changed(w);
}

static void take_time(struct whatif_world *w, const struct rec *r)
{
	close_interval(w);
	w->open = r->uplink == w->uplink;
	w->us = r->us;
	w->end_ms = r->end_ms;
	w->carried_bytes = 0;
}

static void take_gap(struct whatif_world *w, const struct rec *r)
{
	if (r->uplink == w->uplink && w->end_ms > w->since_ms && w->end_ms < w->until_ms)
		w->gaps++;
}

static void take_flow(struct whatif_world *w, const struct rec *r)
{
	struct whatif_device *d = &w->device[r->device];

	if (!w->open || !d->used || r->dir != REC_TX)
		return;
	d->flow = r->flow;
	d->has_flow = true;
}

static void take_capacity(struct whatif_world *w, const struct rec *r)
{
	if (!w->open)
		return;
	w->carried_bytes = r->uplink_bytes[REC_TX];
	if (r->capacity_bps[REC_TX] && r->capacity_bps[REC_TX] != w->capacity_bps) {
		w->capacity_bps = r->capacity_bps[REC_TX];
		w->unjudged = true;
	}
}

void whatif_take(struct whatif_world *w, const struct rec *r)
{
	switch (r->type) {
	case REC_DEVICE:
		take_device(w, r);
		break;
	case REC_KEYS:
		take_keys(w, r);
		break;
	case REC_GROUP:
		take_group(w, r);
		break;
	case REC_GONE:
		w->device[r->device].gone = w->device[r->device].used;
		set_changed(w);
		break;
	case REC_TIME:
		take_time(w, r);
		break;
	case REC_CAPACITY:
		take_capacity(w, r);
		break;
	case REC_FLOW:
		take_flow(w, r);
		break;
	case REC_GAP:
		take_gap(w, r);
		break;
	default:
		break;
	}
}

void whatif_end(struct whatif_world *w)
{
	close_interval(w);
}
