/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: counters are compared with those of the interval before. An interval ends
 * when the daemon has written its numbers again. A daemon rests when nothing passes: then the next
 * interval is one period long, whatever lies between. A daemon that is gone, or another one that
 * writes another file, makes a gap, behind which all devices are new.
 */
#include "backend/ctl/recording.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)
#define PERIOD_NS (100 * NS_PER_MS)
#define REST_NS	  (1000 * NS_PER_MS) /* between intervals: shorter is only late */

struct taking {
	struct recording *r;
	const struct top_sample *s;
	bool first; /* of the uplink: there is no interval yet */
	recording_emit *emit;
	void *arg;
};

void recording_init(struct recording *r, uint64_t start_ms, uint64_t start_ns)
{
	*r = (struct recording){.start_ms = start_ms, .start_ns = start_ns};
}

void recording_free(struct recording *r)
{
	free(r->device);
	r->device = NULL;
	r->devices = 0;
}

uint64_t recording_ms(const struct recording *r, uint64_t now_ns)
{
	int64_t passed_ms = ((int64_t)now_ns - (int64_t)r->start_ns) / (int64_t)NS_PER_MS;

	return r->start_ms + (uint64_t)passed_ms;
}

static void copy_text(rec_text out, const char *from)
{
	size_t len = strnlen(from, REC_TEXT_MAX);

	memset(out, 0, REC_TEXT_MAX + 1);
	memcpy(out, from, len);
}

/* --- devices ---------------------------------------------------------------------------------- */

static bool is_same(const struct top_device *a, const struct top_device *b)
{
	return a->domid == b->domid && a->id == b->id && memcmp(a->uuid, b->uuid, 16) == 0;
}

/* Did a counter begin again? Then the device has connected again. */
static bool is_reset(const struct top_device *was, const struct top_device *now)
{
	for (unsigned dir = 0; dir < TOP_DIRS; dir++) {
		const struct top_flow *a = &was->flow[dir], *b = &now->flow[dir];

		if (b->bytes < a->bytes || b->frames < a->frames ||
		    b->backlogged_us < a->backlogged_us || b->lent_bytes < a->lent_bytes ||
		    b->borrowed_bytes < a->borrowed_bytes)
			return true;
	}
	return false;
}

static struct recording_device *find_device(struct recording *r, unsigned uplink,
					    const struct top_device *d)
{
	for (unsigned i = 0; i < r->devices; i++)
		if (r->device[i].used && r->device[i].uplink == uplink &&
		    is_same(&r->device[i].was, d))
			return &r->device[i];
	return NULL;
}

/* A number that is free; NULL: all are taken, or there is no memory. */
static struct recording_device *free_device(struct recording *r)
{
	struct recording_device *more;

	for (unsigned i = 0; i < r->devices; i++)
		if (!r->device[i].used)
			return &r->device[i];
	if (r->devices == REC_DEVICES_MAX)
		return NULL;
	more = realloc(r->device, (r->devices + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->device = more;
	return &more[r->devices++];
}

static unsigned number_of(const struct recording *r, const struct recording_device *d)
{
	return (unsigned)(d - r->device);
}

static void emit_device(const struct taking *t, const struct recording_device *d)
{
	struct rec rec = {.type = REC_DEVICE,
			  .device = number_of(t->r, d),
			  .uplink = d->uplink,
			  .domid = d->was.domid,
			  .id = d->was.id};

	memcpy(rec.uuid, d->was.uuid, sizeof(rec.uuid));
	copy_text(rec.name, d->was.name);
	t->emit(t->arg, &rec);
}

static void drop_device(const struct taking *t, struct recording_device *d)
{
	t->emit(t->arg, &(struct rec){.type = REC_GONE, .device = number_of(t->r, d)});
	d->used = false;
}

/* Gone are those of the uplink that were not seen. */
static void drop_devices(const struct taking *t, unsigned uplink)
{
	for (unsigned i = 0; i < t->r->devices; i++)
		if (t->r->device[i].used && t->r->device[i].uplink == uplink &&
		    !t->r->device[i].seen)
			drop_device(t, &t->r->device[i]);
}

/*
 * The record of a device, with the counters it had. Counters of one that came since the uplink's
 * first interval began with 0.
 */
static struct recording_device *take_device(const struct taking *t, unsigned uplink,
					    const struct top_device *now)
{
	struct recording_device *d = find_device(t->r, uplink, now);

	if (d && is_reset(&d->was, now)) {
		drop_device(t, d);
		d = NULL;
	}
	if (d)
		return d;
	d = free_device(t->r);
	if (!d) {
		t->r->left_out++;
		return NULL;
	}
	*d = (struct recording_device){.used = true, .uplink = uplink, .was = *now};
	if (!t->first) {
		memset(d->was.flow, 0, sizeof(d->was.flow));
		memset(d->was.drop, 0, sizeof(d->was.drop));
	}
	emit_device(t, d);
	return d;
}

/* --- what a device did ------------------------------------------------------------------------ */

static struct rec_limits limits_of(const struct top_device *d)
{
	struct rec_limits l = {.weight = d->weight};

	for (unsigned dir = 0; dir < TOP_DIRS; dir++) {
		l.min_bps[dir] = d->flow[dir].min_bps;
		l.max_bps[dir] = d->flow[dir].max_bps;
	}
	return l;
}

static void take_keys(const struct taking *t, struct recording_device *d,
		      const struct top_device *now)
{
	struct rec rec = {.type = REC_KEYS, .device = number_of(t->r, d), .limits = limits_of(now)};
	struct rec_limits before = limits_of(&d->was);

	if (d->has_keys && memcmp(&before, &rec.limits, sizeof(before)) == 0 &&
	    strcmp(d->was.group, now->group) == 0)
		return;
	d->has_keys = true;
	copy_text(rec.group, now->group);
	t->emit(t->arg, &rec);
}

static struct rec_flow difference(const struct top_flow *was, const struct top_flow *now)
{
	struct rec_flow f = {
		.bytes = now->bytes - was->bytes,
		.frames = now->frames - was->frames,
		.waiting_bytes = now->waiting_bytes,
		.backlogged_us = now->backlogged_us - was->backlogged_us,
		.entitled_bytes = now->entitled_bytes - was->entitled_bytes,
		.had_bytes = now->had_bytes - was->had_bytes,
		.lent_bytes = now->lent_bytes - was->lent_bytes,
		.borrowed_bytes = now->borrowed_bytes - was->borrowed_bytes,
		.balance_bytes = now->balance_bytes,
		.outlook_bps = now->promise_bps,
	};

	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		f.wait[i] = now->wait[i] - was->wait[i];
	return f;
}

static void take_flow(const struct taking *t, const struct recording_device *d,
		      const struct top_device *now, unsigned dir)
{
	const struct top_flow *was = &d->was.flow[dir];
	struct rec rec = {.type = REC_FLOW, .device = number_of(t->r, d), .dir = dir};
	const struct rec_flow *f = &rec.flow;

	rec.flow = difference(was, &now->flow[dir]);
	if (f->bytes || f->frames || f->waiting_bytes || f->backlogged_us || f->lent_bytes ||
	    f->borrowed_bytes || f->had_bytes || f->balance_bytes != was->balance_bytes ||
	    was->waiting_bytes)
		t->emit(t->arg, &rec);
}

static void take_drops(const struct taking *t, const struct recording_device *d,
		       const struct top_device *now)
{
	for (unsigned i = 0; i < now->drops; i++) {
		struct rec rec = {.type = REC_DROP,
				  .device = number_of(t->r, d),
				  .bytes = now->drop[i].frames - d->was.drop[i].frames};

		if (now->drop[i].frames <= d->was.drop[i].frames)
			continue;
		copy_text(rec.name, now->drop[i].reason);
		t->emit(t->arg, &rec);
	}
}

static void take_numbers(const struct taking *t, struct recording_device *d,
			 const struct top_device *now)
{
	bool renamed = strcmp(d->was.name, now->name) != 0;

	take_keys(t, d, now);
	if (!t->first) {
		take_flow(t, d, now, TOP_TX);
		take_flow(t, d, now, TOP_RX);
		take_drops(t, d, now);
	}
	d->was = *now;
	if (renamed)
		emit_device(t, d);
}

static void take_devices(const struct taking *t, unsigned uplink, const char *name)
{
	for (unsigned i = 0; i < t->r->devices; i++)
		t->r->device[i].seen = false;
	for (unsigned i = 0; i < t->s->devices; i++) {
		const struct top_device *now = &t->s->device[i];
		struct recording_device *d = NULL;

		if (now->counted && strcmp(now->uplink, name) == 0)
			d = take_device(t, uplink, now);
		if (!d)
			continue;
		d->seen = true;
		take_numbers(t, d, now);
	}
	drop_devices(t, uplink);
}

/* --- uplinks ---------------------------------------------------------------------------------- */

/* By its name, or with the next number. REC_UPLINKS_MAX: all are taken. */
static unsigned find_uplink(struct recording *r, const char *name)
{
	unsigned i = 0;

	while (i < REC_UPLINKS_MAX && r->uplink[i].named && strcmp(r->uplink[i].name, name) != 0)
		i++;
	return i;
}

static void name_uplink(const struct taking *t, unsigned number, const char *name)
{
	struct recording_uplink *u = &t->r->uplink[number];
	struct rec rec = {.type = REC_UPLINK, .uplink = number};

	if (u->named)
		return;
	u->named = true;
	memcpy(u->name, name, sizeof(u->name));
	copy_text(rec.name, name);
	t->emit(t->arg, &rec);
}

static void begin_gap(const struct taking *t, unsigned number, const char *why)
{
	struct recording_uplink *u = &t->r->uplink[number];
	struct rec rec = {.type = REC_GAP, .uplink = number};

	if (!u->known)
		return;
	u->known = false;
	copy_text(rec.name, why);
	t->emit(t->arg, &rec);
	for (unsigned i = 0; i < t->r->devices; i++)
		t->r->device[i].seen = false;
	drop_devices(t, number);
}

static void keep_uplink(struct recording_uplink *u, const struct top_uplink *now)
{
	u->known = true;
	u->file = now->file;
	u->written_ns = now->written_ns;
	memcpy(u->bytes, now->bytes, sizeof(u->bytes));
	u->quiet = now->rate_bps[TOP_TX] == 0 && now->rate_bps[TOP_RX] == 0;
}

static void emit_interval(const struct taking *t, unsigned number, const struct top_uplink *now)
{
	const struct recording_uplink *u = &t->r->uplink[number];
	uint64_t ns = now->written_ns - u->written_ns;
	struct rec rec = {.type = REC_TIME, .uplink = number};

	rec.us = (u->quiet && ns > REST_NS ? PERIOD_NS : ns) / 1000;
	rec.end_ms = recording_ms(t->r, now->written_ns);
	t->emit(t->arg, &rec);
	rec = (struct rec){.type = REC_CAPACITY};
	for (unsigned dir = 0; dir < TOP_DIRS; dir++) {
		rec.capacity_bps[dir] = now->capacity_bps[dir];
		rec.uplink_bytes[dir] = now->bytes[dir] - u->bytes[dir];
	}
	t->emit(t->arg, &rec);
}

/* True: an interval ended. */
static bool take_uplink(struct taking *t, unsigned number, const struct top_uplink *now)
{
	struct recording_uplink *u = &t->r->uplink[number];

	if (now->why[0]) {
		begin_gap(t, number, "daemon-gone");
		return false;
	}
	if (u->known && (u->file != now->file || now->written_ns < u->written_ns))
		begin_gap(t, number, "daemon-restarted");
	if (!now->written_ns || (u->known && now->written_ns == u->written_ns))
		return false;
	t->first = !u->known;
	if (!t->first)
		emit_interval(t, number, now);
	keep_uplink(u, now);
	take_devices(t, number, u->name);
	return !t->first;
}

void recording_take(struct recording *r, const struct top_sample *s, recording_emit *emit,
		    recording_more *more, void *arg)
{
	struct taking t = {.r = r, .s = s, .emit = emit, .arg = arg};

	for (unsigned i = 0; i < s->uplinks; i++) {
		unsigned number = find_uplink(r, s->uplink[i].name);

		if (number == REC_UPLINKS_MAX)
			continue;
		name_uplink(&t, number, s->uplink[i].name);
		if (take_uplink(&t, number, &s->uplink[i]) && more)
			more(arg, number, r->uplink[number].name);
	}
}
