/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c: a link, sources and a scheduler under a virtual clock, beside the fluid ideal. */
#include "tests/sim/world.h"

#include <math.h>
#include <stdlib.h>

/*
 * Events are arrivals (one pending per source at most) and a closed loop's acknowledgements.
 * Between them the link sends one frame after another. The fluid gets the same bytes at the same
 * times; what it is ahead of the scheduler in one flow is that flow's lag, which can only be worst
 * right before a frame of the flow is done, and there it is taken.
 */

static void *world_zeroes(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void world_init(struct world *w, uint32_t n, double rate_bps, uint64_t seed)
{
	*w = (struct world){.n = n,
			    .rate = rate_bps / 8e9,
			    .watch = UINT32_MAX,
			    .on_link = UINT32_MAX};
	w->flow = world_zeroes(n, sizeof(*w->flow));
	w->weight = world_zeroes(n, sizeof(*w->weight));
	w->head_bytes = world_zeroes(n, sizeof(*w->head_bytes));
	w->low_latency = world_zeroes(n, sizeof(*w->low_latency));
	for (uint32_t i = 0; i < n; i++)
		w->weight[i] = 1;
	rng_seed(&w->rng, seed);
}

void world_groups(struct world *w, uint32_t n)
{
	w->groups = n;
	w->group = world_zeroes(w->n, sizeof(*w->group));
	w->group_weight = world_zeroes(n, sizeof(*w->group_weight));
	for (uint32_t i = 0; i < n; i++)
		w->group_weight[i] = 1;
}

void world_fini(struct world *w)
{
	if (w->sched)
		w->subject->destroy(w->sched);
	if (w->gps)
		gps_free(w->gps);
	for (uint32_t i = 0; i < w->n; i++)
		free(w->flow[i].queue);
	free(w->flow);
	free(w->weight);
	free(w->head_bytes);
	free(w->low_latency);
	free(w->group);
	free(w->group_weight);
	free(w->wait_ns);
	free(w->event);
}

static double world_random(struct world *w)
{
	return (double)(rng_next(&w->rng) >> 11) * 0x1p-53;
}

static uint32_t world_size(struct world *w, struct world_flow *f)
{
	switch (f->sizes) {
	case WORLD_LEAST:
		return 64;
	case WORLD_SMALL:
		return 100;
	case WORLD_MIXED:
		return 64 + rng_below(&w->rng, WORLD_MTU_BYTES - 64 + 1);
	case WORLD_GSO:
		return (uint32_t)exp2(6 + 10 * world_random(w));
	case WORLD_ALTERNATE:
		f->turn = !f->turn;
		return f->turn ? 64 : 65536;
	case WORLD_PATTERN:
		return f->pattern[f->made % f->pattern_n];
	case WORLD_MTU:
		break;
	}
	return WORLD_MTU_BYTES;
}

static void world_schedule(struct world *w, uint32_t id, double in_ns, bool ack)
{
	struct world_event e = {w->now_ns + (uint64_t)in_ns, id, ack};
	uint32_t at = w->events++;

	if (w->events > w->events_room) {
		w->events_room = w->events_room ? 2 * w->events_room : 64;
		w->event = realloc(w->event, w->events_room * sizeof(*w->event));
		if (!w->event)
			abort();
	}
	for (; at && e.at_ns < w->event[(at - 1) / 2].at_ns; at = (at - 1) / 2)
		w->event[at] = w->event[(at - 1) / 2];
	w->event[at] = e;
}

static struct world_event world_pop(struct world *w)
{
	struct world_event first = w->event[0], e = w->event[--w->events];
	uint32_t at = 0;

	for (uint32_t kid; (kid = 2 * at + 1) < w->events; at = kid) {
		if (kid + 1 < w->events && w->event[kid + 1].at_ns < w->event[kid].at_ns)
			kid++;
		if (e.at_ns <= w->event[kid].at_ns)
			break;
		w->event[at] = w->event[kid];
	}
	w->event[at] = e;
	return first;
}

/* What the scheduler is to take a frame for. */
static uint32_t world_charge(const struct world *w, uint32_t bytes)
{
	return w->frame_cost_charged && bytes < w->frame_cost_bytes ? w->frame_cost_bytes : bytes;
}

/* Queues one frame, false if there is no room. */
static bool world_arrive(struct world *w, uint32_t id)
{
	struct world_flow *f = &w->flow[id];
	uint32_t bytes = world_size(w, f);
	bool first = !f->awake;

	f->arrived_bytes += bytes;
	f->made++;
	if (f->put - f->get == f->queue_max) {
		f->dropped_bytes += bytes;
		return false;
	}
	f->queue[f->put++ % f->queue_max] = (struct world_frame){bytes, w->now_ns};
	f->queued_bytes += bytes;
	if (w->gps && f->source != WORLD_HOG)
		gps_arrive(w->gps, id, bytes, (double)w->now_ns);
	if (first) {
		w->head_bytes[id] = world_charge(w, bytes);
		f->awake = true;
		f->served_ns = w->now_ns;
	}
	w->subject->arrive(w->sched, id, first, w->now_ns);
	return true;
}

/* A closed loop fills its window. */
static void world_fill(struct world *w, uint32_t id)
{
	struct world_flow *f = &w->flow[id];

	while (f->put - f->get + f->flying < (uint32_t)f->cwnd) {
		if (!world_arrive(w, id)) {
			f->cwnd = fmax(2, f->cwnd / 2);
			break;
		}
	}
}

static void world_event(struct world *w, struct world_event e)
{
	struct world_flow *f = &w->flow[e.id];

	switch (f->source) {
	case WORLD_BURSTS:
		for (uint32_t n = 1 + rng_below(&w->rng, 2 * f->burst_frames - 1); n; n--)
			world_arrive(w, e.id);
		world_schedule(w, e.id, -log(1 - world_random(w)) * (double)f->gap_ns, false);
		break;
	case WORLD_PERIODIC:
		world_arrive(w, e.id);
		world_schedule(w, e.id, (double)f->gap_ns * (.95 + .1 * world_random(w)), false);
		break;
	case WORLD_AIMD:
		if (e.ack) {
			f->flying--;
			f->cwnd += 1 / f->cwnd;
		}
		world_fill(w, e.id);
		break;
	case WORLD_NAP:
		f->napping = !f->napping;
		if (!f->napping && !f->awake)
			world_arrive(w, e.id);
		world_schedule(w, e.id,
			       (double)(f->napping && f->sleep_ns ? f->sleep_ns : f->gap_ns),
			       false);
		break;
	case WORLD_HOG:
	case WORLD_SILENT:
		break;
	}
}

void world_wake_source(struct world *w, uint32_t id)
{
	struct world_flow *f = &w->flow[id];

	if (!f->queue) {
		if (!f->queue_max)
			f->queue_max = 43; /* 64 KiB, as a ring of the kind holds */
		f->queue = world_zeroes(f->queue_max, sizeof(*f->queue));
	}
	f->cwnd = 2;
	if (f->source == WORLD_HOG) {
		if (w->gps)
			gps_hog(w->gps, id, (double)w->now_ns);
		while (f->put - f->get < f->queue_max)
			world_arrive(w, id);
	} else if (f->source == WORLD_NAP) {
		f->napping = true;
		world_schedule(w, id, 0, false);
	} else if (f->source != WORLD_SILENT) {
		world_schedule(w, id, world_random(w) * (double)f->gap_ns, false);
	}
}

void world_start(struct world *w, const struct subject *subject, bool gps)
{
	const struct subject_setup su = {.n = w->n,
					 .quantum_bytes = WORLD_MTU_BYTES,
					 .seed = rng_next(&w->rng),
					 .weight = w->weight,
					 .head_bytes = w->head_bytes,
					 .low_latency = w->low_latency,
					 .rule = w->rule,
					 .group = w->group,
					 .group_weight = w->group_weight,
					 .groups = w->groups,
					 .capacity_bps =
						 (uint64_t)(w->believed_bps > 0 ? w->believed_bps
										: w->rate * 8e9)};

	w->subject = subject;
	w->sched = subject->make(&su);
	if (gps)
		w->gps = gps_new(&(struct gps_setup){.n = w->n,
						     .weight = w->weight,
						     .group = w->group,
						     .group_weight = w->group_weight,
						     .groups = w->groups,
						     .rate = w->rate});
	for (uint32_t i = 0; i < w->n; i++)
		if (w->flow[i].source != WORLD_SILENT)
			world_wake_source(w, i);
}

static void world_watch(struct world *w, double wait_ns)
{
	if (w->waits == w->waits_room) {
		w->waits_room = w->waits_room ? 2 * w->waits_room : 1024;
		w->wait_ns = realloc(w->wait_ns, w->waits_room * sizeof(*w->wait_ns));
		if (!w->wait_ns)
			abort();
	}
	w->wait_ns[w->waits++] = wait_ns;
}

/* What is counted when a frame leaves the link, before it counts as sent. */
static void world_measure(struct world *w, uint32_t id, const struct world_frame *fr)
{
	struct world_flow *f = &w->flow[id];
	double wait_ns = (double)(w->now_ns - f->served_ns);

	if (w->gps) {
		double lag = gps_sent(w->gps, id, (double)w->now_ns) - (double)f->sent_bytes;

		if (lag > f->worst_lag_bytes)
			f->worst_lag_bytes = lag;
		if (lag > w->worst_lag_bytes)
			w->worst_lag_bytes = lag;
	}
	if (wait_ns > f->worst_wait_ns)
		f->worst_wait_ns = wait_ns;
	f->served_ns = w->now_ns;
	if (id == w->watch)
		world_watch(w, (double)(w->now_ns - fr->since_ns));
}

static void world_done(struct world *w)
{
	uint32_t id = w->on_link;
	struct world_flow *f = &w->flow[id];
	struct world_frame fr = f->queue[f->get % f->queue_max];

	world_measure(w, id, &fr);
	w->on_link = UINT32_MAX;
	f->get++;
	f->sent_bytes += fr.bytes;
	f->queued_bytes -= fr.bytes;
	if (f->source == WORLD_HOG || (f->source == WORLD_NAP && !f->napping && f->put == f->get))
		world_arrive(w, id);
	f->awake = f->put != f->get;
	w->head_bytes[id] = f->awake ? world_charge(w, f->queue[f->get % f->queue_max].bytes) : 0;
	w->subject->served(w->sched, id, world_charge(w, fr.bytes), f->awake, w->now_ns);
	if (f->source == WORLD_AIMD) {
		f->flying++;
		world_schedule(w, id, (double)f->gap_ns, true);
	}
	if (w->sent)
		w->sent(w, id, fr.bytes);
}

/* Puts the next frame on the link; false when nobody has one. */
static bool world_next(struct world *w)
{
	uint32_t id = w->subject->draw(w->sched, w->now_ns), bytes;
	double ns;

	if (id == UINT32_MAX)
		return false;
	if (!w->flow[id].awake) {
		w->errors++;
		return false;
	}
	bytes = w->head_bytes[id] > w->frame_cost_bytes ? w->head_bytes[id] : w->frame_cost_bytes;
	ns = bytes / w->rate + w->done_frac;
	w->on_link = id;
	w->done_ns = w->now_ns + (uint64_t)ns;
	w->done_frac = ns - (double)(uint64_t)ns;
	w->busy_ns += (uint64_t)ns;
	return true;
}

static bool world_any_awake(const struct world *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->flow[i].awake)
			return true;
	return false;
}

void world_run(struct world *w, uint64_t until_ns)
{
	for (;;) {
		uint64_t event_ns = w->events ? w->event[0].at_ns : UINT64_MAX;
		uint64_t link_ns = w->on_link != UINT32_MAX ? w->done_ns : UINT64_MAX;
		uint64_t next_ns = event_ns < link_ns ? event_ns : link_ns;
		uint64_t token_ns = UINT64_MAX;

		if (link_ns == UINT64_MAX && event_ns > w->now_ns) {
			if (world_next(w))
				continue;
			token_ns = w->subject->next ? w->subject->next(w->sched) : UINT64_MAX;
			if (token_ns < next_ns)
				next_ns = token_ns;
			if (world_any_awake(w) && token_ns == UINT64_MAX)
				w->idle_ns += (next_ns < until_ns ? next_ns : until_ns) - w->now_ns;
		}
		if (next_ns > until_ns)
			break;
		w->now_ns = next_ns;
		if (next_ns == token_ns && token_ns < event_ns)
			continue;
		if (link_ns <= event_ns)
			world_done(w);
		else
			world_event(w, world_pop(w));
	}
	w->now_ns = until_ns;
}

static int world_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double world_quantile(double *x, uint32_t n, double p)
{
	if (!n)
		return 0;
	qsort(x, n, sizeof(*x), world_compare);
	return x[(uint32_t)(p * (n - 1) + .5)];
}
