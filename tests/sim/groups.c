/* SPDX-License-Identifier: GPL-2.0-or-later */
/* groups.c: tenants: what each has of the link, how far its LDPs lag, what its light LDPs wait. */
#include <math.h>
#include <stdlib.h>

#include "backend/sched/sched_group.h"
#include "tests/sim/cases.h"

#define LINK_BPS    1e10
#define MS	    1000000ull
#define CHURN_SEEDS 40
#define MANY	    10u /* LDPs of the one tenant; the other has one */

static const struct subject *const groups_subject[] = {
	&subject_dmvl,	   &subject_dmvl_flat,	 &subject_tree_wf2q,
	&subject_tree_drr, &subject_tree_stride, &subject_tree_lottery,
};
#define SUBJECTS (sizeof(groups_subject) / sizeof(*groups_subject))

void cases_groups_churn(struct world *w, uint64_t seed, bool gso)
{
	struct rng r;
	uint32_t groups;

	cases_churn(w, seed, gso);
	rng_seed(&r, seed + 1000);
	groups = 1 + rng_below(&r, 16);
	world_groups(w, groups);
	for (uint32_t g = 0; g < groups; g++)
		w->group_weight[g] = 1 + rng_below(&r, rng_below(&r, 2) ? 1000 : 8);
	for (uint32_t i = 0; i < w->n; i++)
		w->group[i] = rng_below(&r, groups + 1 + groups / 8);
	for (uint32_t i = 0; i < w->n; i++)
		if (w->group[i] > groups)
			w->group[i] = 0;
}

/* Ten LDPs of one tenant beside one of another, all always sending. */
static void groups_world(struct world *w, enum world_sizes sizes, uint32_t one_weight)
{
	world_init(w, MANY + 1, LINK_BPS, 3);
	world_groups(w, 2);
	w->group_weight[0] = 256;
	w->group_weight[1] = one_weight;
	for (uint32_t i = 0; i <= MANY; i++) {
		w->weight[i] = 256;
		w->group[i] = i < MANY ? 1 : 2;
		w->flow[i].source = WORLD_HOG;
		w->flow[i].sizes = sizes;
	}
}

/* What the tenant with many LDPs has of the link from now on, for `ms`. */
static double groups_share(struct world *w, uint64_t ms)
{
	double many = 0, one;

	for (uint32_t i = 0; i < MANY; i++)
		many -= (double)w->flow[i].sent_bytes;
	one = -(double)w->flow[MANY].sent_bytes;
	world_run(w, w->now_ns + ms * MS);
	for (uint32_t i = 0; i < MANY; i++)
		many += (double)w->flow[i].sent_bytes;
	one += (double)w->flow[MANY].sent_bytes;
	return many / (many + one);
}

static void groups_equal(struct cases *c, const struct subject *s, enum world_sizes sizes,
			 const char *name)
{
	double part[MANY + 1];
	struct world w;

	for (uint32_t i = 0; i <= MANY; i++)
		part[i] = i < MANY ? .5 / MANY : .5;
	groups_world(&w, sizes, 256);
	world_start(&w, s, true);
	world_run(&w, 20 * MS);
	cases_add(c, name, s, "many_share", groups_share(&w, 1000), "1");
	cases_add(c, name, s, "lag_bytes", w.worst_lag_bytes, "bytes");
	cases_add(c, name, s, "utilisation", cases_utilisation(&w), "1");
	cases_windows(c, name, &w, part, 2000);
	world_fini(&w);
}

/* The tenant with one LDP gets three times the weight, and back; what it is off, 10 ms later. */
static void groups_reweight(struct cases *c, const struct subject *s)
{
	struct sched_rule rule = {.weight = 256};
	double off = 0;
	struct world w;

	groups_world(&w, WORLD_MTU, 256);
	world_start(&w, s, false);
	world_run(&w, 20 * MS);
	for (int i = 0; i < 10; i++) {
		rule.weight = rule.weight == 256 ? 768 : 256;
		sched_set_group(w.sched, 2, &rule, w.now_ns);
		off = fmax(off, fabs(groups_share(&w, 10) - (rule.weight == 256 ? .5 : .25)));
	}
	cases_add(c, "groups: weight 1 to 3 and back", s, "off_10ms", off, "1");
	world_fini(&w);
}

/* An LDP that always sends goes from one tenant to the other; the other has half all the time. */
static void groups_moves(struct cases *c, const struct subject *s)
{
	double off = 0;
	struct world w;

	groups_world(&w, WORLD_GSO, 256);
	world_start(&w, s, false);
	world_run(&w, 20 * MS);
	for (int i = 0; i < 50; i++) {
		double had = (double)w.flow[MANY].sent_bytes, share;

		sched_join(w.sched, 0, i % 2 ? 1 : 2, w.now_ns);
		world_run(&w, w.now_ns + 20 * MS);
		had = (double)w.flow[MANY].sent_bytes - had;
		share = had / (w.rate * 20 * MS);
		off = fmax(off, fabs(share - (i % 2 ? .5 : .25)) - 65536 / (w.rate * 20 * MS));
	}
	cases_add(c, "groups: an LDP goes and comes back", s, "off_20ms", off, "1");
	world_fini(&w);
}

static void groups_churn(struct cases *c, const struct subject *s, const char *name, bool gso)
{
	double worst = 0, utilisation = 1;

	for (uint64_t seed = 1; seed <= CHURN_SEEDS; seed++) {
		struct world w;

		cases_groups_churn(&w, seed, gso);
		world_start(&w, s, true);
		world_run(&w, 100 * MS);
		worst = fmax(worst, w.worst_lag_bytes);
		utilisation = fmin(utilisation, cases_utilisation(&w));
		world_fini(&w);
	}
	cases_add(c, name, s, "lag_bytes", worst, "bytes");
	cases_add(c, name, s, "utilisation", utilisation, "1");
}

/*
 * One frame of 100 bytes every 5 ms beside 8 tenants of 8 LDPs that always send: from one of these
 * tenants, or from a ninth.
 */
static void groups_light(struct cases *c, const struct subject *s, enum world_sizes sizes,
			 bool ninth, const char *name)
{
	struct world w;

	cases_backlog(&w, 65, sizes, 9);
	world_groups(&w, 9);
	for (uint32_t i = 0; i < 65; i++)
		w.group[i] = 1 + i % 8;
	w.group[64] = ninth ? 9 : 1;
	w.weight[64] = 4;
	w.watch = 64;
	w.flow[64].source = WORLD_PERIODIC;
	w.flow[64].gap_ns = 5 * MS;
	w.flow[64].sizes = WORLD_SMALL;
	w.low_latency[64] = true;
	world_start(&w, s, false);
	world_run(&w, 4000 * MS);
	cases_add(c, name, s, "light_p99_us", world_quantile(w.wait_ns, w.waits, .99) / 1e3, "us");
	world_fini(&w);
}

/* What a tenant gains by LDPs that all sleep and wake, by how long they do. */
static void groups_gaming(struct cases *c, const struct subject *s)
{
	double gain = 0;

	for (uint64_t gap_ns = 500; gap_ns < 4 * MS; gap_ns *= 2) {
		struct world w;

		groups_world(&w, WORLD_MTU, 256);
		for (uint32_t i = 1; i < MANY; i++) {
			w.flow[i].source = WORLD_NAP;
			w.flow[i].gap_ns = gap_ns * (i + 9) / 10;
			w.low_latency[i] = true;
		}
		world_start(&w, s, false);
		world_run(&w, 20 * MS);
		gain = fmax(gain, groups_share(&w, 500) / .5);
		world_fini(&w);
	}
	cases_add(c, "groups: sleeping and waking", s, "gain", gain, "1");
}

void cases_groups(struct cases *c)
{
	for (size_t i = 0; i < SUBJECTS; i++) {
		const struct subject *s = groups_subject[i];

		groups_equal(c, s, WORLD_MTU, "groups: 10 beside 1");
		groups_equal(c, s, WORLD_GSO, "groups: 10 beside 1, 64B..64KiB");
		groups_churn(c, s, "groups: churn", false);
		groups_churn(c, s, "groups: churn 64B..64KiB", true);
		groups_light(c, s, WORLD_MTU, false, "groups: light in a busy one");
		groups_light(c, s, WORLD_GSO, false, "groups: light in a busy one 64B..64KiB");
		groups_light(c, s, WORLD_MTU, true, "groups: light in one of its own");
		groups_light(c, s, WORLD_GSO, true, "groups: light in one of its own 64B..64KiB");
		groups_gaming(c, s);
	}
	groups_churn(c, &subject_dmvl_noexpress, "groups: churn", false);
	groups_reweight(c, &subject_dmvl);
	groups_moves(c, &subject_dmvl);
}
