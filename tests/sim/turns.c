/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.c: what a tenant gains when its LDPs take turns, so that each has lent before it sends. */
#include "tests/sim/cases.h"

#define LINK_BPS 1e9
#define MS	 1000000ull
#define MANY	 10u /* LDPs of the tenant */
#define OTHER	 MANY
#define IDLE	 (MANY + 1)

static double tenant_sent(const struct world *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < MANY; i++)
		sum += (double)w->flow[i].sent_bytes;
	return sum;
}

void cases_turns(struct cases *c, const struct subject *s, uint32_t turn_ms)
{
	double before, other;
	char name[64];
	struct world w;

	world_init(&w, IDLE + 1, LINK_BPS, 37);
	world_groups(&w, 2);
	w.group_weight[0] = w.group_weight[1] = 256;
	for (uint32_t i = 0; i <= IDLE; i++) {
		w.weight[i] = 256;
		w.group[i] = i < MANY ? 1 : i == OTHER ? 2 : 0;
	}
	w.flow[OTHER].source = WORLD_HOG;
	world_start(&w, s, false);
	for (uint32_t i = 0; i < MANY; i++) {
		w.flow[i].source = WORLD_NAP;
		w.flow[i].gap_ns = turn_ms * MS;
		w.flow[i].sleep_ns = (MANY - 1) * turn_ms * MS;
		world_wake_source(&w, i);
		world_run(&w, w.now_ns + turn_ms * MS);
	}
	world_run(&w, 10000 * MS);
	before = tenant_sent(&w);
	other = (double)w.flow[OTHER].sent_bytes;
	world_run(&w, 40000 * MS);
	snprintf(name, sizeof(name), "a tenant's ten LDPs take turns of %u ms", turn_ms);
	cases_add(c, name, s, "by_other_tenant",
		  (tenant_sent(&w) - before) / ((double)w.flow[OTHER].sent_bytes - other), "1");
	cases_add(c, name, s, "utilisation", cases_utilisation(&w), "1");
	world_fini(&w);
}
