/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_group_prop.c: what must hold with groups, against the hierarchical fluid ideal. */
#include <math.h>
#include <stdlib.h>

#include "tests/sim/cases.h"
#include "tests/unit/sched_seeds.h"
#include "tests/unit/tap.h"
#include "tests/unit/world_sound.h"

#define MS  1000000ull
#define MTU WORLD_MTU_BYTES

static struct sched_seeds seeds;

/* One world of flows that come and go, in groups and outside. */
static bool churn_holds(uint64_t seed, const struct subject *s, bool gso, double max_lag,
			double *worst)
{
	double longest = gso ? 65536 : MTU;
	const char *what;
	struct world w;

	cases_groups_churn(&w, seed, gso);
	world_start(&w, s, true);
	what = world_churns(&w, max_lag * longest);
	*worst = fmax(*worst, w.worst_lag_bytes / longest);
	if (what)
		diag("SEED=%llu %s: %s (n=%u, %u groups, lag %.0f bytes)", (unsigned long long)seed,
		     s->name, what, w.n, w.groups, w.worst_lag_bytes);
	world_fini(&w);
	return !what;
}

static void test_churn(const struct subject *s, bool gso, double max_lag)
{
	double worst = 0;
	uint32_t bad = 0;

	for (uint64_t seed = seeds.first; seed <= seeds.last; seed++)
		bad += !churn_holds(seed, s, gso, max_lag, &worst);
	ok(!bad, "churn of %s in groups, %s: the lag is at most %.0f of the longest frame (%.1f)",
	   s->name, gso ? "64 B to 64 KiB" : "64 B to 1514 B", max_lag, worst);
}

/* Everybody backlogged: 64 flows in 8 groups of weights 1:2:4. */
static void test_backlog(enum world_sizes sizes)
{
	struct world w;

	cases_backlog(&w, 64, sizes, 5);
	world_groups(&w, 8);
	for (uint32_t g = 0; g < 8; g++)
		w.group_weight[g] = 1u << g % 3;
	for (uint32_t i = 0; i < 64; i++)
		w.group[i] = 1 + i % 8;
	world_start(&w, &subject_dmvl, true);
	world_run(&w, 500 * MS);
	ok(w.worst_lag_bytes <= 4 * MTU,
	   "8 groups of 8, frame sizes %d: the lag is at most 2 quanta a level (%.0f)", (int)sizes,
	   w.worst_lag_bytes);
	ok(!w.idle_ns && !w.errors && world_is_conserved(&w),
	   "8 groups of 8, frame sizes %d: the link is never idle and all sums are right",
	   (int)sizes);
	world_fini(&w);
}

/* The fluid ideal itself: two groups of 1:3. One has two flows of 1:1, and one of them ends. */
static void test_fluid(void)
{
	static const uint32_t weight[] = {1, 1, 7}, group[] = {1, 1, 2}, group_weight[] = {1, 3};
	struct gps *g = gps_new(&(struct gps_setup){.n = 3,
						    .weight = weight,
						    .group = group,
						    .group_weight = group_weight,
						    .groups = 2,
						    .rate = 1});

	gps_hog(g, 0, 0);
	gps_arrive(g, 1, 100, 0);
	gps_arrive(g, 2, 3000, 0);
	ok(fabs(gps_sent(g, 0, 400) - 50) < 1e-6, "in the fluid a member has half of its group");
	ok(fabs(gps_sent(g, 1, 800) - 100) < 1e-6, "in the fluid a flow ends in time");
	ok(fabs(gps_sent(g, 0, 1200) - 200) < 1e-6,
	   "in the fluid what a member leaves, its group has");
	ok(fabs(gps_sent(g, 2, 4000) - 3000) < 1e-6, "in the fluid a group has three quarters");
	ok(fabs(gps_sent(g, 0, 5000) - 1900) < 1e-6,
	   "in the fluid what a group leaves, the others have");
	gps_free(g);
}

int main(void)
{
	seeds = sched_seeds(40);
	test_fluid();
	test_backlog(WORLD_MTU);
	test_backlog(WORLD_MIXED);
	test_churn(&subject_dmvl_noexpress, false, CHURN_MAX);
	test_churn(&subject_dmvl, false, XPRES_MAX);
	test_churn(&subject_dmvl, true, XPRES_MAX);
	return done_testing();
}
