/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gaming.c: what sizes of frames, naps and a minimum gain together, while loans are repaid. */
#include <math.h>

#include "tests/sim/cases.h"

#define LINK_BPS 1e9
#define MS	 1000000ull
#define LDPS	 4u   /* the cheat, two honest ones that always send, and one that sends bursts */
#define FRAMES	 330u /* of a burst, in the mean */
#define PATTERN	 24u
#define PATTERNS 16u /* made at random */
#define FROM_MS	 100u
#define TO_MS	 1100u

static const uint32_t fixed[] = {64,   65,   100,  256,	  576,	 1513,	1514,  1515, 1516,
				 3028, 4096, 9000, 16384, 32768, 49152, 65535, 65536};

struct gaming {
	const struct subject *subject;
	uint32_t min_permille; /* the cheat's minimum, of the link */
	bool bursts;	       /* there is one that sends bursts, so loans and repayments */
	double honest, gain;
};

/* Frames as mixed as a cheat could like. */
static uint32_t gaming_pattern(uint32_t *pattern, uint64_t seed)
{
	static const uint32_t size[] = {64, 1514, 9000, 32768, 65536};
	struct rng rng;
	uint32_t n;

	rng_seed(&rng, seed);
	n = 1 + rng_below(&rng, PATTERN);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind = rng_below(&rng, 3);

		pattern[i] = kind == 0 ? size[rng_below(&rng, 5)] : kind == 1 ? 65536 : 64;
	}
	return n;
}

static void gaming_burster(struct world *w)
{
	struct world_flow *f = &w->flow[LDPS - 1];

	f->source = WORLD_BURSTS;
	f->burst_frames = FRAMES;
	f->queue_max = 100 * FRAMES;
	f->gap_ns = (uint64_t)(FRAMES * WORLD_MTU_BYTES / (.5 * w->rate / LDPS));
}

/* What a cheat gets in a second that sends like `how`, as a part of the link. */
static double gaming_part(const struct gaming *g, const struct world_flow *how)
{
	struct sched_rule rule[LDPS];
	uint64_t before;
	double part;
	struct world w;

	world_init(&w, g->bursts ? LDPS : LDPS - 1, LINK_BPS, 41);
	for (uint32_t i = 0; i < w.n; i++) {
		rule[i] = (struct sched_rule){.weight = 256};
		w.weight[i] = 256;
		w.flow[i].source = WORLD_HOG;
	}
	rule[0].min_bps = (uint64_t)(LINK_BPS / 1000) * g->min_permille;
	w.rule = rule;
	w.flow[0] = *how;
	if (g->bursts)
		gaming_burster(&w);
	world_start(&w, g->subject, false);
	world_run(&w, FROM_MS * MS);
	before = w.flow[0].sent_bytes;
	world_run(&w, TO_MS * MS);
	part = (double)(w.flow[0].sent_bytes - before) / (w.rate * (TO_MS - FROM_MS) * MS);
	world_fini(&w);
	return part;
}

/* Keeps the most that sending like `how` gains over sending full frames all the time. */
static void gaming_try(struct gaming *g, const struct world_flow *how)
{
	double gain = gaming_part(g, how) / g->honest;

	g->gain = fmax(g->gain, gain);
}

static void gaming_sizes(struct gaming *g)
{
	struct world_flow how = {.source = WORLD_HOG, .sizes = WORLD_PATTERN};
	uint32_t pattern[PATTERN];

	for (unsigned i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		how.pattern = &fixed[i];
		how.pattern_n = 1;
		gaming_try(g, &how);
	}
	how.pattern = pattern;
	for (uint64_t seed = 1; seed <= PATTERNS; seed++) {
		how.pattern_n = gaming_pattern(pattern, seed);
		gaming_try(g, &how);
	}
	for (int sizes = WORLD_MIXED; sizes <= WORLD_ALTERNATE; sizes++)
		gaming_try(g, &(struct world_flow){.source = WORLD_HOG,
						   .sizes = (enum world_sizes)sizes});
}

static void gaming_naps(struct gaming *g)
{
	static const enum world_sizes sizes[] = {WORLD_MTU, WORLD_GSO, WORLD_ALTERNATE};

	for (uint64_t gap_ns = MS / 100; gap_ns < 128 * MS; gap_ns *= 4)
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			gaming_try(g, &(struct world_flow){.source = WORLD_NAP,
							   .sizes = sizes[i],
							   .gap_ns = gap_ns,
							   .sleep_ns = gap_ns / 4});
}

double cases_gaming(const struct subject *s, uint32_t min_permille, bool bursts)
{
	struct gaming g = {.subject = s, .min_permille = min_permille, .bursts = bursts};

	g.honest = gaming_part(&g, &(struct world_flow){.source = WORLD_HOG});
	gaming_sizes(&g);
	gaming_naps(&g);
	return g.gain;
}
