/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bursts.c: what repayment gives to LDPs that send in bursts, and takes from those that always
 * send. */
#include <math.h>
#include <stdlib.h>

#include "tests/sim/cases.h"

#define LINK_BPS 1e9
#define MS	 1000000ull
#define LDPS	 8u
#define BURST	 5e5 /* bytes, in the mean */

static double bursts_mean(const struct world *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->waits; i++)
		sum += w->wait_ns[i];
	return w->waits ? sum / w->waits : 0;
}

static double mean_frame(enum world_sizes sizes)
{
	return sizes == WORLD_GSO ? (65536 - 64) / log(65536. / 64) : WORLD_MTU_BYTES;
}

void cases_bursts(struct cases *c, const struct subject *s, const struct bursts *b)
{
	double part[LDPS] = {0};
	struct world w;

	world_init(&w, LDPS, LINK_BPS * b->actual, 31);
	w.believed_bps = LINK_BPS;
	for (uint32_t i = 0; i < LDPS; i++) {
		struct world_flow *f = &w.flow[i];

		w.weight[i] = 256;
		f->source = i < b->hogs ? WORLD_HOG : WORLD_BURSTS;
		f->sizes = b->sizes;
		f->burst_frames = (uint32_t)(BURST / mean_frame(b->sizes));
		f->gap_ns = (uint64_t)(BURST / (b->load * w.rate / LDPS));
		if (f->source == WORLD_BURSTS)
			f->queue_max = 60000;
		part[i] = i < b->hogs ? 1. / LDPS : 0;
	}
	w.watch = LDPS - 1;
	world_start(&w, s, false);
	world_run(&w, 200 * MS);
	cases_windows(c, b->name, &w, part, 60000);
	cases_add(c, b->name, s, "burst_wait_ms", bursts_mean(&w) / MS, "ms");
	world_fini(&w);
}

void cases_lumps(struct cases *c, const struct subject *s, const struct lumps *u)
{
	double before, worst = 0, share = 0;
	uint64_t *sent = calloc(u->n, sizeof(*sent));
	struct world w;

	if (!sent)
		abort();
	world_init(&w, u->n, LINK_BPS * u->actual, 33);
	w.believed_bps = LINK_BPS;
	for (uint32_t i = 0; i < u->n; i++) {
		w.weight[i] = 256;
		w.flow[i].source = i < u->n - u->idle ? WORLD_HOG : WORLD_SILENT;
		w.flow[i].sizes = i ? u->sizes : WORLD_ALTERNATE;
	}
	world_start(&w, s, false);
	world_run(&w, 4000 * MS);
	before = (double)w.now_ns;
	for (uint32_t i = 0; i < u->n; i++)
		sent[i] = w.flow[i].sent_bytes;
	world_run(&w, (4000 + 100 * (u->n > 400 ? u->n : 400)) * MS);
	for (uint32_t i = 0; i < u->n - u->idle; i++) {
		double of_link = (double)(w.flow[i].sent_bytes - sent[i]) /
				 (w.rate * ((double)w.now_ns - before));
		double off = of_link * (u->n - u->idle);

		share = i ? share : off;
		worst = fmax(worst, fabs(off - 1));
	}
	cases_add(c, u->name, s, "share", share, "1");
	cases_add(c, u->name, s, "worst_error", worst, "1");
	world_fini(&w);
	free(sent);
}
