/* SPDX-License-Identifier: GPL-2.0-or-later */
/* windows.c: what the worst-off LDP had in any window of time: a mean over LDPs would hide it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cases.h"

#define LINK_BPS 1e10
#define MS	 1000000ull
#define MOST	 1000u /* steps of the longest window; a step is 1 ms */

#define BURST_FRAMES 100u

static const struct {
	uint32_t steps;
	const char *metric;
} window[] = {{10, "worst_10ms"}, {100, "worst_100ms"}, {MOST, "worst_1s"}};
#define WINDOWS (sizeof(window) / sizeof(*window))

/* Compares what the windows that end now had with what they were entitled to. */
static void windows_look(const struct world *w, const uint64_t *sent, uint32_t step,
			 const double *entitled, double *worst)
{
	for (unsigned k = 0; k < WINDOWS; k++) {
		const uint64_t *then = sent + (size_t)((step - window[k].steps) % MOST) * w->n;

		if (step < window[k].steps)
			return;
		for (uint32_t i = 0; i < w->n; i++) {
			double had = (double)(w->flow[i].sent_bytes - then[i]);
			double due = entitled[i] * window[k].steps;
			double frame = w->flow[i].sizes == WORLD_MTU ? WORLD_MTU_BYTES : 65536;

			if (due > 0)
				worst[k] = fmin(worst[k], (had + 2 * frame) / due);
		}
	}
}

void cases_windows(struct cases *c, const char *name, struct world *w, const double *part,
		   uint32_t ms)
{
	uint64_t *sent = calloc((size_t)MOST * w->n, sizeof(*sent));
	double *entitled = calloc(w->n, sizeof(*entitled));
	double worst[WINDOWS] = {10, 10, 10};
	uint64_t from_ns = w->now_ns;

	if (!sent || !entitled)
		abort();
	for (uint32_t i = 0; i < w->n; i++)
		entitled[i] = part[i] * w->rate * MS;
	for (uint32_t step = 0; step <= ms; step++) {
		world_run(w, from_ns + step * MS);
		windows_look(w, sent, step, entitled, worst);
		for (uint32_t i = 0; i < w->n; i++)
			sent[(size_t)(step % MOST) * w->n + i] = w->flow[i].sent_bytes;
	}
	for (unsigned k = 0; k < WINDOWS; k++)
		cases_add(c, name, w->subject, window[k].metric, worst[k], "1");
	free(sent);
	free(entitled);
}

/* Every other LDP sends bursts, for half of its share. */
static void windows_bursts(struct world *w, const double *part, enum world_sizes sizes)
{
	const double mean_bytes = sizes == WORLD_MTU ? WORLD_MTU_BYTES : 9450;

	for (uint32_t i = 1; i < w->n; i += 2) {
		struct world_flow *f = &w->flow[i];

		f->source = WORLD_BURSTS;
		f->burst_frames = BURST_FRAMES;
		f->queue_max = 100 * BURST_FRAMES;
		f->gap_ns = (uint64_t)(BURST_FRAMES * mean_bytes / (.5 * part[i] * w->rate));
	}
}

void cases_worst(struct cases *c, const struct subject *s, uint32_t n, enum world_sizes sizes,
		 bool bursts)
{
	double *part = calloc(n, sizeof(*part)), weights = 0;
	struct world w;
	char name[64];

	if (!part)
		abort();
	cases_backlog(&w, n, sizes, 21);
	for (uint32_t i = 0; i < n; i++)
		weights += w.weight[i];
	for (uint32_t i = 0; i < n; i++)
		part[i] = w.weight[i] / weights;
	if (bursts)
		windows_bursts(&w, part, sizes);
	for (uint32_t i = 0; i < n; i++)
		part[i] = w.flow[i].source == WORLD_HOG ? part[i] : 0;
	world_start(&w, s, false);
	world_run(&w, 200 * MS);
	snprintf(name, sizeof(name), "worst LDP, n=%u w=1:2:4%s%s", n,
		 sizes == WORLD_MTU ? "" : " 64B..64KiB", bursts ? ", half in bursts" : "");
	cases_windows(c, name, &w, part, 3000);
	world_fini(&w);
	free(part);
}
