/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gps.c: the fluid ideal, event by event: between arrivals it goes from one flow's end to the next.
 */
#include "tests/sim/gps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sched/heap.h"

struct gps_flow {
	double arrived;	 /* bytes */
	double finish_v; /* virtual time at which its last byte leaves, INFINITY for a hog */
	double hog_v;	 /* when it became a hog; what it sent before is in `before` */
	double before;
};

/* The flows of one group, or the flows and groups at the top (level 0). */
struct gps_level {
	double v;	  /* virtual time, bytes per weight */
	double active;	  /* sum of the weights of those with something to send */
	double rate;	  /* what the level has of the link now */
	struct heap ends; /* by finish_v; positive doubles sort like their bits */
};

struct gps {
	struct gps_setup su;
	double t_ns; /* all levels are as of this time */
	struct gps_flow *flow;
	struct gps_level *level;
	uint32_t levels;
};

static uint64_t gps_key(double v)
{
	uint64_t key;

	memcpy(&key, &v, sizeof(key));
	return key;
}

struct gps *gps_new(const struct gps_setup *setup)
{
	struct gps *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->su = *setup;
	g->levels = 1 + (setup->group ? setup->groups : 0);
	g->flow = calloc(setup->n, sizeof(*g->flow));
	g->level = calloc(g->levels, sizeof(*g->level));
	if (!g->flow || !g->level)
		abort();
	for (uint32_t k = 0; k < g->levels; k++)
		if (heap_init(&g->level[k].ends, setup->n))
			abort();
	g->level[0].rate = setup->rate;
	return g;
}

void gps_free(struct gps *g)
{
	for (uint32_t k = 0; k < g->levels; k++)
		heap_fini(&g->level[k].ends);
	free(g->level);
	free(g->flow);
	free(g);
}

static uint32_t gps_level_of(const struct gps *g, uint32_t id)
{
	return g->su.group ? g->su.group[id] : 0;
}

/* Those at the top have changed: what each group has now. */
static void gps_divide(struct gps *g)
{
	for (uint32_t k = 1; k < g->levels; k++)
		g->level[k].rate = g->level[k].active ? g->su.rate * g->su.group_weight[k - 1] /
								g->level[0].active
						      : 0;
}

/* Nobody of the level has anything left: virtual time may restart at 0, which keeps it precise. */
static void gps_idle(struct gps *g, uint32_t k)
{
	for (uint32_t i = 0; i < g->su.n; i++)
		if (gps_level_of(g, i) == k)
			g->flow[i].finish_v = 0;
	g->level[k].v = 0;
	g->level[k].active = 0;
}

/* A flow begins (sign 1) or ends (-1), and so, perhaps, its group. */
static void gps_count(struct gps *g, uint32_t id, int sign)
{
	uint32_t k = gps_level_of(g, id);
	bool was = g->level[k].active > 0;

	g->level[k].active += sign * (double)g->su.weight[id];
	if (!g->level[k].active)
		gps_idle(g, k);
	if (!k || was == (g->level[k].active > 0)) {
		if (!k)
			gps_divide(g);
		return;
	}
	g->level[0].active += sign * (double)g->su.group_weight[k - 1];
	if (!g->level[0].active)
		gps_idle(g, 0);
	gps_divide(g);
}

/* How long until the first flow of the level ends; INFINITY: none will. */
static double gps_first_ns(const struct gps *g, const struct gps_level *l)
{
	double finish_v;

	if (!l->ends.n)
		return INFINITY;
	finish_v = g->flow[heap_first_id(&l->ends)].finish_v;
	return finish_v > l->v ? (finish_v - l->v) * l->active / l->rate : 0;
}

/* All levels go on by dt. */
static void gps_pass(struct gps *g, double dt)
{
	for (uint32_t k = 0; k < g->levels; k++)
		if (g->level[k].active)
			g->level[k].v += dt * g->level[k].rate / g->level[k].active;
}

/* The first flow of the level ends, now. */
static void gps_end(struct gps *g, struct gps_level *l)
{
	uint32_t id = heap_first_id(&l->ends);

	if (l->v < g->flow[id].finish_v)
		l->v = g->flow[id].finish_v;
	heap_drop(&l->ends, id);
	gps_count(g, id, -1);
}

static void gps_to(struct gps *g, double t_ns)
{
	while (g->t_ns < t_ns && g->level[0].active) {
		double first_ns = INFINITY;
		uint32_t first = 0;

		for (uint32_t k = 0; k < g->levels; k++) {
			double ns = gps_first_ns(g, &g->level[k]);

			if (ns < first_ns) {
				first_ns = ns;
				first = k;
			}
		}
		if (first_ns > t_ns - g->t_ns) {
			gps_pass(g, t_ns - g->t_ns);
			break;
		}
		gps_pass(g, first_ns);
		g->t_ns += first_ns;
		gps_end(g, &g->level[first]);
	}
	if (g->t_ns < t_ns)
		g->t_ns = t_ns;
}

void gps_arrive(struct gps *g, uint32_t id, uint64_t bytes, double t_ns)
{
	struct gps_level *l = &g->level[gps_level_of(g, id)];
	struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	if (!l->ends.pos[id]) {
		gps_count(g, id, 1);
		f->finish_v = l->v;
	}
	f->arrived += (double)bytes;
	f->finish_v += (double)bytes / g->su.weight[id];
	heap_set(&l->ends, id, gps_key(f->finish_v));
}

void gps_hog(struct gps *g, uint32_t id, double t_ns)
{
	struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	f->before = f->arrived;
	f->finish_v = INFINITY;
	f->hog_v = g->level[gps_level_of(g, id)].v;
	gps_count(g, id, 1);
}

double gps_queued(struct gps *g, uint32_t id, double t_ns)
{
	const struct gps_level *l = &g->level[gps_level_of(g, id)];

	gps_to(g, t_ns);
	return l->ends.pos[id] ? (g->flow[id].finish_v - l->v) * g->su.weight[id] : 0;
}

double gps_sent(struct gps *g, uint32_t id, double t_ns)
{
	const struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	if (isinf(f->finish_v))
		return f->before + (g->level[gps_level_of(g, id)].v - f->hog_v) * g->su.weight[id];
	return f->arrived - gps_queued(g, id, t_ns);
}
