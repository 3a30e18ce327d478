/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credits.c: loans and their repayment: the daemon's own ledger over its own scheduler. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/credit/ledger_epoch.h"
#include "backend/credit/ledger_group.h"
#include "tests/sim/cases.h"
#include "tests/sim/lender.h"

#define LINK_BPS   1e9
#define MS	   1000000ull
#define EPOCH_NS   (10 * MS)
#define EPOCH_CAP  ((uint64_t)(LINK_BPS / 8 * 10 / 1000))
#define WAKE_SEEDS 40
#define CHURN_LDPS 64u
#define GROUPS	   8u
#define LENDERS	   4u

/* Notes when the waking lender was last a frame and 1 % behind its rated share. */
static void note_late(struct world *w, uint32_t id, uint32_t bytes)
{
	double *since_late = w->arg;
	double rated = ((double)w->now_ns - since_late[0]) * w->rate / 6;
	double got = (double)w->flow[5].sent_bytes;

	(void)id;
	(void)bytes;
	if (got < .99 * rated - WORLD_MTU_BYTES)
		since_late[1] = (double)w->now_ns - since_late[0];
}

/* Six LDPs of one weight, three idle for long; then one of those wakes. */
static void case_idle(struct cases *c, const struct subject *s)
{
	double utilisation = 1, late = 0;

	for (uint64_t seed = 1; seed <= WAKE_SEEDS; seed++) {
		double since_late[2] = {0};
		struct world w;

		world_init(&w, 6, LINK_BPS, seed);
		for (uint32_t i = 0; i < 6; i++) {
			w.weight[i] = 256;
			w.flow[i].source = i < 3 ? WORLD_HOG : WORLD_SILENT;
		}
		world_start(&w, s, false);
		world_run(&w, 500 * MS + rng_below(&w.rng, EPOCH_NS));
		utilisation = fmin(utilisation, cases_utilisation(&w));
		since_late[0] = (double)w.now_ns;
		w.arg = since_late;
		w.sent = note_late;
		w.flow[5].source = WORLD_HOG;
		world_wake_source(&w, 5);
		world_run(&w, 700 * MS);
		late = fmax(late, since_late[1]);
		world_fini(&w);
	}
	cases_add(c, "six LDPs, three idle", s, "utilisation", utilisation, "1");
	cases_add(c, "six LDPs, three idle", s, "wake_ms", late / 1e6, "ms");
}

/*
 * One that sleeps a fifth of the time among three hogs: its part of the link over 20 s, and how far
 * a hog was at most behind the fluid ideal, which knows no past.
 */
static void case_bursty(struct cases *c, const struct subject *s, uint64_t period_ns,
			const char *name)
{
	double share, lag = 0;
	struct world w;

	world_init(&w, 4, LINK_BPS, 3);
	for (uint32_t i = 0; i < 4; i++) {
		w.weight[i] = 256;
		w.flow[i].source = i ? WORLD_HOG : WORLD_NAP;
	}
	w.flow[0].gap_ns = period_ns / 5 * 4;
	w.flow[0].sleep_ns = period_ns / 5;
	world_start(&w, s, true);
	world_run(&w, 20000 * MS);
	for (uint32_t i = 1; i < 4; i++)
		lag = fmax(lag, w.flow[i].worst_lag_bytes);
	share = (double)w.flow[0].sent_bytes / (w.rate * (double)w.now_ns) * 4;
	cases_add(c, name, s, "long_run_share_error", fabs(share - 1), "1");
	cases_add(c, name, s, "hogs_lag_bytes", lag, "bytes");
	cases_add(c, name, s, "utilisation", cases_utilisation(&w), "1");
	world_fini(&w);
}

static void churn_group(struct ledger *l, struct rng *rng)
{
	uint32_t slot = rng_below(rng, CHURN_LDPS), group = rng_below(rng, GROUPS + 1);

	if (rng_below(rng, 100) > 0)
		return;
	ledger_set_group(l, slot, group);
	if (group > 0)
		ledger_set_group_weight(l, group, 1 + rng_below(rng, 65535));
}

/* A million epochs of LDPs that come, go and change: is ever a byte made or lost? */
static void case_sum(struct cases *c, bool groups)
{
	struct ledger *l = ledger_new(CHURN_LDPS, 500000);
	bool here[CHURN_LDPS] = {false};
	double worst = 0;
	struct rng rng;

	if (!l)
		abort();
	rng_seed(&rng, 17);
	for (uint64_t epoch = 1; epoch <= 1000000; epoch++) {
		uint32_t slot = rng_below(&rng, CHURN_LDPS);
		struct credit_id id = {.ldp = slot, .generation = rng_below(&rng, 2)};

		ledger_set_time(l, epoch * EPOCH_NS, 0);
		if (rng_below(&rng, 100) == 0) {
			if (here[slot])
				ledger_detach(l, slot);
			else
				ledger_attach(l, slot, &id, 1 + rng_below(&rng, 65535));
			here[slot] = !here[slot];
		}
		if (groups)
			churn_group(l, &rng);
		for (slot = 0; slot < CHURN_LDPS; slot++)
			ledger_serve(l, slot, rng_below(&rng, 1u << rng_below(&rng, 20)));
		ledger_epoch(l, 1, rng_below(&rng, 2) ? EPOCH_CAP : 0);
		worst = fmax(worst, fabs((double)ledger_sum(l)));
	}
	ledger_free(l);
	cases_add(c, groups ? "10^6 epochs with churn and groups" : "10^6 epochs with churn",
		  &lender_default, "balance_sum_error_bytes", worst, "bytes");
}

/*
 * What an epoch with its log costs, when everybody lends or borrows, in no group (groups 0) or in
 * as many. Reads the clock.
 */
static void case_cost(struct cases *c, uint32_t n, uint32_t groups)
{
	const size_t bytes = LDPLOG_HEADER_BYTES + LDPLOG_RING_BYTES;
	void *mem = aligned_alloc(4096, bytes);
	struct ledger *l = ledger_new(n, 500000);
	struct timespec from, to;
	double ns = 0;
	struct ldplog_writer w;
	struct rng rng;
	char name[48];

	if (!mem || !l)
		abort();
	ldplog_format(mem, bytes, &(struct ldplog_id){0});
	ldplog_writer_init(&w, mem);
	ledger_log_to(l, &w);
	rng_seed(&rng, 1);
	for (uint32_t i = 0; i < n; i++) {
		ledger_attach(l, i, &(struct credit_id){.ldp = i}, 256);
		ledger_set_group(l, i, groups ? 1 + i % groups : 0);
	}
	for (int epoch = 0; epoch < 200; epoch++) {
		for (uint32_t i = 0; i < n; i++)
			ledger_serve(l, i, rng_below(&rng, 20000));
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		ledger_epoch(l, 1, 0);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		ns += (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	}
	ledger_free(l);
	free(mem);
	snprintf(name, sizeof(name), "an epoch of %u LDPs in %u groups", n, groups);
	cases_add(c, name, &lender_default, "epoch_us", ns / 200 / 1e3, "us");
}

static const struct bursts bursts[] = {
	{"bursts of half the share, 7 of 8", 1, .5, 1, WORLD_MTU},
	{"bursts of half the share, 4 of 8", 4, .5, 1, WORLD_MTU},
	{"bursts of .9 of the share, 4 of 8", 4, .9, 1, WORLD_MTU},
	{"bursts of half the share, 1 of 8", 7, .5, 1, WORLD_MTU},
	{"bursts, 4 of 8, link .9 of the capacity", 4, .5, .9, WORLD_MTU},
	{"bursts, 4 of 8, link 1.1 of the capacity", 4, .5, 1.1, WORLD_MTU},
	{"bursts, 4 of 8, 64 B to 64 KiB", 4, .5, 1, WORLD_GSO},
};

static const struct lumps lumps[] = {
	{"64 B and 64 KiB among 300", 300, 0, 1, WORLD_MTU},
	{"64 B and 64 KiB among 300, link .9", 300, 0, .9, WORLD_MTU},
	{"64 B and 64 KiB among 300, link 1.1", 300, 0, 1.1, WORLD_MTU},
	{"64 B and 64 KiB among 16, link 1.1", 16, 0, 1.1, WORLD_MTU},
	{"64 B and 64 KiB among 16 of 64 B to 64 KiB", 16, 0, 1, WORLD_GSO},
	{"64 B and 64 KiB among 200, 100 idle", 300, 100, 1, WORLD_MTU},
	{"64 B and 64 KiB among 250, 50 idle", 300, 50, 1, WORLD_MTU},
	{"64 B and 64 KiB among 280, 20 idle", 300, 20, 1, WORLD_MTU},
	{"64 B and 64 KiB among 280, 20 idle, link .9", 300, 20, .9, WORLD_MTU},
	{"64 B and 64 KiB among 30, 2 idle, link .9", 32, 2, .9, WORLD_MTU},
	{"64 B and 64 KiB among 1200, 300 idle", 1500, 300, 1, WORLD_MTU},
};

void cases_credits(struct cases *c)
{
	static const struct subject *const lenders[LENDERS] = {&lender_none, &lender_quarter,
							       &lender_default, &lender_full};

	for (size_t i = 0; i < LENDERS; i++) {
		case_idle(c, lenders[i]);
		case_bursty(c, lenders[i], 50 * MS, "bursty, 40 ms of 50");
		case_bursty(c, lenders[i], 100 * MS, "bursty, 80 ms of 100");
		case_bursty(c, lenders[i], 500 * MS, "bursty, 400 ms of 500");
		for (size_t k = 0; k < sizeof(bursts) / sizeof(bursts[0]); k++)
			cases_bursts(c, lenders[i], &bursts[k]);
		for (size_t k = 0; k < sizeof(lumps) / sizeof(lumps[0]); k++)
			cases_lumps(c, lenders[i], &lumps[k]);
		cases_turns(c, lenders[i], 10);
		cases_turns(c, lenders[i], 300);
		cases_turns(c, lenders[i], 1000);
	}
	case_sum(c, false);
	case_sum(c, true);
	case_cost(c, 6, 0);
	case_cost(c, 64, 0);
	case_cost(c, 4096, 0);
	case_cost(c, 4096, 64);
}
