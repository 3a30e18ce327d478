/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.c: minima, maxima and weights together, who games them, and what frames cost the CPU. */
#include <math.h>

#include "tests/sim/cases.h"
#include "tests/sim/lender.h"

#define LINK_BPS 1e10
#define MS	 1000000ull
#define MOST	 16

/* In hundredths of the link; 0: none. */
struct rules_row {
	uint32_t weight, min, max;
	double want;
};

struct rules_case {
	const char *name;
	struct rules_row row[5];
	double shrink; /* to what part of the link, with the minima granted before; 1: it stays */
};

static const struct rules_case rules_case[] = {
	/* 30 kept free; 15 and 10 never exceeded; the weight has what is left. */
	{"rules: min 30, max 10, weight 2, min 10 max 15",
	 {{1, 30, 0, 30}, {1, 0, 10, 10}, {2, 0, 0, 45}, {1, 10, 15, 15}},
	 1},
	{"rules: minima of 95 beside a weight of 1000",
	 {{1, 60, 0, 60}, {1, 35, 0, 35}, {1000, 0, 0, 5}},
	 1},
	/* Shares of 40 are more than these minima, which must not add to them. */
	{"rules: minima below the share", {{2, 10, 0, 40}, {2, 30, 0, 40}, {1, 0, 0, 20}}, 1},
	/* 40 and 20 of 100 are 80 and 40 of 50: together they may have 95, so 63.3 and 31.7. */
	{"rules: half of the link, minima of 120 of it",
	 {{1, 40, 0, 63.333}, {1, 20, 0, 31.667}, {2, 0, 0, 5}},
	 .5},
};

static uint64_t part_bps(uint32_t percent)
{
	return (uint64_t)(LINK_BPS / 100) * percent;
}

static void rules_run(struct cases *c, const struct rules_case *rc, enum world_sizes sizes)
{
	struct sched_rule rule[5] = {0};
	uint64_t before[5] = {0};
	double worst = 0, sum = 0;
	uint32_t n = 0;
	struct world w;
	char name[sizeof(c->result->name)];

	while (n < 5 && rc->row[n].weight) {
		const struct rules_row *r = &rc->row[n];

		rule[n++] = (struct sched_rule){.weight = r->weight,
						.min_bps = part_bps(r->min),
						.max_bps = part_bps(r->max)};
	}
	world_init(&w, n, LINK_BPS, 7);
	w.rule = rule;
	for (uint32_t i = 0; i < n; i++) {
		w.flow[i].source = WORLD_HOG;
		w.flow[i].sizes = sizes;
	}
	world_start(&w, &subject_dmvl, false);
	world_run(&w, 100 * MS);
	w.rate *= rc->shrink;
	sched_set_capacity(w.sched, (uint64_t)(LINK_BPS * rc->shrink));
	world_run(&w, 200 * MS);
	for (uint32_t i = 0; i < n; i++)
		before[i] = w.flow[i].sent_bytes;
	world_run(&w, 1200 * MS);
	for (uint32_t i = 0; i < n; i++)
		sum += (double)(w.flow[i].sent_bytes - before[i]);
	for (uint32_t i = 0; i < n; i++) {
		double got = (double)(w.flow[i].sent_bytes - before[i]) / sum * 100;

		worst = fmax(worst, fabs(got - rc->row[i].want));
	}
	snprintf(name, sizeof(name), "%s%s", rc->name, sizes == WORLD_MTU ? "" : ", to 64 KiB");
	cases_add(c, name, &subject_dmvl, "off_percent", worst, "% of the link");
	cases_add(c, name, &subject_dmvl, "utilisation", cases_utilisation(&w), "1");
	world_fini(&w);
}

/*
 * What a cheat with a rule of its own gets, by what each of 15 honest hogs gets. It sleeps and
 * wakes every gap_ns. The rule promises no more than the fair share does.
 */
static double rules_cheat(struct sched_rule cheat, uint64_t gap_ns)
{
	struct sched_rule rule[MOST];
	double honest = 0, gain;
	struct world w;

	for (uint32_t i = 0; i < MOST; i++)
		rule[i] = (struct sched_rule){.weight = 4};
	rule[0] = cheat;
	world_init(&w, MOST, LINK_BPS, 11);
	w.rule = rule;
	for (uint32_t i = 0; i < MOST; i++)
		w.flow[i].source = i ? WORLD_HOG : WORLD_NAP;
	w.flow[0].gap_ns = gap_ns;
	world_start(&w, &subject_dmvl, false);
	world_run(&w, 1000 * MS);
	for (uint32_t i = 1; i < MOST; i++)
		honest += (double)w.flow[i].sent_bytes / (MOST - 1);
	gain = (double)w.flow[0].sent_bytes / honest;
	world_fini(&w);
	return gain;
}

static void rules_gaming(struct cases *c)
{
	const uint64_t share_bps = (uint64_t)LINK_BPS / MOST;
	const struct {
		const char *name;
		struct sched_rule rule;
	} cheat[] = {
		{"gaming: a minimum and naps", {.weight = 4, .min_bps = share_bps}},
		{"gaming: a maximum and naps", {.weight = 4, .max_bps = share_bps}},
		{"gaming: min, max, low latency and naps",
		 {.weight = 4,
		  .min_bps = share_bps,
		  .max_bps = 2 * share_bps,
		  .low_latency = true}},
	};

	for (unsigned i = 0; i < sizeof(cheat) / sizeof(*cheat); i++) {
		double gain = 0;

		for (uint64_t gap_ns = 500; gap_ns < 64 * MS; gap_ns *= 2)
			gain = fmax(gain, rules_cheat(cheat[i].rule, gap_ns));
		cases_add(c, cheat[i].name, &subject_dmvl, "gain", gain, "1");
	}
}

/*
 * What an LDP with a minimum, in thousandths of the link, gets by max(minimum, share) beside two
 * others of its weight, with frames of mixed sizes.
 */
static double rules_minimum(uint32_t permille, enum world_sizes sizes)
{
	struct sched_rule rule[3] = {{.weight = 1,
				      .min_bps = (uint64_t)(LINK_BPS / 1000) * permille},
				     {.weight = 1},
				     {.weight = 1}};
	double most = fmax(permille / 1e3, 1 / 3.), before, gain;
	struct world w;

	world_init(&w, 3, LINK_BPS, 11);
	w.rule = rule;
	for (uint32_t i = 0; i < 3; i++)
		w.flow[i].source = WORLD_HOG;
	w.flow[0].sizes = sizes;
	world_start(&w, &subject_dmvl, false);
	world_run(&w, 100 * MS);
	before = (double)w.flow[0].sent_bytes;
	world_run(&w, 1100 * MS);
	gain = ((double)w.flow[0].sent_bytes - before) / (w.rate * 1000 * MS) / most;
	world_fini(&w);
	return gain;
}

static void rules_minima_gaming(struct cases *c)
{
	static const uint32_t permille[] = {100, 200, 300, 330, 360, 400, 500};
	double gain = 0;

	for (unsigned i = 0; i < sizeof(permille) / sizeof(*permille); i++)
		for (int sizes = WORLD_MTU; sizes <= WORLD_ALTERNATE; sizes++)
			gain = fmax(gain, rules_minimum(permille[i], (enum world_sizes)sizes));
	cases_add(c, "gaming: a minimum and mixed frames", &subject_dmvl, "gain", gain, "1");
}

/* The same over many patterns of sizes, and naps, while loans are repaid as by default. */
static void rules_gaming_repaid(struct cases *c, bool bursts)
{
	static const uint32_t permille[] = {0, 200, 330, 360, 500};
	double gain = 0;

	for (unsigned i = 0; i < sizeof(permille) / sizeof(*permille); i++)
		gain = fmax(gain, cases_gaming(&lender_default, permille[i], bursts));
	cases_add(c,
		  bursts ? "gaming: sizes, naps and minima, with loans"
			 : "gaming: sizes, naps and minima",
		  &lender_default, "gain", gain, "1");
}

/* A flood of 64 bytes beside a hog, where any frame takes the CPU as long as a full one. */
static void frame_cost(struct cases *c, const struct subject *s, bool charged)
{
	struct world w;

	world_init(&w, 2, LINK_BPS, 13);
	w.frame_cost_bytes = WORLD_MTU_BYTES;
	w.frame_cost_charged = charged;
	w.flow[0].source = w.flow[1].source = WORLD_HOG;
	w.flow[0].sizes = WORLD_LEAST;
	world_start(&w, s, false);
	world_run(&w, 1000 * MS);
	cases_add(c, charged ? "frame cost charged: 64 B beside 1514 B" : "frame cost: bytes only",
		  s, "hog_time", (double)w.flow[1].sent_bytes / w.rate / (double)w.busy_ns, "1");
	world_fini(&w);
}

void cases_rules(struct cases *c)
{
	for (unsigned i = 0; i < sizeof(rules_case) / sizeof(*rules_case); i++) {
		rules_run(c, &rules_case[i], WORLD_MTU);
		rules_run(c, &rules_case[i], WORLD_GSO);
	}
	rules_gaming(c);
	rules_minima_gaming(c);
	rules_gaming_repaid(c, false);
	rules_gaming_repaid(c, true);
	frame_cost(c, &subject_dmvl, false);
	frame_cost(c, &subject_dmvl, true);
}
