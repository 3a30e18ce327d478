/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sched_shares.c: what each LDP has, whatever others send, while loans are repaid as by
 * default: the worst-off of those that always send, what a cheat gains, how long a light one waits.
 */
#include <math.h>

#include "tests/sim/cases.h"
#include "tests/sim/lender.h"
#include "tests/unit/tap.h"

/* The least of what cases_worst() has found. */
static double least(const struct cases *c)
{
	double x = INFINITY;

	for (uint32_t i = 0; i < c->n; i++)
		x = fmin(x, c->result[i].value);
	return x;
}

static void test_worst(uint32_t n, bool bursts)
{
	struct cases c = {0};

	cases_worst(&c, &lender_default, n, WORLD_MTU, bursts);
	cases_worst(&c, &lender_default, n, WORLD_GSO, bursts);
	ok(least(&c) >= .97,
	   "n=%u%s: any 10 ms, 100 ms and 1 s of the worst LDP that always sends, and two frames, "
	   "are %.3f of its share",
	   n, bursts ? ", half in bursts" : "", least(&c));
	cases_fini(&c);
}

static void test_gaming(bool bursts)
{
	static const uint32_t permille[] = {0, 100, 200, 300, 330, 360, 400, 500, 700};
	double most = 0;

	for (unsigned i = 0; i < sizeof(permille) / sizeof(*permille); i++)
		most = fmax(most, cases_gaming(&lender_default, permille[i], bursts));
	ok(most <= 1.01,
	   "%s: no sizes of frames, naps and minima gain more than a hundredth (%.4f)",
	   bursts ? "with loans" : "without loans", most);
}

/* Beside long frames: as soon as the frame on the link is over, and a fifth more. */
static void test_light(struct light l, uint32_t n)
{
	struct cases c = {0};
	double ours, first, drr;

	l.n = n;
	ours = cases_light(&c, &subject_dmvl, &l);
	first = cases_light(&c, &subject_first, &l);
	drr = cases_light(&c, &subject_drr, &l);
	ok(ours <= fmax(drr / 4, first * 1.2),
	   "%s: the light LDP waits %.1f us at p99 (%.1f if it always went first, DRR %.1f)",
	   c.result[0].name, ours, first, drr);
	cases_fini(&c);
}

static void test_lights(uint32_t n)
{
	test_light(cases_light_gso, n);
	test_light(cases_light_some, n);
	test_light(cases_light_heavy, n);
	test_light(cases_light_lone, n);
}

int main(void)
{
	static const uint32_t n[] = {3, 64, 200};

	for (unsigned i = 0; i < sizeof(n) / sizeof(*n); i++) {
		test_worst(n[i], false);
		test_worst(n[i], true);
	}
	test_lights(16);
	test_lights(64);
	test_lights(256);
	test_gaming(false);
	test_gaming(true);
	return done_testing();
}
