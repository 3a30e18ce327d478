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

struct gps {
	const uint32_t *weight;
	double rate;
	double v, t_ns; /* virtual time (bytes per weight) as of t_ns */
	double active;	/* sum of the weights of those with something to send */
	uint32_t n;
	struct gps_flow *flow;
	struct heap ends; /* by finish_v; positive doubles sort like their bits */
};

static uint64_t gps_key(double v)
{
	uint64_t key;

	memcpy(&key, &v, sizeof(key));
	return key;
}

struct gps *gps_new(uint32_t n, const uint32_t *weight, double rate)
{
	struct gps *g = calloc(1, sizeof(*g));

	if (!g || !(g->flow = calloc(n, sizeof(*g->flow))) || heap_init(&g->ends, n))
		abort();
	g->weight = weight;
	g->rate = rate;
	g->n = n;
	return g;
}

void gps_free(struct gps *g)
{
	heap_fini(&g->ends);
	free(g->flow);
	free(g);
}

/* Nobody has anything left: virtual time may restart at 0, which keeps it precise. */
static void gps_idle(struct gps *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		g->flow[i].finish_v = 0;
	g->v = 0;
	g->active = 0;
}

static void gps_to(struct gps *g, double t_ns)
{
	while (g->t_ns < t_ns) {
		double dt = t_ns - g->t_ns, dv;
		uint32_t id;

		if (!g->active)
			break;
		dv = dt * g->rate / g->active;
		if (!g->ends.n || g->flow[heap_first_id(&g->ends)].finish_v > g->v + dv) {
			g->v += dv;
			break;
		}
		id = heap_first_id(&g->ends);
		if (g->flow[id].finish_v > g->v) {
			g->t_ns += (g->flow[id].finish_v - g->v) * g->active / g->rate;
			g->v = g->flow[id].finish_v;
		}
		heap_drop(&g->ends, id);
		g->active -= g->weight[id];
		if (!g->active)
			gps_idle(g);
	}
	if (g->t_ns < t_ns)
		g->t_ns = t_ns;
}

void gps_arrive(struct gps *g, uint32_t id, uint64_t bytes, double t_ns)
{
	struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	if (!g->ends.pos[id]) {
		g->active += g->weight[id];
		f->finish_v = g->v;
	}
	f->arrived += (double)bytes;
	f->finish_v += (double)bytes / g->weight[id];
	heap_set(&g->ends, id, gps_key(f->finish_v));
}

void gps_hog(struct gps *g, uint32_t id, double t_ns)
{
	struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	f->before = f->arrived;
	f->finish_v = INFINITY;
	f->hog_v = g->v;
	g->active += g->weight[id];
}

double gps_queued(struct gps *g, uint32_t id, double t_ns)
{
	gps_to(g, t_ns);
	return g->ends.pos[id] ? (g->flow[id].finish_v - g->v) * g->weight[id] : 0;
}

double gps_sent(struct gps *g, uint32_t id, double t_ns)
{
	const struct gps_flow *f = &g->flow[id];

	gps_to(g, t_ns);
	if (isinf(f->finish_v))
		return f->before + (g->v - f->hog_v) * g->weight[id];
	return f->arrived - gps_queued(g, id, t_ns);
}
