/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_group_tree.c: what random trees of groups and LDPs get, against what it should be. */
#include <math.h>
#include <stdlib.h>

#include "backend/sched/rng.h"
#include "backend/sched/sched_group.h"
#include "tests/unit/sched_link.h"
#include "tests/unit/sched_seeds.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

/*
 * Everybody always sends. At each level there is a water level: each competitor has its weight
 * times that, but at least its minimum and at most its maximum, and all together what the level
 * has.
 */
#define GROUPS	 4u
#define LINK_BPS 1000000000ull
#define MS	 1000000ull

struct node {
	uint32_t weight, group;
	double min, max, want; /* parts of the link; max 1: none */
};

struct tree {
	struct node ldp[MAX_IDS], group[GROUPS + 1]; /* group 0 is none */
	struct link k;
};

static double clamp(const struct node *n, double level)
{
	return fmin(n->max, fmax(n->min, n->weight * level));
}

/* Gives `have` to those of the n that compete there. */
static void pour(struct node **at, uint32_t n, double have)
{
	double low = 0, high = 2;

	for (int i = 0; i < 100; i++) {
		double level = (low + high) / 2, sum = 0;

		for (uint32_t k = 0; k < n; k++)
			sum += clamp(at[k], level);
		if (sum < have)
			low = level;
		else
			high = level;
	}
	for (uint32_t k = 0; k < n; k++)
		at[k]->want = clamp(at[k], low);
}

/* The members of a group, 0: those of none. */
static uint32_t members(struct tree *t, uint32_t group, struct node **at)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MAX_IDS; i++)
		if (t->ldp[i].group == group)
			at[n++] = &t->ldp[i];
	return n;
}

/* Works out what everybody should have. A group is bounded by its members' bounds too. */
static void expect(struct tree *t)
{
	struct node *at[MAX_IDS + GROUPS], *inside[MAX_IDS];
	uint32_t n = members(t, 0, at), m;

	for (uint32_t g = 1; g <= GROUPS; g++) {
		double min = 0, max = 0;

		m = members(t, g, inside);
		for (uint32_t k = 0; k < m; k++) {
			min += inside[k]->min;
			max += inside[k]->max;
		}
		t->group[g].max = fmin(t->group[g].max, max);
		t->group[g].min = fmin(fmax(t->group[g].min, min), t->group[g].max);
		if (m)
			at[n++] = &t->group[g];
	}
	pour(at, n, 1);
	for (uint32_t g = 1; g <= GROUPS; g++) {
		m = members(t, g, inside);
		if (m)
			pour(inside, m, t->group[g].want);
	}
}

static struct sched_rule rule_of(const struct node *n)
{
	return (struct sched_rule){.weight = n->weight,
				   .min_bps = (uint64_t)(n->min * LINK_BPS),
				   .max_bps = n->max < 1 ? (uint64_t)(n->max * LINK_BPS) : 0};
}

/* A tree whose minima are at most 80 % together, and below the maxima above them. */
static void grow(struct tree *t, uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed);
	for (uint32_t g = 1; g <= GROUPS; g++)
		t->group[g] =
			(struct node){.weight = 1 + rng_below(&r, 100),
				      .min = rng_below(&r, 2) ? 0 : .04 + rng_below(&r, 8) / 100.,
				      .max = rng_below(&r, 3) ? 1 : .12 + rng_below(&r, 9) / 100.};
	for (uint32_t i = 0; i < MAX_IDS; i++)
		t->ldp[i] =
			(struct node){.weight = 1 + rng_below(&r, 100),
				      .group = rng_below(&r, GROUPS + 1),
				      .min = rng_below(&r, 4) ? 0 : .01,
				      .max = rng_below(&r, 4) ? 1 : .015 + rng_below(&r, 9) / 100.};
}

static void plant(struct tree *t, uint64_t seed)
{
	struct rng r;

	rng_seed(&r, seed + 1000);
	link_start(&t->k, LINK_BPS);
	for (uint32_t g = 1; g <= GROUPS; g++) {
		struct sched_rule rule = rule_of(&t->group[g]);

		if (sched_set_group(t->k.s, g, &rule, 0))
			abort();
	}
	for (uint32_t i = 0; i < MAX_IDS; i++) {
		struct sched_rule rule = rule_of(&t->ldp[i]), without = rule;

		without.min_bps = 0;
		link_add(&t->k, i, without, 400 + rng_below(&r, 1u << rng_below(&r, 15)));
		if (sched_join(t->k.s, i, t->ldp[i].group, 0) ||
		    (sched_set_rule(t->k.s, i, &rule, 0) && !t->ldp[i].group))
			abort();
	}
}

/* A member whose minimum its group has no room for has none. */
static void learn(struct tree *t)
{
	for (uint32_t i = 0; i < MAX_IDS; i++)
		if (!t->k.s->ldp[i].rule.min_bps)
			t->ldp[i].min = 0;
}

static bool holds(uint64_t seed)
{
	struct tree t;
	bool good;

	grow(&t, seed);
	plant(&t, seed);
	learn(&t);
	expect(&t);
	link_run(&t.k, 300 * MS);
	link_run(&t.k, 2000 * MS);
	good = sched_is_sound(t.k.s);
	for (uint32_t i = 0; i < MAX_IDS; i++) {
		double got = (double)t.k.sent_bytes[i] * 8 / 2 / LINK_BPS;

		if (fabs(got - t.ldp[i].want) <= .002 + .02 * t.ldp[i].want)
			continue;
		diag("SEED=%llu: LDP %u of group %u (weight %u, min %.3f, max %.3f) has %.4f, not "
		     "%.4f",
		     (unsigned long long)seed, i, t.ldp[i].group, t.ldp[i].weight, t.ldp[i].min,
		     t.ldp[i].max, got, t.ldp[i].want);
		good = false;
	}
	sched_free(t.k.s);
	return good;
}

int main(void)
{
	is_int(sched_seeds_failed(20, holds), 0,
	       "in random trees everybody has what weights, minima and maxima come to");
	return done_testing();
}
