/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each LDP would get if it sent all it could. */
#include "backend/sched/prospect.h"

#include <math.h>
#include <stdlib.h>

#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define MBIT   1000000ull
#define CLAIMS 24u
#define GROUPS 4u
#define ALL    PROSPECT_ALL

/* --- by hand ---------------------------------------------------------------------------------- */

/* Rates in Mbit/s; 0: none. */
struct one {
	uint32_t weight, group;
	uint64_t min, max, wants, elsewhere;
	double gets; /* if it sent all it could */
	enum prospect_by by;
};

struct row {
	const char *what;
	uint64_t capacity;
	struct one group; /* number 1 */
	struct one ldp[4];
};

#define LINK  PROSPECT_LINK
#define SHARE PROSPECT_WEIGHT

static const struct row rows[] = {
	{"one alone has the link", 100, {0}, {{1, .gets = 100, .by = LINK}}},
	{"an idle neighbour's part is free",
	 100,
	 {0},
	 {{1, .gets = 100, .by = LINK}, {1, .gets = 100, .by = LINK}}},
	{"beside one that wants all the weight decides",
	 100,
	 {0},
	 {{1, .gets = 25, .by = SHARE}, {3, .wants = ALL, .gets = 100, .by = LINK}}},
	{"a light neighbour leaves the rest",
	 100,
	 {0},
	 {{1, .gets = 90, .by = LINK}, {1, .wants = 10, .gets = 100, .by = LINK}}},
	{"what a light one leaves goes by weight",
	 100,
	 {0},
	 {{1, .gets = 30, .by = SHARE},
	  {1, .wants = 10, .gets = 33.333333, .by = SHARE},
	  {2, .wants = ALL, .gets = 90, .by = LINK}}},
	{"a maximum", 100, {0}, {{1, .max = 20, .gets = 20, .by = PROSPECT_MAX}}},
	{"a maximum of another leaves more",
	 100,
	 {0},
	 {{1, .gets = 80, .by = LINK},
	  {1, .max = 20, .wants = ALL, .gets = 20, .by = PROSPECT_MAX}}},
	{"a minimum above the share",
	 100,
	 {0},
	 {{1, .min = 60, .gets = 60, .by = PROSPECT_MIN},
	  {1, .wants = ALL, .gets = 100, .by = LINK}}},
	{"a minimum of another that sends",
	 100,
	 {0},
	 {{1, .gets = 40, .by = SHARE}, {1, .min = 60, .wants = ALL, .gets = 100, .by = LINK}}},
	{"a minimum of another that does not send",
	 100,
	 {0},
	 {{1, .gets = 100, .by = LINK}, {1, .min = 60, .gets = 100, .by = LINK}}},
	{"minima shrink to 95 % of the link",
	 100,
	 {0},
	 {{1, .min = 80, .wants = ALL, .gets = 63.333333, .by = PROSPECT_MIN},
	  {1, .min = 40, .wants = ALL, .gets = 31.666667, .by = PROSPECT_MIN},
	  {1, .wants = ALL, .gets = 5, .by = SHARE}}},
	{"frames to other guests count in a maximum",
	 100,
	 {0},
	 {{1, .gets = 85, .by = LINK},
	  {1, .max = 20, .wants = ALL, .elsewhere = 5, .gets = 20, .by = PROSPECT_MAX}}},
	{"frames to other guests do not count on the link",
	 100,
	 {0},
	 {{1, .gets = 100, .by = LINK}, {1, .elsewhere = 500, .gets = 100, .by = LINK}}},
	{"a group is one competitor",
	 100,
	 {.weight = 1},
	 {{1, .gets = 50, .by = SHARE},
	  {9, 1, .wants = ALL, .gets = 81.818182, .by = SHARE},
	  {2, 1, .wants = ALL, .gets = 18.181818, .by = SHARE}}},
	{"a group's maximum",
	 100,
	 {.weight = 1, .max = 30},
	 {{1, 1, .gets = 10, .by = PROSPECT_GROUP_MAX},
	  {2, 1, .wants = ALL, .gets = 30, .by = PROSPECT_GROUP_MAX},
	  {1, .gets = 70, .by = LINK}}},
	{"a group's minimum",
	 100,
	 {.weight = 1, .min = 40},
	 {{1, 1, .gets = 40, .by = PROSPECT_GROUP_MIN},
	  {9, .wants = ALL, .gets = 100, .by = LINK}}},
	{"others' frames to guests count in a group's maximum",
	 100,
	 {.weight = 1, .max = 30},
	 {{1, 1, .gets = 20, .by = PROSPECT_GROUP_MAX},
	  {1, 1, .elsewhere = 10, .gets = 30, .by = PROSPECT_GROUP_MAX}}},
	{"without a capacity a maximum is known",
	 0,
	 {0},
	 {{1, .max = 20, .gets = 20, .by = PROSPECT_MAX}, {1, .gets = 0, .by = PROSPECT_UNKNOWN}}},
	{"without a capacity a group's maximum is known",
	 0,
	 {.weight = 1, .max = 30},
	 {{1, 1, .wants = ALL, .gets = 30, .by = PROSPECT_GROUP_MAX},
	  {1, 1, .max = 9, .gets = 9, .by = PROSPECT_MAX}}},
};

static struct sched_rule rule_of(const struct one *o)
{
	return (struct sched_rule){.weight = o->weight,
				   .min_bps = o->min * MBIT,
				   .max_bps = o->max * MBIT};
}

static bool is_near(uint64_t bps, double mbit)
{
	return fabs((double)bps - mbit * (double)MBIT) <= 1;
}

static void check_row(struct prospects *p, const struct row *r)
{
	struct sched_rule rule[4], group = rule_of(&r->group);
	const struct sched_rule *groups[GROUPS + 1] = {[1] = r->group.weight ? &group : NULL};
	const struct prospect_link link = {r->capacity * MBIT, groups};
	struct prospect_claim claim[4];
	struct prospect out[4];
	uint32_t n = 0;

	for (; n < 4 && r->ldp[n].weight; n++) {
		const struct one *o = &r->ldp[n];

		rule[n] = rule_of(o);
		claim[n] = (struct prospect_claim){&rule[n], o->group,
						   o->wants == ALL ? ALL : o->wants * MBIT,
						   o->elsewhere * MBIT};
	}
	prospects_fill(p, &link, claim, n, out);
	for (uint32_t i = 0; i < n; i++)
		if (!ok(is_near(out[i].bps, r->ldp[i].gets) && out[i].by == r->ldp[i].by,
			"%s: LDP %u has what it should", r->what, i))
			diag("%llu by %d, wanted %f by %d", (unsigned long long)out[i].bps,
			     out[i].by, r->ldp[i].gets, r->ldp[i].by);
}

/* --- against a slow model --------------------------------------------------------------------- */

struct node {
	double weight, min, max, has;
};

static double fill(const struct node *n, double level)
{
	return fmax(n->min, fmin(n->max, n->weight * level));
}

static void pour(struct node **at, uint32_t n, double have)
{
	double low = 0, high = 1e13;

	for (int i = 0; i < 200; i++) {
		double level = (low + high) / 2, sum = 0;

		for (uint32_t k = 0; k < n; k++)
			sum += fill(at[k], level);
		if (sum <= have)
			low = level;
		else
			high = level;
	}
	for (uint32_t k = 0; k < n; k++)
		at[k]->has = fill(at[k], low);
}

struct world {
	struct sched_rule rule[CLAIMS], group[GROUPS + 1];
	const struct sched_rule *groups[GROUPS + 1];
	struct prospect_claim claim[CLAIMS];
	uint32_t n;
	uint64_t capacity;
};

static struct node node_of(const struct sched_rule *r, double elsewhere, double wants)
{
	struct node n = {.weight = r->weight, .max = wants};

	if (r->max_bps)
		n.max = fmin(n.max, fmax(0, (double)r->max_bps - elsewhere));
	n.min = fmin((double)r->min_bps, n.max);
	return n;
}

/* What LDP i has if it wants all. Minima of these worlds always fit. */
static double model(const struct world *w, uint32_t i)
{
	struct node ldp[CLAIMS], group[GROUPS + 1], *top[CLAIMS + GROUPS], *in[CLAIMS];
	uint32_t tops = 0, ins;

	for (uint32_t k = 0; k < w->n; k++) {
		const struct prospect_claim *c = &w->claim[k];
		bool all = k == i || c->wants_bps == ALL;

		ldp[k] = node_of(c->rule, k == i ? 0 : (double)c->elsewhere_bps,
				 all ? 1e18 : (double)c->wants_bps);
		if (!w->groups[c->group])
			top[tops++] = &ldp[k];
	}
	for (uint32_t g = 1; g <= GROUPS; g++) {
		double min = 0, max = 0, elsewhere = 0;

		for (uint32_t k = 0; w->groups[g] && k < w->n; k++) {
			if (w->claim[k].group != g)
				continue;
			min += ldp[k].min;
			max += ldp[k].max;
			elsewhere += k == i ? 0 : (double)w->claim[k].elsewhere_bps;
		}
		if (max == 0)
			continue;
		group[g] = node_of(w->groups[g], elsewhere, max);
		group[g].min = fmin(fmax(group[g].min, min), group[g].max);
		top[tops++] = &group[g];
	}
	pour(top, tops, (double)w->capacity);
	if (!w->groups[w->claim[i].group])
		return ldp[i].has;
	ins = 0;
	for (uint32_t k = 0; k < w->n; k++)
		if (w->claim[k].group == w->claim[i].group)
			in[ins++] = &ldp[k];
	pour(in, ins, group[w->claim[i].group].has);
	return ldp[i].has;
}

static struct sched_rule random_rule(struct rng *r, uint64_t min)
{
	struct sched_rule rule = {.weight = 1 + rng_below(r, 1000)};

	rule.min_bps = rng_below(r, 3) ? 0 : rng_below(r, 20) * min;
	if (rng_below(r, 3) == 0)
		rule.max_bps = rule.min_bps + (1 + rng_below(r, 200)) * MBIT;
	return rule;
}

static void grow(struct world *w, struct rng *r)
{
	w->n = 1 + rng_below(r, CLAIMS);
	w->capacity = (10 + rng_below(r, 1000)) * MBIT;
	for (uint32_t g = 1; g <= GROUPS; g++) {
		w->group[g] = random_rule(r, w->capacity / 1000);
		w->groups[g] = rng_below(r, 4) ? &w->group[g] : NULL;
	}
	w->groups[0] = NULL;
	for (uint32_t i = 0; i < w->n; i++) {
		w->rule[i] = random_rule(r, w->capacity / 1000);
		w->claim[i] =
			(struct prospect_claim){&w->rule[i], rng_below(r, GROUPS + 1), 0,
						rng_below(r, 3) ? 0 : rng_below(r, 50) * MBIT};
		if (rng_below(r, 2))
			w->claim[i].wants_bps = rng_below(r, 3) ? rng_below(r, 300) * MBIT : ALL;
	}
}

static void test_worlds(struct prospects *p)
{
	static struct world w;
	struct prospect out[CLAIMS];
	unsigned bad = 0, all = 0;
	struct rng r;

	rng_seed(&r, 7);
	for (unsigned seed = 0; seed < 2000; seed++) {
		grow(&w, &r);
		prospects_fill(p, &(struct prospect_link){w.capacity, w.groups}, w.claim, w.n, out);
		for (uint32_t i = 0; i < w.n; i++) {
			double want = model(&w, i);

			all++;
			if (fabs((double)out[i].bps - want) <= 2 + want * 1e-6)
				continue;
			if (bad++ < 5)
				diag("world %u, LDP %u: %llu, wanted %f", seed, i,
				     (unsigned long long)out[i].bps, want);
		}
	}
	ok(bad == 0 && all > 20000, "%u LDPs of random worlds have what a slow model says", all);
}

int main(void)
{
	struct prospects *p = prospects_new(CLAIMS, GROUPS);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(p, &rows[i]);
	test_worlds(p);
	prospects_free(p);
	return done_testing();
}
