/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_prop.c: what must hold of the scheduler whatever happens, on fixed seeds. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/sched/rng.h"
#include "backend/sched/wheel.h"
#include "tests/sim/cases.h"
#include "tests/unit/sched_seeds.h"
#include "tests/unit/tap.h"
#include "tests/unit/world_sound.h"

#define MS	 1000000ull
#define MTU	 WORLD_MTU_BYTES
#define WIDE_MAX 25 /* without it, and with weights of 1 to 65,535 */

static struct sched_seeds seeds;

/* 6: nobody with a frame waits longer than (lag + 2 quanta) / his least rate. */
static bool is_starved(const struct world *w, double max_lag_bytes)
{
	double weights = 0;

	for (uint32_t i = 0; i < w->n; i++)
		weights += w->weight[i];
	for (uint32_t i = 0; i < w->n; i++) {
		double rate = w->rate * w->weight[i] / weights;

		if (w->flow[i].worst_wait_ns > (max_lag_bytes + 2 * MTU) / rate)
			return true;
	}
	return false;
}

struct churn {
	const struct subject *s;
	bool gso, wide;
	double max_lag; /* of the longest frame */
	double worst;
};

/* 1, 2, 3 and 6 for one world of flows that come and go. */
static bool churn_holds(struct churn *c, uint64_t seed)
{
	double longest = c->gso ? 65536 : MTU, max_lag = c->max_lag;
	const char *what;
	struct world w;

	(c->wide ? cases_churn_wide : cases_churn)(&w, seed, c->gso);
	world_start(&w, c->s, true);
	what = world_churns(&w, max_lag * longest);
	if (is_starved(&w, max_lag * longest))
		what = "somebody waited too long";
	c->worst = fmax(c->worst, w.worst_lag_bytes / longest);
	if (what)
		diag("SEED=%llu %s: %s (n=%u, lag %.0f bytes)", (unsigned long long)seed,
		     c->s->name, what, w.n, w.worst_lag_bytes);
	world_fini(&w);
	return !what;
}

static void test_churn(struct churn c)
{
	uint32_t bad = 0;

	for (uint64_t seed = seeds.first; seed <= seeds.last; seed++)
		bad += !churn_holds(&c, seed);
	ok(!bad,
	   "churn of %s, weights to %s, %s: the lag is at most %.0f of the longest frame (%.1f)",
	   c.s->name, c.wide ? "65535" : "1000", c.gso ? "64 B to 64 KiB" : "64 B to 1514 B",
	   c.max_lag, c.worst);
}

static void test_churns(void)
{
	const struct subject *with = &subject_dmvl, *without = &subject_dmvl_noexpress;

	for (int gso = 0; gso < 2; gso++) {
		test_churn((struct churn){without, gso, false, CHURN_MAX, 0});
		test_churn((struct churn){with, gso, false, XPRES_MAX, 0});
		test_churn((struct churn){without, gso, true, WIDE_MAX, 0});
		test_churn((struct churn){with, gso, true, XPRES_MAX, 0});
	}
}

/* 3 and 6 with everybody backlogged. */
static void test_backlog(uint32_t n, enum world_sizes sizes)
{
	struct world w;

	cases_backlog(&w, n, sizes, 5);
	world_start(&w, &subject_dmvl, true);
	world_run(&w, 500 * MS);
	ok(w.worst_lag_bytes <= 2 * MTU, "n=%u, frame sizes %d: the lag is at most 2 quanta (%.0f)",
	   n, (int)sizes, w.worst_lag_bytes);
	ok(!w.idle_ns && !w.errors && world_is_conserved(&w),
	   "n=%u, frame sizes %d: the link is never idle and all sums are right", n, (int)sizes);
	ok(!is_starved(&w, 2 * MTU),
	   "n=%u, frame sizes %d: nobody waits beyond the starvation bound", n, (int)sizes);
	world_fini(&w);
}

/*
 * 3 at the ends of the range of weights. In the heaviest class a frame of 64 KiB goes 22 to 43
 * slots ahead; the lightest has one quantum in 65,535 of the others'.
 */
static void test_extremes(enum world_sizes sizes, double longest)
{
	static const uint32_t weight[] = {1, 65535, 256, 32768, 1, 65535, 2, 1000};
	struct world w;

	world_init(&w, 8, 1e10, 3);
	for (uint32_t i = 0; i < 8; i++) {
		w.weight[i] = weight[i];
		w.flow[i].source = i % 3 ? WORLD_HOG : WORLD_BURSTS;
		w.flow[i].sizes = sizes;
		w.flow[i].burst_frames = 30;
		w.flow[i].gap_ns = MS;
		w.flow[i].queue_max = 300;
	}
	world_start(&w, &subject_dmvl, true);
	world_run(&w, 2000 * MS);
	ok(w.worst_lag_bytes <= 5 * longest,
	   "weights 1 and 65535, frames to %.0f: the lag is at most 5 frames (%.1f)", longest,
	   w.worst_lag_bytes / longest);
	ok(!w.idle_ns && !w.errors && world_is_conserved(&w),
	   "weights 1 and 65535, frames to %.0f: the link is never idle and all sums are right",
	   longest);
	world_fini(&w);
}

/* 4: a debt survives sleep, however often one wakes. */
static void test_debt(void)
{
	const struct sched_rule r = {.weight = 256, .low_latency = true};
	struct sched *s = sched_new(2, MTU, 1);
	uint32_t other_bytes = 0;

	sched_add(s, 0, &r);
	sched_add(s, 1, &r);
	sched_wake(s, 0, 0);
	sched_served(s, sched_draw(s, 0), 65536, 65536, true, 0);
	sched_wake(s, 1, 0);
	/* Alone, the first was not ahead of anyone; so he owes the second nothing. */
	for (; sched_draw(s, 0) == 1; other_bytes += MTU)
		sched_served(s, 1, MTU, MTU, true, 0);
	ok(other_bytes <= 2 * MTU, "what was sent alone is no debt (%u)", other_bytes);
	sched_served(s, 0, 65536, 65536, true, 0);
	for (other_bytes = 0; sched_draw(s, 0) == 1; other_bytes += MTU) {
		sched_served(s, 1, MTU, MTU, true, 0);
		if (other_bytes < 65536 - 3 * MTU) {
			sched_sleep(s, 0);
			sched_wake(s, 0, 0);
		}
	}
	ok(other_bytes >= 65536 - 2 * MTU && other_bytes <= 65536 + 2 * MTU,
	   "a debt survives waking at every frame (%u)", other_bytes);
	ok(sched_is_sound(s), "a debt that survives waking leaves all sums right");
	sched_free(s);
}

/* 3: 300 that wake at once may not all overtake a heavy LDP. */
static void test_stampede(void)
{
	struct sched *s = sched_new(301, MTU, 1);
	double all_bytes = 0, hog_bytes = 0, worst = 0;

	for (uint32_t i = 0; i <= 300; i++)
		sched_add(s, i, &(struct sched_rule){.weight = i ? 1 : 1000});
	sched_wake(s, 0, 0);
	for (int i = 0; i < 1000; i++)
		sched_served(s, sched_draw(s, 0), MTU, MTU, true, 0);
	for (uint32_t i = 1; i <= 300; i++)
		sched_wake(s, i, 0);
	for (int i = 0; i < 3000; i++) {
		uint32_t id = sched_draw(s, 0);

		sched_served(s, id, MTU, MTU, true, 0);
		all_bytes += MTU;
		worst = fmax(worst, all_bytes * 1000 / 1300 - hog_bytes);
		hog_bytes += id ? 0 : MTU;
	}
	ok(worst <= 5 * MTU, "a stampede of light LDPs costs a heavy one %.1f of 5 quanta",
	   worst / MTU);
	sched_free(s);
}

/* 4: one of 16 equals that sleeps and wakes in time with its own frames. */
static void test_naps(void)
{
	double worst = 0, bytes = 0, honest = 0;

	for (uint64_t gap_ns = 400; gap_ns < 3 * MS; gap_ns = gap_ns * 3 / 2) {
		struct world w;

		cases_backlog(&w, 16, WORLD_MTU, gap_ns);
		for (uint32_t i = 0; i < 16; i++)
			w.weight[i] = 4;
		w.flow[0].source = WORLD_NAP;
		w.flow[0].gap_ns = gap_ns;
		w.low_latency[0] = true;
		world_start(&w, &subject_dmvl, false);
		world_run(&w, 200 * MS);
		bytes = (double)w.flow[0].sent_bytes;
		honest = 0;
		for (uint32_t i = 1; i < 16; i++)
			honest += (double)w.flow[i].sent_bytes / 15;
		worst = fmax(worst, (bytes - MTU) / honest);
		world_fini(&w);
	}
	ok(worst <= 1.0001, "waking often earns the fair share and a quantum at most (%.5f)",
	   worst);
}

#define URN_LDPS  12
#define URN_DRAWS 200000

/* The exact chances of the first draw: the urn has 1 to 16 members, then at most 4 tries. */
static void urn_chances(const double *credit, double *chance)
{
	memset(chance, 0, URN_LDPS * sizeof(*chance));
	for (int size = 1; size <= WHEEL_URN; size++) {
		int n = size < URN_LDPS ? size : URN_LDPS;
		double most = 0, reject = 1;

		for (int i = 0; i < n; i++)
			most = fmax(most, credit[i]);
		for (int i = 0; i < n; i++)
			reject -= credit[i] / most / n;
		for (int i = 0; i < n; i++) {
			double accept = credit[i] / most;

			chance[i] += (accept * (1 + reject + reject * reject) + pow(reject, 3)) /
				     n / WHEEL_URN;
		}
	}
}

/* 5: first draws of fresh urns against the exact distribution. */
static void test_chi_square(void)
{
	const uint64_t slot_vt = (uint64_t)1 << (VT_QUANTUM_LOG - 3);
	static struct wheel_ldp all[URN_LDPS];
	static struct wheel w;
	double credit[URN_LDPS], chance[URN_LDPS], chi = 0;
	uint32_t won[URN_LDPS] = {0};
	struct rng rng;

	rng_seed(&rng, 20);
	for (int draw = 0; draw < URN_DRAWS; draw++) {
		wheel_init(&w, 3);
		for (uint32_t i = 0; i < URN_LDPS; i++) {
			all[i] = (struct wheel_ldp){.weight = 8 + i % 8, .class = 3};
			all[i].start_vt = 1000 * slot_vt + slot_vt / URN_LDPS * (i / 2);
			credit[i] = (double)(1001 * slot_vt - all[i].start_vt) * all[i].weight;
			wheel_put(&w, all, i);
		}
		won[wheel_pick(&w, all, &rng)]++;
	}
	urn_chances(credit, chance);
	for (int i = 0; i < URN_LDPS; i++)
		chi += pow(won[i] - chance[i] * URN_DRAWS, 2) / (chance[i] * URN_DRAWS);
	ok(chi < 31.26, "first draws follow the tickets: chi-square %.1f < 31.26 (11, p = .001)",
	   chi);
}

/* A caller that does everything in any order, the rules too, and what it knows itself. */
enum { LDPS = 24 };
struct caller {
	struct sched *s;
	struct rng r;
	uint64_t now_ns;
	bool known[LDPS], awake[LDPS], capped[LDPS];
};

static struct sched_rule any_rule(struct rng *r)
{
	return (struct sched_rule){
		.weight = 1u << rng_below(r, 16),
		.min_bps = rng_below(r, 4) ? 0 : rng_below(r, 100000000),
		.max_bps = rng_below(r, 4) ? 0 : 100000000 + rng_below(r, 100000000),
		.low_latency = !rng_below(r, 4),
	};
}

static const char *call_add(struct caller *c, uint32_t id)
{
	struct sched_rule rule = any_rule(&c->r);
	int ret = sched_add(c->s, id, &rule);

	if (ret != (c->known[id] ? -EEXIST : 0))
		return "add says the wrong thing";
	if (ret == 0) {
		c->capped[id] = rule.max_bps;
		c->known[id] = true;
	}
	return NULL;
}

static void call_set_rule(struct caller *c, uint32_t id)
{
	struct sched_rule rule = any_rule(&c->r);

	if (sched_set_rule(c->s, id, &rule, c->now_ns) == 0)
		c->capped[id] = rule.max_bps;
}

static const char *call_draw(struct caller *c)
{
	uint32_t drawn = sched_draw(c->s, c->now_ns);
	bool any_free = false, more = rng_below(&c->r, 4);

	for (uint32_t i = 0; i < LDPS; i++)
		any_free |= c->awake[i] && !c->capped[i];
	if (drawn == SCHED_NONE && any_free)
		return "nobody drawn though somebody could be";
	if (drawn == SCHED_NONE && sched_next_ns(c->s) <= c->now_ns)
		return "somebody's tokens are there";
	if (drawn != SCHED_NONE && !c->awake[drawn])
		return "a sleeper was drawn";
	if (drawn != SCHED_NONE && rng_below(&c->r, 8)) {
		sched_served(c->s, drawn, 1 + rng_below(&c->r, 65536), 1 + rng_below(&c->r, 65536),
			     more, c->now_ns);
		c->awake[drawn] &= more;
	}
	return NULL;
}

/* One call, and what was wrong with what it said. */
static const char *call_any(struct caller *c)
{
	uint32_t id = rng_below(&c->r, LDPS);

	switch (rng_below(&c->r, 12)) {
	case 0:
		return call_add(c, id);
	case 1:
		call_set_rule(c, id);
		return NULL;
	case 2:
		if (!rng_below(&c->r, 5)) {
			sched_remove(c->s, id);
			c->known[id] = c->awake[id] = false;
		}
		return NULL;
	case 3:
		sched_sleep(c->s, id);
		c->awake[id] = false;
		return NULL;
	case 4:
		sched_set_capacity(c->s, 500000000 + rng_below(&c->r, 1000000000));
		return NULL;
	case 5:
		sched_set_factor(c->s, id, rng_below(&c->r, 4 * SCHED_FACTOR_ONE));
		return NULL;
	case 6:
	case 7:
		sched_wake(c->s, id, c->now_ns);
		c->awake[id] = c->known[id];
		return NULL;
	default:
		return call_draw(c);
	}
}

static const char *calls_hold(uint64_t seed)
{
	struct caller c = {.s = sched_new(LDPS, MTU, seed)};
	const char *what = NULL;

	rng_seed(&c.r, seed);
	sched_set_capacity(c.s, 1000000000);
	for (int step = 0; step < 4000 && !what; step++) {
		c.now_ns += rng_below(&c.r, 20000);
		what = call_any(&c);
		for (uint32_t i = 0; i < LDPS; i++)
			if (sched_is_awake(c.s, i) != c.awake[i])
				what = "asleep or awake?";
		if (!sched_is_sound(c.s))
			what = "a sum is wrong";
		if (what)
			diag("SEED=%llu calls, step %d: %s", (unsigned long long)seed, step, what);
	}
	sched_free(c.s);
	return what;
}

static void test_calls(void)
{
	uint32_t bad = 0;

	for (uint64_t seed = seeds.first; seed <= seeds.last; seed++)
		bad += calls_hold(seed) != NULL;
	ok(!bad, "any order of calls leaves the scheduler sound");
}

/* The virtual clock turns back long before it overflows; the shares do not notice. */
static void test_rebase(void)
{
	struct sched *s = sched_new(3, 64, 1);
	uint64_t sent[3] = {0};

	for (uint32_t i = 0; i < 3; i++)
		sched_add(s, i, &(struct sched_rule){.weight = 1u << i});
	sched_wake(s, 0, 0);
	for (int i = 0; i < 9000000; i++)
		sched_served(s, sched_draw(s, 0), 1u << 20, 1u << 20, true, 0);
	ok(sched_is_sound(s),
	   "the scheduler is sound after 9 TiB at weight 1 in quanta of 64 bytes");
	sched_wake(s, 1, 0);
	sched_wake(s, 2, 0);
	for (int i = 0; i < 40000; i++) {
		uint32_t id = sched_draw(s, 0);

		sched_served(s, id, 64, 64, true, 0);
		sent[id] += 64;
	}
	ok(sched_is_sound(s) && fabs((double)sent[2] / (double)sent[1] - 2) < .01,
	   "the scheduler is fair to a newcomer after 9 TiB (%.3f of 2)",
	   (double)sent[2] / (double)sent[1]);
	sched_free(s);
}

int main(void)
{
	seeds = sched_seeds(40);
	test_backlog(64, WORLD_MTU);
	test_backlog(1024, WORLD_MTU);
	test_backlog(64, WORLD_MIXED);
	test_extremes(WORLD_GSO, 65536);
	test_extremes(WORLD_MTU, MTU);
	test_churns();
	test_debt();
	test_stampede();
	test_naps();
	test_chi_square();
	test_calls();
	test_rebase();
	return done_testing();
}
