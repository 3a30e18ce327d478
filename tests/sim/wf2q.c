/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wf2q.c: WF2Q+ (Bennett and Zhang, 1996) with a heap of those eligible and one of those not yet.
 */
#include <stdlib.h>

#include "backend/sched/heap.h"
#include "tests/sim/subject.h"

struct wf2q_flow {
	uint64_t start, finish; /* of the head frame, 2^-16 bytes per weight */
};

struct wf2q {
	struct subject_setup su;
	struct wf2q_flow *flow;
	struct heap eligible, waiting; /* by finish; by start */
	uint64_t v, total;
};

static void *wf2q_make(const struct subject_setup *su)
{
	struct wf2q *w = calloc(1, sizeof(*w));

	if (!w || !(w->flow = calloc(su->n, sizeof(*w->flow))) || heap_init(&w->eligible, su->n) ||
	    heap_init(&w->waiting, su->n))
		abort();
	w->su = *su;
	return w;
}

static void wf2q_destroy(void *p)
{
	struct wf2q *w = p;

	heap_fini(&w->eligible);
	heap_fini(&w->waiting);
	free(w->flow);
	free(w);
}

static void wf2q_put(struct wf2q *w, uint32_t id)
{
	struct wf2q_flow *f = &w->flow[id];

	f->finish = f->start + ((uint64_t)w->su.head_bytes[id] << 16) / w->su.weight[id];
	if (f->start <= w->v)
		heap_set(&w->eligible, id, f->finish);
	else
		heap_set(&w->waiting, id, f->start);
}

static void wf2q_arrive(void *p, uint32_t id, bool first, uint64_t now_ns)
{
	struct wf2q *w = p;

	(void)now_ns;
	if (!first)
		return;
	w->total += w->su.weight[id];
	if (w->flow[id].start < w->v)
		w->flow[id].start = w->v;
	wf2q_put(w, id);
}

static uint32_t wf2q_draw(void *p, uint64_t now_ns)
{
	struct wf2q *w = p;

	(void)now_ns;
	if (!w->eligible.n && w->waiting.n && heap_first_ns(&w->waiting) > w->v)
		w->v = heap_first_ns(&w->waiting);
	while (w->waiting.n && heap_first_ns(&w->waiting) <= w->v) {
		uint32_t id = heap_first_id(&w->waiting);

		heap_drop(&w->waiting, id);
		heap_set(&w->eligible, id, w->flow[id].finish);
	}
	return w->eligible.n ? heap_first_id(&w->eligible) : UINT32_MAX;
}

static void wf2q_served(void *p, uint32_t id, uint32_t bytes, bool more, uint64_t now_ns)
{
	struct wf2q *w = p;

	(void)now_ns;
	w->v += ((uint64_t)bytes << 16) / w->total;
	w->flow[id].start = w->flow[id].finish;
	if (!more) {
		heap_drop(&w->eligible, id);
		w->total -= w->su.weight[id];
		return;
	}
	if (w->flow[id].start > w->v)
		heap_drop(&w->eligible, id);
	wf2q_put(w, id);
}

const struct subject subject_wf2q = {"wf2q+",	wf2q_make, wf2q_destroy, wf2q_arrive,
				     wf2q_draw, NULL,	   wf2q_served};
