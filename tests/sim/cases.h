/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cases.h: the situations that are simulated, what is measured in them, and where it is kept. */
#ifndef DMVL_SIM_CASES_H
#define DMVL_SIM_CASES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/subject.h"
#include "tests/sim/world.h"

#define CASES_SUBJECTS 6

/* Ours first, then the peers, in the order of the tables. */
extern const struct subject *const cases_subject[CASES_SUBJECTS];

struct cases_result {
	char name[64];
	const char *subject, *metric, *unit;
	double value;
};

struct cases {
	struct cases_result *result;
	uint32_t n, room;
};

/* Runs everything but the timing, for all subjects. */
void cases_run(struct cases *c);

/* Nanoseconds per draw and charge for 3, 64, 1024 and 65536 backlogged LDPs. Reads the clock. */
void cases_time(struct cases *c);

/* The two plots, as SVG files in a directory that exists. 0 or -errno. */
int cases_plot(const char *dir);

/* The title, then a table per case, a row per subject. */
void cases_print(const struct cases *c, const char *title, FILE *f);

/* One JSON object a line. */
void cases_json(const struct cases *c, const char *bench, FILE *f);

/* credits.c: loans and repayment, for different strengths of it. */
void cases_credits(struct cases *c);

void cases_add(struct cases *c, const char *name, const struct subject *s, const char *metric,
	       double value, const char *unit);
void cases_fini(struct cases *c);

/*
 * A world of at most 300 flows that come and go, made from a seed, for 100 ms of 10 Gbit/s; ready
 * to start. With gso, frames go up to 64 KiB and not only to 1514 bytes.
 */
void cases_churn(struct world *w, uint64_t seed, bool gso);

/* The same with weights of 1 to 65,535, evenly in their logarithm. */
void cases_churn_wide(struct world *w, uint64_t seed, bool gso);

/*
 * Runs a world that is started for `ms` and looks at each LDP i that always sends and is entitled
 * to part[i] of the link (0: do not look): what it had at least in any 10 ms, 100 ms and 1 s, plus
 * two frames, by what it was entitled to. windows.c
 */
void cases_windows(struct cases *c, const char *name, struct world *w, const double *part,
		   uint32_t ms);
/* n LDPs of weights 1:2:4 that always send, or every other one in bursts. */
void cases_worst(struct cases *c, const struct subject *s, uint32_t n, enum world_sizes sizes,
		 bool bursts);

/* n LDPs that always send, and a light one: a frame of 100 bytes each 5 ms. */
struct light {
	const char *others; /* in words */
	uint32_t n;
	enum world_sizes sizes[3]; /* of those of weights 1, 2 and 4 */
	bool poisson;		   /* 20 times as many frames, at random */
	uint32_t heavy;		   /* not 0: the weight of one of them, the others have 1 */
};

extern const struct light cases_light_gso;   /* all send frames of 64 B to 64 KiB */
extern const struct light cases_light_some;  /* those of weight 1 do, the others full frames */
extern const struct light cases_light_heavy; /* those of weight 4 do */
extern const struct light cases_light_lone;  /* all do, and one of them has weight 1000 */

/* What the light LDP waits, which is low_latency. Returns the 99th percentile in us. */
double cases_light(struct cases *c, const struct subject *s, const struct light *l);

/* What LDPs that send bursts wait, and what those that always send had at least. bursts.c */
struct bursts {
	const char *name;
	uint32_t hogs; /* of 8 LDPs; the others send bursts */
	double load;   /* of its share: what an LDP that sends bursts sends */
	double actual; /* the link is that many times what the ledger takes it for */
	enum world_sizes sizes;
};
void cases_bursts(struct cases *c, const struct subject *s, const struct bursts *b);

/*
 * LDPs of one weight that always send, the first one frames of 64 and 65536 bytes in turn, beside
 * `idle` of the n that never do: what the first one has, by an equal share, and how far anybody is
 * from that. bursts.c
 */
struct lumps {
	const char *name;
	uint32_t n, idle;
	double actual; /* as above */
	enum world_sizes sizes;
};
void cases_lumps(struct cases *c, const struct subject *s, const struct lumps *u);

/*
 * A tenant whose ten LDPs send by turns beside one whose LDP always sends, and an LDP that never
 * does: what the first tenant has by what the second has. turns.c
 */
void cases_turns(struct cases *c, const struct subject *s, uint32_t turn_ms);

/*
 * The most that an LDP with that minimum, in thousandths of the link, gains by its frames' sizes
 * and by naps, over one with the same minimum that always sends full frames. Beside two of its
 * weight that always send and, with `bursts`, one that sends bursts. gaming.c
 */
double cases_gaming(const struct subject *s, uint32_t min_permille, bool bursts);

/* Minima, maxima and weights together, and what frames cost the CPU; ours only. rules.c */
void cases_rules(struct cases *c);

/* Groups: shares, lag and waits; ours and two levels of the peers. groups.c */
void cases_groups(struct cases *c);

/*
 * A world of cases_churn() whose flows are in up to 16 groups, some in none; made from a seed and
 * ready to start.
 */
void cases_groups_churn(struct world *w, uint64_t seed, bool gso);

/* n flows of weights 1:2:4 that always have something to send. */
void cases_backlog(struct world *w, uint32_t n, enum world_sizes sizes, uint64_t seed);

/* The share of the time with frames waiting in which the link was sending. */
double cases_utilisation(const struct world *w);

#endif
