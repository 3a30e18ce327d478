/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fluid ideal: parts by weight, between limits, of those that want them. */
#include "backend/sched/fluid.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define LINK 1000000u

static struct water_kink kinks[WATER_KINKS(600)];

static struct fluid_part hungry(double weight)
{
	return (struct fluid_part){.weight = weight,
				   .factor = 1,
				   .busy = 1,
				   .demand = FLUID_HUNGRY};
}

static struct fluid_part with_min(double weight, uint64_t min)
{
	struct fluid_part p = hungry(weight);

	p.min = min;
	return p;
}

static struct fluid_part with_max(double weight, uint64_t max)
{
	struct fluid_part p = hungry(weight);

	p.max = max;
	return p;
}

/* Sent `demand` bytes, and hardly ever had a frame waiting. */
static struct fluid_part light(double weight, uint64_t demand)
{
	return (struct fluid_part){.weight = weight, .factor = 1, .busy = 0, .demand = demand};
}

static void share(struct fluid_part *p, unsigned n)
{
	double weights = 0;

	for (unsigned i = 0; i < n; i++)
		weights += p[i].weight;
	fluid_weigh(p, n, weights);
	fluid_share(p, n, LINK, kinks);
}

static bool near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= 2;
}

#define gets(p, i, bytes, name) ok(near((p)[i].gets, bytes), "%s", name)

static void test_weights(void)
{
	struct fluid_part p[] = {hungry(1), hungry(2), hungry(1)};
	struct fluid_part alone[] = {light(1, 0), hungry(1)};

	share(p, 3);
	gets(p, 0, LINK / 4, "weights divide the link: 1 of 4");
	gets(p, 1, LINK / 2, "weights divide the link: 2 of 4");
	share(alone, 2);
	gets(alone, 1, LINK, "what an idle one leaves goes to the other");
	gets(alone, 0, 0, "an idle one gets nothing");
}

static void test_light(void)
{
	struct fluid_part p[] = {light(1, LINK / 10), hungry(1), hungry(2)};
	struct fluid_part q[] = {light(1, LINK * 2 / 3), hungry(1)};

	share(p, 3);
	gets(p, 0, LINK / 10, "one that wants less than its part gets that");
	gets(p, 1, LINK * 3 / 10, "the rest is divided by weight: 1 of 3");
	gets(p, 2, LINK * 6 / 10, "the rest is divided by weight: 2 of 3");
	share(q, 2);
	gets(q, 1, LINK / 2, "one that got more than its part does not lower the other's");
}

/* The table of docs/scheduler.md. */
static void test_limits(void)
{
	struct fluid_part a[] = {with_min(1, LINK * 3 / 10), with_max(1, LINK / 10), hungry(2),
				 with_min(1, LINK / 10)};
	struct fluid_part b[] = {with_min(1, LINK * 6 / 10), with_min(1, LINK * 35 / 100),
				 hungry(1000)};
	struct fluid_part c[] = {with_min(2, LINK / 10), with_min(2, LINK * 3 / 10), hungry(1)};
	struct fluid_part d[] = {with_min(1, LINK * 8 / 10), with_min(1, LINK * 4 / 10), hungry(2)};

	a[3].max = LINK * 15 / 100;
	share(a, 4);
	gets(a, 0, LINK * 3 / 10, "a minimum goes before the others' weights");
	gets(a, 1, LINK / 10, "a maximum leaves the rest to the others");
	gets(a, 2, LINK * 45 / 100, "one without limits gets what those with limits leave");
	gets(a, 3, LINK * 15 / 100, "a weight raises one with a minimum up to its maximum");
	share(b, 3);
	gets(b, 2, LINK * 5 / 100, "minima of 95 % leave 5 % whatever the weight");
	share(c, 3);
	gets(c, 0, LINK * 4 / 10, "a weight that gives more than the minimum counts");
	gets(c, 2, LINK * 2 / 10, "one without a minimum has its part by weight");
	share(d, 3);
	gets(d, 0, (uint64_t)(LINK * .95 * 2 / 3), "minima that the link cannot keep shrink: 80");
	gets(d, 2, LINK * 5 / 100, "minima that the link cannot keep leave 5 %");
}

static void test_min_not_wanted(void)
{
	struct fluid_part p[] = {light(1, LINK / 100), hungry(1)};

	p[0].min = LINK / 2;
	share(p, 2);
	gets(p, 0, LINK / 100, "a minimum that is not wanted is not given");
	gets(p, 1, LINK * 99 / 100, "a minimum that is not wanted goes to the others");
}

/* docs/credits.md: w / W + (1 - sum(w in A) / W) * w * f / sum(w * f in A) */
static void test_factors(void)
{
	struct fluid_part p[] = {hungry(1), hungry(1)};

	p[0].factor = .5;
	fluid_weigh(p, 2, 2);
	fluid_share(p, 2, LINK, kinks);
	gets(p, 0, LINK / 2, "while all have frames factors do nothing");
	fluid_weigh(p, 2, 4);
	fluid_share(p, 2, LINK, kinks);
	gets(p, 0, LINK / 4 + LINK / 2 / 3, "what others leave is divided by weight and factor");
	gets(p, 1, LINK / 4 + LINK / 3, "who is owed gets more of what others leave");
}

/* Whatever the limits: nothing is given twice, nothing is left, and nobody is beyond its limits. */
static void test_random(void)
{
	struct fluid_part p[40];
	unsigned wrong = 0, lost = 0;

	srand(7);
	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = 1 + (unsigned)rand() % 40;
		uint64_t sum = 0, wanted = 0;

		for (unsigned i = 0; i < n; i++) {
			p[i] = rand() % 2 ? hungry(1 + rand() % 1000)
					  : light(1 + rand() % 1000, (unsigned)rand() % LINK);
			p[i].min = rand() % 3 ? 0 : (unsigned)rand() % (LINK / 10);
			p[i].max = rand() % 3 ? 0 : p[i].min + 1 + (unsigned)rand() % (LINK / 4);
		}
		share(p, n);
		for (unsigned i = 0; i < n; i++) {
			uint64_t most = p[i].max && p[i].max < p[i].demand ? p[i].max : p[i].demand;

			wrong += p[i].gets > most;
			sum += p[i].gets;
			wanted += most > LINK ? LINK : most;
		}
		if (wanted > LINK)
			wanted = LINK;
		lost += sum > wanted + n || sum + n < wanted;
	}
	is_int(wrong, 0, "nobody gets more than it may or wants");
	is_int(lost, 0, "the sum is what the link carries, or what all want");
}

int main(void)
{
	test_weights();
	test_light();
	test_limits();
	test_min_not_wanted();
	test_factors();
	test_random();
	return done_testing();
}
