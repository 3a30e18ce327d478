/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rerun.c: demand of the past through the scheduler and its credits, on a virtual clock. */
#include "backend/rerun/rerun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/credit/ledger_group.h"
#include "backend/credit/repay.h"
#include "backend/frame/frame.h"
#include "backend/frame/frame_cost.h"
#include "backend/sched/heap.h"
#include "backend/sched/sched_group.h"

/*
 * Theory of operation
 *
 * A device has a queue of lumps. A lump is one frame of the interval's mean size, or several of
 * them, as many as the link carries in the time that one frame may take (SCHED_FRAME_NS): fast
 * links take no more steps than slow ones. The heap has who is to get its next lump when. A greedy
 * device is not in the heap: as a lump leaves its queue, the next one comes. The link carries one
 * lump after the other, in the order that the scheduler draws.
 *
 * Lumps of a greedy device are smaller, since others wait for one of each greedy device in turn:
 * a quarter of what the device has waiting, and a turn of all takes 1 ms; but no less than the link
 * carries in 20 us, which bounds the steps.
 *
 * A queue holds what the device sent in 100 ms lately, as a ring does; what comes beyond is not
 * sent. So a guest that may send less than it did has that delay, and no more.
 */
#define LUMPS_MAX    1024u	/* in a queue; power of two */
#define LUMP_MAX     (1u << 20) /* bytes */
#define QUEUE_MIN    65536u
#define QUEUE_MAX    (16u << 20)
#define QUEUE_NS     100000000ull
#define GREEDY_LUMPS 2u
#define GREEDY_PARTS 4u /* lumps of what it has waiting */
#define TURN_NS	     1000000ull
#define LUMP_MIN_NS  20000ull
/* Offered in 100 ms: more than any host sends, which bounds the time that a recording takes. */
#define OFFER_LUMPS  (16u * LUMPS_MAX)	   /* by one device */
#define OFFERS_LUMPS (64u * RERUN_DEVICES) /* by all */
#define NS_PER_BIT   8000000000ull	   /* and byte per second */

struct lump {
	uint64_t since_ns;
	uint32_t bytes, frames;
};

struct device {
	bool there, greedy;
	uint32_t group;
	struct lump *queue; /* NULL: none came yet */
	uint32_t get, put;
	uint64_t queued_bytes, limit_bytes;
	/* the offer */
	uint32_t lump_bytes, lump_frames;
	uint64_t next_ns, gap_ns, left_bytes, keep_bytes;
	uint64_t interval_bytes; /* sent in this interval */
	struct rerun_had had;
};

struct rerun {
	struct sched *sched;
	struct ledger *ledger;
	struct repay repay;
	struct heap heap;
	struct device *device;
	uint32_t end; /* ids below were there */
	bool group[RERUN_GROUPS + 1];
	uint64_t now_ns, end_ns;
	uint64_t free_ns; /* when the link can take the next lump */
	uint32_t cost_bytes;
};

/* --- who is there ----------------------------------------------------------------------------- */

struct rerun *rerun_new(uint64_t seed)
{
	struct rerun *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->sched = sched_new(RERUN_DEVICES, FRAME_WIRE_FULL, seed);
	r->ledger = ledger_new(RERUN_DEVICES, RERUN_REPAYMENT);
	r->device = calloc(RERUN_DEVICES, sizeof(*r->device));
	if (heap_init(&r->heap, RERUN_DEVICES) < 0 || !r->sched || !r->ledger || !r->device) {
		rerun_free(r);
		return NULL;
	}
	r->repay = (struct repay){.sched = r->sched, .ledger = r->ledger, .end_ns = REPAY_EPOCH_NS};
	return r;
}

void rerun_free(struct rerun *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; r->device && i < r->end; i++)
		free(r->device[i].queue);
	free(r->device);
	heap_fini(&r->heap);
	ledger_free(r->ledger);
	sched_free(r->sched);
	free(r);
}

bool rerun_has(const struct rerun *r, uint32_t id)
{
	return id < RERUN_DEVICES && r->device[id].there;
}

static int add(struct rerun *r, uint32_t id, const struct sched_rule *rule)
{
	struct credit_id who = {.ldp = id};
	int ret = sched_add(r->sched, id, rule);

	if (ret < 0)
		return ret;
	r->device[id].there = true;
	ledger_attach(r->ledger, id, &who, rule->weight);
	if (id >= r->end)
		r->end = id + 1;
	r->repay.ldps = r->end;
	return 0;
}

/* A group that nothing is known of has the default weight. */
static int make_group(struct rerun *r, uint32_t group)
{
	if (group == 0 || r->group[group])
		return 0;
	return rerun_put_group(r, group, &(struct sched_rule){.weight = LEDGER_GROUP_WEIGHT});
}

static int join(struct rerun *r, uint32_t id, uint32_t group)
{
	int ret = make_group(r, group);

	if (ret == 0)
		ret = sched_join(r->sched, id, group, r->now_ns);
	if (ret < 0)
		return ret;
	r->device[id].group = group;
	ledger_set_group(r->ledger, id, group);
	return 0;
}

int rerun_put(struct rerun *r, uint32_t id, const struct sched_rule *rule, uint32_t group)
{
	int ret;

	if (id >= RERUN_DEVICES || group > RERUN_GROUPS)
		return -EINVAL;
	if (!r->device[id].there) {
		ret = add(r, id, rule);
	} else {
		ret = sched_set_rule(r->sched, id, rule, r->now_ns);
		if (ret == 0)
			ledger_set_weight(r->ledger, id, rule->weight);
	}
	if (ret == 0 && group != r->device[id].group)
		ret = join(r, id, group);
	return ret;
}

int rerun_put_group(struct rerun *r, uint32_t group, const struct sched_rule *rule)
{
	int ret;

	if (group < 1 || group > RERUN_GROUPS)
		return -EINVAL;
	ret = sched_set_group(r->sched, group, rule, r->now_ns);
	if (ret < 0)
		return ret;
	r->group[group] = true;
	ledger_set_group_weight(r->ledger, group, rule->weight);
	if (group > r->repay.groups)
		r->repay.groups = group;
	return 0;
}

void rerun_remove(struct rerun *r, uint32_t id)
{
	struct device *d;

	if (!rerun_has(r, id))
		return;
	d = &r->device[id];
	sched_remove(r->sched, id);
	ledger_detach(r->ledger, id);
	ledger_close(r->ledger, &(struct credit_id){.ldp = id});
	heap_drop(&r->heap, id);
	free(d->queue);
	*d = (struct device){.there = false};
}

void rerun_capacity(struct rerun *r, uint64_t bps)
{
	if (bps > RERUN_BPS_MAX)
		bps = RERUN_BPS_MAX;
	if (bps == r->repay.capacity_bps || bps == 0)
		return;
	r->repay.capacity_bps = bps;
	r->cost_bytes = frame_cost_bytes(FRAME_COST_AUTO, bps);
	sched_set_capacity(r->sched, bps);
}

/* --- what they send --------------------------------------------------------------------------- */

/* What the link carries in that time. */
static uint64_t carries(const struct rerun *r, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)r->repay.capacity_bps * ns / NS_PER_BIT);
}

/* Frames of the mean size, as many as may be in a lump. */
static void set_lump(const struct rerun *r, struct device *d, uint32_t id,
		     const struct rerun_offer *o)
{
	uint64_t mean = o->frames && o->bytes > o->frames ? o->bytes / o->frames : FRAME_WIRE_FULL;
	uint64_t cap = sched_ldp_cap_bytes(r->sched, id);

	if (mean < FRAME_WIRE_MIN)
		mean = FRAME_WIRE_MIN;
	if (mean > LUMP_MAX)
		mean = LUMP_MAX;
	if (cap > LUMP_MAX)
		cap = LUMP_MAX;
	d->lump_frames = cap > mean ? (uint32_t)(cap / mean) : 1;
	d->lump_bytes = d->lump_frames * (uint32_t)mean;
}

static void set_limit(const struct rerun *r, struct device *d)
{
	uint64_t most = carries(r, QUEUE_NS);

	if (most > QUEUE_MAX)
		most = QUEUE_MAX;
	if (d->limit_bytes < QUEUE_MIN)
		d->limit_bytes = QUEUE_MIN;
	if (d->limit_bytes > most)
		d->limit_bytes = most;
	if (d->limit_bytes < 2ull * d->lump_bytes)
		d->limit_bytes = 2ull * d->lump_bytes;
}

/* False: there is no room. */
static bool arrive(struct rerun *r, uint32_t id, uint64_t bytes)
{
	struct device *d = &r->device[id];
	uint32_t frames = d->lump_frames;

	if (!d->queue)
		d->queue = malloc(LUMPS_MAX * sizeof(*d->queue));
	if (!d->queue || d->put - d->get == LUMPS_MAX || d->queued_bytes + bytes > d->limit_bytes)
		return false;
	if (bytes < d->lump_bytes)
		frames = (uint32_t)(bytes * frames / d->lump_bytes) + 1;
	d->queue[d->put++ % LUMPS_MAX] = (struct lump){r->now_ns, (uint32_t)bytes, frames};
	d->queued_bytes += bytes;
	if (d->put - d->get == 1)
		sched_wake(r->sched, id, r->now_ns);
	return true;
}

static void keep_full(struct rerun *r, uint32_t id)
{
	struct device *d = &r->device[id];

	while (d->greedy && (d->queued_bytes < d->keep_bytes || d->put - d->get < GREEDY_LUMPS) &&
	       arrive(r, id, d->lump_bytes))
		;
}

/* The next lump, or less if that is all. */
static void next_lump(struct rerun *r, uint32_t id)
{
	struct device *d = &r->device[id];
	uint64_t bytes = d->left_bytes < d->lump_bytes ? d->left_bytes : d->lump_bytes;

	arrive(r, id, bytes);
	d->left_bytes -= bytes;
	d->next_ns += d->gap_ns;
	if (d->left_bytes)
		heap_set(&r->heap, id, d->next_ns);
	else
		heap_drop(&r->heap, id);
}

void rerun_offer(struct rerun *r, uint32_t id, const struct rerun_offer *o)
{
	struct device *d;

	if (!rerun_has(r, id) || r->repay.capacity_bps == 0)
		return;
	d = &r->device[id];
	set_lump(r, d, id, o);
	d->greedy = o->greedy;
	d->left_bytes = o->greedy ? 0 : o->bytes;
	d->keep_bytes = o->waiting_bytes < QUEUE_MAX ? o->waiting_bytes : QUEUE_MAX;
	if (o->greedy && d->limit_bytes < d->keep_bytes + d->lump_bytes)
		d->limit_bytes = d->keep_bytes + d->lump_bytes;
	set_limit(r, d);
}

/* At most `lumps`, evenly over the interval. Returns how many it has. */
static uint64_t spread(struct rerun *r, uint32_t id, uint64_t ns, uint64_t lumps)
{
	struct device *d = &r->device[id];
	uint64_t most = lumps * d->lump_bytes;

	if (d->left_bytes > most)
		d->left_bytes = most;
	if (!d->left_bytes)
		return 0;
	lumps = (d->left_bytes + d->lump_bytes - 1) / d->lump_bytes;
	d->gap_ns = ns / lumps;
	d->next_ns = r->now_ns + d->gap_ns / 2;
	heap_set(&r->heap, id, d->next_ns);
	return lumps;
}

static uint32_t count_greedy(const struct rerun *r)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < r->end; id++)
		n += r->device[id].greedy;
	return n;
}

/* The most that a lump of one of `greedy` devices may have. */
static void shrink_lump(const struct rerun *r, struct device *d, uint32_t greedy)
{
	uint32_t mean = d->lump_bytes / d->lump_frames;
	uint64_t most = carries(r, TURN_NS) / greedy, least = carries(r, LUMP_MIN_NS);

	if (most > d->keep_bytes / GREEDY_PARTS)
		most = d->keep_bytes / GREEDY_PARTS;
	if (least < 2 * d->keep_bytes / LUMPS_MAX)
		least = 2 * d->keep_bytes / LUMPS_MAX;
	if (most < least)
		most = least;
	if (most / mean < d->lump_frames)
		d->lump_frames = most > mean ? (uint32_t)(most / mean) : 1;
	d->lump_bytes = d->lump_frames * mean;
}

/* Nobody offers more than twice what the link carries. */
static void begin_offers(struct rerun *r, uint64_t ns)
{
	uint64_t most = 2 * carries(r, ns) + QUEUE_MAX, parts = ns / QUEUE_NS + 1;
	uint64_t lumps = parts * OFFERS_LUMPS;
	uint32_t greedy = count_greedy(r);

	for (uint32_t id = 0; id < r->end; id++) {
		struct device *d = &r->device[id];
		uint64_t own = parts * OFFER_LUMPS < lumps ? parts * OFFER_LUMPS : lumps;

		d->interval_bytes = 0;
		if (d->greedy)
			shrink_lump(r, d, greedy);
		if (d->left_bytes > most)
			d->left_bytes = most;
		lumps -= spread(r, id, ns, own);
		keep_full(r, id);
	}
}

static void end_offers(struct rerun *r, uint64_t ns)
{
	for (uint32_t id = 0; id < r->end; id++) {
		struct device *d = &r->device[id];

		while (d->left_bytes)
			next_lump(r, id);
		d->greedy = false;
		d->limit_bytes = (uint64_t)((unsigned __int128)d->interval_bytes * QUEUE_NS / ns);
	}
}

/* --- the link --------------------------------------------------------------------------------- */

/* Time goes on with each step. */
static uint64_t later(const struct rerun *r, uint64_t when_ns)
{
	return when_ns > r->now_ns ? when_ns : r->now_ns + 1;
}

static void count(struct device *d, const struct lump *l, uint64_t now_ns)
{
	d->had.bytes += l->bytes;
	d->had.wait[stats_bucket((now_ns - l->since_ns) / 1000)] += l->frames;
	d->interval_bytes += l->bytes;
}

/* The lump leaves, and the link is busy with it. */
static void send(struct rerun *r, uint32_t id)
{
	struct device *d = &r->device[id];
	struct lump l = d->queue[d->get++ % LUMPS_MAX];
	uint64_t cost = (uint64_t)l.frames * r->cost_bytes;
	uint32_t charge = cost > l.bytes ? (uint32_t)cost : l.bytes;

	count(d, &l, r->now_ns);
	d->queued_bytes -= l.bytes;
	keep_full(r, id);
	r->free_ns = later(r, r->now_ns + l.bytes * NS_PER_BIT / r->repay.capacity_bps);
	sched_served(r->sched, id, l.bytes, charge, d->put != d->get, r->now_ns);
	repay_served(&r->repay, id, charge, r->now_ns);
}

/* When the link should be looked at again, if nothing comes meanwhile. */
static uint64_t serve(struct rerun *r)
{
	uint32_t id;

	if (r->now_ns < r->free_ns)
		return r->free_ns;
	id = sched_draw(r->sched, r->now_ns);
	if (id == SCHED_NONE) {
		r->repay.idled = true;
		return later(r, sched_next_ns(r->sched));
	}
	send(r, id);
	return r->free_ns;
}

void rerun_run(struct rerun *r, uint64_t us)
{
	uint64_t ns = (us < RERUN_US_MAX ? us : RERUN_US_MAX) * 1000;

	if (ns == 0 || r->repay.capacity_bps == 0)
		return;
	r->end_ns = r->now_ns + ns;
	begin_offers(r, ns);
	for (;;) {
		uint64_t link_ns = serve(r), come_ns = heap_first_ns(&r->heap);
		uint64_t next_ns = link_ns < come_ns ? link_ns : come_ns;

		if (next_ns >= r->end_ns)
			break;
		if (next_ns > r->now_ns)
			r->now_ns = next_ns;
		while (heap_first_ns(&r->heap) <= r->now_ns)
			next_lump(r, heap_first_id(&r->heap));
	}
	r->now_ns = r->end_ns;
	end_offers(r, ns);
}

void rerun_take(struct rerun *r, uint32_t id, struct rerun_had *out)
{
	memset(out, 0, sizeof(*out));
	if (!rerun_has(r, id))
		return;
	*out = r->device[id].had;
	memset(&r->device[id].had, 0, sizeof(r->device[id].had));
}
