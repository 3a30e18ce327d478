/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cases.c: the situations that are simulated, and what is measured in them. */
#include "tests/sim/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/lender.h"

#define LINK_BPS    1e10
#define MS	    1000000ull
#define CHURN_SEEDS 40
#define WAKE_SEEDS  40
#define LIGHT_MS    6000

const struct subject *const cases_subject[CASES_SUBJECTS] = {&subject_dmvl,    &subject_wf2q,
							     &subject_drr,     &subject_stride,
							     &subject_lottery, &subject_fifo};

double cases_utilisation(const struct world *w)
{
	return (double)w->busy_ns / (double)(w->busy_ns + w->idle_ns);
}

void cases_backlog(struct world *w, uint32_t n, enum world_sizes sizes, uint64_t seed)
{
	world_init(w, n, LINK_BPS, seed);
	for (uint32_t i = 0; i < n; i++) {
		w->weight[i] = 1u << i % 3;
		w->flow[i].source = WORLD_HOG;
		w->flow[i].sizes = sizes;
	}
}

void cases_churn(struct world *w, uint64_t seed, bool gso)
{
	struct rng r;
	uint32_t n, heaviest;
	double load, mean_bytes = gso ? 9450 : 789;

	rng_seed(&r, seed);
	n = 2 + rng_below(&r, 299);
	heaviest = rng_below(&r, 2) ? 1000 : 1 + rng_below(&r, 1000);
	load = .5 + rng_below(&r, 200) / 100.;
	world_init(w, n, LINK_BPS, seed);
	for (uint32_t i = 0; i < n; i++) {
		struct world_flow *f = &w->flow[i];

		w->weight[i] = 1 + rng_below(&r, rng_below(&r, 4) ? heaviest : 2);
		f->source = rng_below(&r, 20) ? WORLD_BURSTS : WORLD_HOG;
		f->sizes = gso ? WORLD_GSO : WORLD_MIXED;
		f->burst_frames = 1 + rng_below(&r, rng_below(&r, 2) ? 3 : 60);
		f->queue_max = 300;
		f->gap_ns = (uint64_t)(f->burst_frames * mean_bytes / w->rate * n / load *
				       (.3 + rng_below(&r, 1400) / 1000.));
	}
}

void cases_churn_wide(struct world *w, uint64_t seed, bool gso)
{
	struct rng r;

	cases_churn(w, seed, gso);
	rng_seed(&r, ~seed);
	for (uint32_t i = 0; i < w->n; i++)
		w->weight[i] = (uint32_t)exp2((double)rng_below(&r, 16000) / 1000);
}

/* The bytes that each flow sent in a window. */
struct shares {
	uint64_t *last;
	double *sum, *squares;
	double jain;
	uint32_t n, windows;
};

static void shares_init(struct shares *sh, const struct world *w)
{
	*sh = (struct shares){.n = w->n};
	sh->last = calloc(w->n, sizeof(*sh->last));
	sh->sum = calloc(w->n, sizeof(*sh->sum));
	sh->squares = calloc(w->n, sizeof(*sh->squares));
	if (!sh->last || !sh->sum || !sh->squares)
		abort();
	for (uint32_t i = 0; i < w->n; i++)
		sh->last[i] = w->flow[i].sent_bytes;
}

static void shares_window(struct shares *sh, const struct world *w)
{
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		double x = (double)(w->flow[i].sent_bytes - sh->last[i]);

		sh->last[i] = w->flow[i].sent_bytes;
		sh->sum[i] += x;
		sh->squares[i] += x * x;
		x /= w->weight[i];
		sum += x;
		squares += x * x;
	}
	sh->jain += sum * sum / squares / w->n;
	sh->windows++;
}

/* The mean over flows of an LDP's coefficient of variation. */
static double shares_cov(const struct shares *sh)
{
	double cov = 0;

	for (uint32_t i = 0; i < sh->n; i++) {
		double mean = sh->sum[i] / sh->windows;
		double variance = sh->squares[i] / sh->windows - mean * mean;

		if (mean > 0)
			cov += sqrt(fmax(0, variance)) / mean / sh->n;
	}
	return cov;
}

static void shares_fini(struct shares *sh)
{
	free(sh->last);
	free(sh->sum);
	free(sh->squares);
}

/* Jain index, variation, lag and utilisation of a world that is started, in windows of 10 ms. */
static void case_shares(struct cases *c, const char *name, struct world *w, bool lag)
{
	struct shares sh;

	world_run(w, 20 * MS);
	shares_init(&sh, w);
	for (uint64_t i = 1; i <= 100; i++) {
		world_run(w, 20 * MS + i * 10 * MS);
		shares_window(&sh, w);
	}
	cases_add(c, name, w->subject, "jain_10ms", sh.jain / sh.windows, "1");
	cases_add(c, name, w->subject, "cov_10ms", shares_cov(&sh), "1");
	if (lag)
		cases_add(c, name, w->subject, "lag_bytes", w->worst_lag_bytes, "bytes");
	cases_add(c, name, w->subject, "utilisation", cases_utilisation(w), "1");
	shares_fini(&sh);
}

static void case_backlog(struct cases *c, const struct subject *s, uint32_t n,
			 enum world_sizes sizes, const char *name)
{
	struct world w;

	cases_backlog(&w, n, sizes, 5);
	world_start(&w, s, true);
	case_shares(c, name, &w, true);
	world_fini(&w);
}

/* 24 closed loops with round trips of 100 to 330 us, all of which could fill the link. */
static void case_aimd(struct cases *c, const struct subject *s)
{
	struct world w;

	world_init(&w, 24, LINK_BPS, 6);
	for (uint32_t i = 0; i < w.n; i++) {
		w.weight[i] = 1u << i % 3;
		w.flow[i].source = WORLD_AIMD;
		w.flow[i].gap_ns = 100000 + 10000 * i;
		w.flow[i].queue_max = 170;
	}
	world_start(&w, s, false);
	case_shares(c, "aimd n=24 w=1:2:4", &w, false);
	world_fini(&w);
}

static void case_churn(struct cases *c, const struct subject *s, const char *name, bool gso)
{
	double worst = 0, utilisation = 1;

	for (uint64_t seed = 1; seed <= CHURN_SEEDS; seed++) {
		struct world w;

		cases_churn(&w, seed, gso);
		world_start(&w, s, true);
		world_run(&w, 100 * MS);
		worst = fmax(worst, w.worst_lag_bytes);
		utilisation = fmin(utilisation, cases_utilisation(&w));
		world_fini(&w);
	}
	cases_add(c, name, s, "lag_bytes", worst, "bytes");
	cases_add(c, name, s, "utilisation", utilisation, "1");
}

const struct light cases_light_gso = {.others = " 64B..64KiB",
				      .sizes = {WORLD_GSO, WORLD_GSO, WORLD_GSO}};
const struct light cases_light_some = {.others = ", weight 1 to 64KiB",
				       .sizes = {WORLD_GSO, WORLD_MTU, WORLD_MTU}};
const struct light cases_light_heavy = {.others = ", weight 4 to 64KiB",
					.sizes = {WORLD_MTU, WORLD_MTU, WORLD_GSO}};
const struct light cases_light_lone = {.others = ", one of weight 1000 64B..64KiB",
				       .sizes = {WORLD_GSO, WORLD_GSO, WORLD_GSO},
				       .heavy = 1000};

double cases_light(struct cases *c, const struct subject *s, const struct light *l)
{
	double p99, most;
	struct world w;
	char name[64];

	cases_backlog(&w, l->n + 1, WORLD_MTU, 9);
	for (uint32_t i = 0; i < l->n; i++)
		w.flow[i].sizes = l->sizes[i % 3];
	for (uint32_t i = 0; l->heavy && i < l->n; i++)
		w.weight[i] = i ? 1 : l->heavy;
	w.weight[l->n] = 1;
	w.watch = l->n;
	w.flow[l->n].source = l->poisson ? WORLD_BURSTS : WORLD_PERIODIC;
	w.flow[l->n].gap_ns = l->poisson ? MS / 4 : 5 * MS;
	w.flow[l->n].burst_frames = 1;
	w.flow[l->n].sizes = WORLD_SMALL;
	w.low_latency[l->n] = true;
	world_start(&w, s, l->heavy);
	world_run(&w, LIGHT_MS * MS);
	p99 = world_quantile(w.wait_ns, w.waits, .99) / 1e3;
	most = world_quantile(w.wait_ns, w.waits, 1) / 1e3;
	snprintf(name, sizeof(name), "%s beside n=%u%s", l->poisson ? "poisson" : "light", l->n,
		 l->others);
	cases_add(c, name, s, "light_p99_us", p99, "us");
	cases_add(c, name, s, "light_max_us", most, "us");
	if (l->heavy)
		cases_add(c, name, s, "lag_bytes", w.worst_lag_bytes, "bytes");
	world_fini(&w);
	return p99;
}

/* Notes when what the newcomer got was last more than 10 % off the fluid's. */
static void case_wake_sent(struct world *w, uint32_t id, uint32_t bytes)
{
	double *since_last_bad = w->arg;
	double ideal = gps_sent(w->gps, w->n - 1, (double)w->now_ns);
	double got = (double)w->flow[w->n - 1].sent_bytes;

	(void)id;
	(void)bytes;
	if (fabs(got - ideal) > .1 * ideal)
		since_last_bad[1] = (double)w->now_ns - since_last_bad[0];
}

static void case_wake(struct cases *c, const struct subject *s)
{
	double worst = 0;

	for (uint64_t seed = 1; seed <= WAKE_SEEDS; seed++) {
		double since_last_bad[2];
		struct world w;

		cases_backlog(&w, 65, WORLD_MTU, seed);
		w.flow[64].source = WORLD_SILENT;
		w.weight[64] = 2;
		world_start(&w, s, true);
		world_run(&w, 5 * MS + rng_below(&w.rng, 1000000));
		since_last_bad[0] = (double)w.now_ns;
		since_last_bad[1] = 0;
		w.arg = since_last_bad;
		w.sent = case_wake_sent;
		w.flow[64].source = WORLD_HOG;
		world_wake_source(&w, 64);
		world_run(&w, 30 * MS);
		worst = fmax(worst, since_last_bad[1]);
		world_fini(&w);
	}
	cases_add(c, "wake n=64 w=1:2:4", s, "wake_ms", worst / 1e6, "ms");
}

/*
 * What a cheat among 15 honest hogs gets, by what one of those gets; all of weight 4, so that time
 * is long enough for it to show. gap_ns is that of a cheat that sleeps and wakes.
 */
static double case_cheat(const struct subject *s, enum world_source source, enum world_sizes sizes,
			 uint64_t gap_ns, uint32_t queue_max)
{
	double honest = 0;
	struct world w;

	world_init(&w, 16, LINK_BPS, 11);
	for (uint32_t i = 0; i < w.n; i++) {
		w.weight[i] = 4;
		w.flow[i].source = i ? WORLD_HOG : source;
		w.flow[i].sizes = i ? WORLD_MTU : sizes;
		w.flow[i].queue_max = i ? 43 : queue_max;
		w.flow[i].gap_ns = gap_ns;
	}
	w.low_latency[0] = true;
	world_start(&w, s, false);
	world_run(&w, 1000 * MS);
	for (uint32_t i = 1; i < w.n; i++)
		honest += (double)w.flow[i].sent_bytes / 15;
	honest = (double)w.flow[0].sent_bytes / honest;
	world_fini(&w);
	return honest;
}

static void case_gaming(struct cases *c, const struct subject *s)
{
	double nap = 0;

	cases_add(c, "gaming: 64 B and 64 KiB in turn", s, "gain",
		  case_cheat(s, WORLD_HOG, WORLD_ALTERNATE, 0, 43), "1");
	for (uint64_t gap_ns = 500; gap_ns < 4 * MS; gap_ns *= 2)
		nap = fmax(nap, case_cheat(s, WORLD_NAP, WORLD_MTU, gap_ns, 43));
	cases_add(c, "gaming: sleeping and waking", s, "gain", nap, "1");
	cases_add(c, "gaming: claiming demand", s, "gain",
		  case_cheat(s, WORLD_HOG, WORLD_MTU, 0, 4300), "1");
}

/* Also by whoever always puts the light one first: nobody could be faster. */
static void case_light_long(struct cases *c, const struct subject *s, struct light l)
{
	static const uint32_t n[] = {16, 64, 256};

	for (unsigned i = 0; i < sizeof(n) / sizeof(*n); i++) {
		l.n = n[i];
		cases_light(c, s, &l);
		if (s == &subject_dmvl)
			cases_light(c, &subject_first, &l);
	}
}

static void case_light(struct cases *c, const struct subject *s)
{
	cases_light(c, s, &(struct light){.others = "", .n = 64});
	cases_light(c, s, &(struct light){.others = "", .n = 1024});
	cases_light(c, s,
		    &(struct light){.others = " 64B..1514B",
				    .n = 1024,
				    .sizes = {WORLD_MIXED, WORLD_MIXED, WORLD_MIXED}});
	cases_light(c, s, &(struct light){.others = "", .n = 64, .poisson = true});
	case_light_long(c, s, cases_light_gso);
	case_light_long(c, s, cases_light_some);
	case_light_long(c, s, cases_light_heavy);
	case_light_long(c, s, cases_light_lone);
}

static void case_worst(struct cases *c, const struct subject *s)
{
	static const uint32_t n[] = {3, 64, 200};

	for (unsigned i = 0; i < sizeof(n) / sizeof(*n); i++) {
		cases_worst(c, s, n[i], WORLD_MTU, false);
		cases_worst(c, s, n[i], WORLD_GSO, false);
		cases_worst(c, s, n[i], WORLD_MTU, true);
		cases_worst(c, s, n[i], WORLD_GSO, true);
	}
}

void cases_run(struct cases *c)
{
	for (int i = 0; i < CASES_SUBJECTS; i++) {
		const struct subject *s = cases_subject[i];

		case_backlog(c, s, 64, WORLD_MTU, "n=64 w=1:2:4");
		case_backlog(c, s, 1024, WORLD_MTU, "n=1024 w=1:2:4");
		case_backlog(c, s, 64, WORLD_GSO, "n=64 w=1:2:4 64B..64KiB");
		case_aimd(c, s);
		case_churn(c, s, "churn", false);
		if (!i)
			case_churn(c, &subject_dmvl_noexpress, "churn", false);
		case_churn(c, s, "churn 64B..64KiB", true);
		case_light(c, s);
		case_worst(c, s);
		if (!i)
			case_worst(c, &lender_default);
		case_wake(c, s);
		case_gaming(c, s);
	}
	cases_rules(c);
	cases_groups(c);
}

void cases_add(struct cases *c, const char *name, const struct subject *s, const char *metric,
	       double value, const char *unit)
{
	struct cases_result *r;

	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->result = realloc(c->result, c->room * sizeof(*c->result));
		if (!c->result)
			abort();
	}
	r = &c->result[c->n++];
	*r = (struct cases_result){.subject = s->name,
				   .metric = metric,
				   .unit = unit,
				   .value = value};
	snprintf(r->name, sizeof(r->name), "%s", name);
}

void cases_fini(struct cases *c)
{
	free(c->result);
}
