/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bursts.c: what repayment gives to LDPs that send in bursts, and takes from those that always
 * send. */
#include <stdlib.h>

#include "tests/sim/cases.h"

#define LINK_BPS 1e9
#define MS	 1000000ull
#define LDPS	 8u
#define FRAMES	 330u /* of a burst, in the mean: half a megabyte */

static double bursts_mean(const struct world *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->waits; i++)
		sum += w->wait_ns[i];
	return w->waits ? sum / w->waits : 0;
}

/* `hogs` of the LDPs always send; the others send bursts, for `load` of their share. */
void cases_bursts(struct cases *c, const struct subject *s, uint32_t hogs, double load,
		  const char *name)
{
	double part[LDPS] = {0};
	struct world w;

	world_init(&w, LDPS, LINK_BPS, 31);
	for (uint32_t i = 0; i < LDPS; i++) {
		struct world_flow *f = &w.flow[i];

		w.weight[i] = 256;
		f->source = i < hogs ? WORLD_HOG : WORLD_BURSTS;
		f->burst_frames = FRAMES;
		f->gap_ns = (uint64_t)(FRAMES * WORLD_MTU_BYTES / (load * w.rate / LDPS));
		if (f->source == WORLD_BURSTS)
			f->queue_max = 60000;
		part[i] = i < hogs ? 1. / LDPS : 0;
	}
	w.watch = LDPS - 1;
	world_start(&w, s, false);
	world_run(&w, 200 * MS);
	cases_windows(c, name, &w, part, 60000);
	cases_add(c, name, s, "burst_wait_ms", bursts_mean(&w) / MS, "ms");
	world_fini(&w);
}

/*
 * n LDPs of one weight always send, the first one frames of 64 and 65536 bytes in turn; the link is
 * `actual` times what the ledger takes it for. What the first one gets, by its share.
 */
void cases_lumps(struct cases *c, const struct subject *s, uint32_t n, double actual)
{
	char name[64];
	double before;
	struct world w;

	world_init(&w, n, LINK_BPS * actual, 33);
	for (uint32_t i = 0; i < n; i++) {
		w.weight[i] = 256;
		w.flow[i].source = WORLD_HOG;
		w.flow[i].sizes = i ? WORLD_MTU : WORLD_ALTERNATE;
	}
	world_start(&w, s, false);
	world_run(&w, 4000 * MS);
	before = (double)w.flow[0].sent_bytes;
	world_run(&w, 24000 * MS);
	snprintf(name, sizeof(name), "64 B and 64 KiB among %u, link %.2f of the capacity", n,
		 actual);
	cases_add(c, name, s, "share",
		  ((double)w.flow[0].sent_bytes - before) / (w.rate * 20000 * MS) * n, "1");
	world_fini(&w);
}
