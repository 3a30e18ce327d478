/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Demand of the past through the scheduler: shares by weight, limits, groups; any numbers end. */
#include "backend/rerun/rerun.h"

#include <errno.h>

#include "tests/unit/tap.h"

#define LINK 20000000u
#define US   100000u

static struct rerun *run;

static void begin(uint32_t w0, uint32_t w1, uint64_t min_bps, uint64_t max_bps)
{
	run = rerun_new(1);
	rerun_capacity(run, LINK);
	rerun_put(run, 0, &(struct sched_rule){w0, min_bps, max_bps, 0, false}, 0);
	rerun_put(run, 1, &(struct sched_rule){.weight = w1}, 0);
	rerun_put(run, 2, &(struct sched_rule){.weight = 256}, 0);
}

static const struct rerun_offer hog = {150000, 100, true, 30000}, low = {25000, 17, false, 0};

/* Ten seconds: 0 and 1 are greedy, 2 sends a tenth. What `id` had, in bit/s. */
static uint64_t had_bps(uint32_t id)
{
	struct rerun_had had;

	for (int i = 0; i < 100; i++) {
		rerun_offer(run, 0, &hog);
		rerun_offer(run, 1, &hog);
		rerun_offer(run, 2, &low);
		rerun_run(run, US);
	}
	rerun_take(run, id, &had);
	rerun_free(run);
	return had.bytes * 8 / 10;
}

static bool near(uint64_t bps, uint64_t want)
{
	printf("# %llu, expected %llu\n", (unsigned long long)bps, (unsigned long long)want);
	return bps > want - want / 50 && bps < want + want / 50;
}

/* --- credits ---------------------------------------------------------------------------------- */

/* For so long only these are greedy. */
static void only(unsigned tenths, bool zero, bool one)
{
	for (unsigned i = 0; i < tenths; i++) {
		if (zero)
			rerun_offer(run, 0, &hog);
		if (one)
			rerun_offer(run, 1, &hog);
		rerun_run(run, US);
	}
}

/* In the next second, in which both are greedy, 0 has this many thousandths of the link. */
static unsigned permille_of_0(void)
{
	struct rerun_had had;

	rerun_take(run, 0, &had);
	only(10, true, true);
	rerun_take(run, 0, &had);
	printf("# %llu\n", (unsigned long long)had.bytes * 8000 / LINK);
	return (unsigned)(had.bytes * 8000 / LINK);
}

static void test_repayment(void)
{
	begin(200, 200, 0, 0);
	only(50, false, true);
	ok(permille_of_0() > 550, "a device is paid back what others used of its share");
	rerun_free(run);

	begin(200, 200, 0, 0);
	only(50, false, true);
	rerun_remove(run, 0);
	rerun_put(run, 0, &(struct sched_rule){.weight = 200}, 0);
	rerun_remove(run, 1);
	rerun_put(run, 1, &(struct sched_rule){.weight = 200}, 0);
	ok(permille_of_0() < 510, "a number that is given again begins without a balance");
	rerun_free(run);
}

/* 0 is in group 1, 1 in group 2. */
static void in_groups(uint32_t weight)
{
	begin(200, 200, 0, 0);
	rerun_put_group(run, 1, &(struct sched_rule){.weight = 200});
	rerun_put_group(run, 2, &(struct sched_rule){.weight = 200});
	rerun_put(run, 0, &(struct sched_rule){.weight = 200}, 1);
	rerun_put(run, 1, &(struct sched_rule){.weight = 200}, 2);
	rerun_put_group(run, 1, &(struct sched_rule){.weight = weight});
}

static void test_repayment_of_groups(void)
{
	in_groups(200);
	only(50, false, true);
	ok(permille_of_0() > 550, "a group is paid back what another one used of its share");
	rerun_free(run);
	in_groups(600);
	ok(near(had_bps(0), 13500000), "a group owes nothing for a weight that was raised");
}

static void test_cost(void)
{
	const struct rerun_offer small = {1000000, 15000, true, 30000};
	struct rerun_had had[2];

	begin(200, 200, 0, 0);
	rerun_capacity(run, 10000000000);
	for (int i = 0; i < 10; i++) {
		rerun_offer(run, 0, &small);
		rerun_offer(run, 1, &hog);
		rerun_run(run, US);
	}
	rerun_take(run, 0, &had[0]);
	rerun_take(run, 1, &had[1]);
	printf("# %llu %llu\n", (unsigned long long)had[0].bytes, (unsigned long long)had[1].bytes);
	ok(had[0].bytes < had[1].bytes / 2, "small frames pay for the time that they take");
	rerun_free(run);
}

/* --- many ------------------------------------------------------------------------------------- */

#define MANY 1000u
#define GBIT 1000000000u

static uint64_t p99_us(const struct rerun_had *had)
{
	uint64_t all = 0, seen = 0;
	unsigned b = 0;

	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		all += had->wait[i];
	while (b < STATS_BUCKETS - 1 && (seen += had->wait[b]) * 100 < all * 99)
		b++;
	return UINT64_C(1) << b;
}

/* Each has 30000 bytes waiting, which all together take 240 ms. */
static void test_many(void)
{
	const struct rerun_offer light = {1500, 1, false, 0};
	uint64_t least = UINT64_MAX, most = 0, sum = 0;
	struct rerun_had had;

	run = rerun_new(1);
	rerun_capacity(run, GBIT);
	for (uint32_t id = 0; id <= MANY; id++)
		rerun_put(run, id, &(struct sched_rule){.weight = 256}, 0);
	for (unsigned i = 0; i < 20; i++) {
		for (uint32_t id = 0; id < MANY; id++)
			rerun_offer(run, id, &hog);
		rerun_offer(run, MANY, &light);
		rerun_run(run, US);
	}
	for (uint32_t id = 0; id < MANY; id++) {
		rerun_take(run, id, &had);
		least = had.bytes < least ? had.bytes : least;
		most = had.bytes > most ? had.bytes : most;
		sum += had.bytes;
	}
	printf("# %llu to %llu\n", (unsigned long long)least, (unsigned long long)most);
	ok(near(sum * 4, GBIT), "a thousand greedy ones fill the link");
	ok(most < least + least / 50, "a thousand greedy ones have the same share");
	is_int((long long)p99_us(&had), 262144, "their delay is that of what they had waiting");
	rerun_take(run, MANY, &had);
	ok(had.bytes == 30000 && p99_us(&had) < 1000, "a light one beside them does not wait");
	rerun_free(run);
}

int main(void)
{
	begin(600, 200, 0, 0);
	ok(near(had_bps(0), 13500000), "greedy ones divide by weight what the third leaves");
	begin(200, 200, 0, 0);
	rerun_put(run, 0, &(struct sched_rule){.weight = 600}, 0);
	ok(near(had_bps(0), 13500000), "a device owes nothing for a weight that was raised");
	begin(200, 200, 0, 0);
	ok(near(had_bps(2), 2000000), "who sends little has what it sends");
	begin(200, 200, 0, 3000000);
	ok(near(had_bps(0), 3000000), "a maximum holds");
	begin(200, 200, 0, 3000000);
	ok(near(had_bps(1), 15000000), "the other one has what is left");
	begin(200, 200, 12000000, 0);
	ok(near(had_bps(0), 12000000), "a minimum holds");
	begin(200, 200, 0, 0);
	rerun_put_group(run, 1, &(struct sched_rule){.weight = 200, .max_bps = 4000000});
	rerun_put(run, 0, &(struct sched_rule){.weight = 200}, 1);
	ok(near(had_bps(0), 4000000), "a group's maximum holds");
	begin(200, 200, 0, 0);
	ok(rerun_put(run, 0, &(struct sched_rule){.weight = 0}, 0) == -EINVAL, "no weight is 0");
	rerun_capacity(run, UINT64_MAX);
	rerun_offer(run, 0, &(struct rerun_offer){UINT64_MAX, UINT64_MAX, true, UINT64_MAX});
	rerun_offer(run, 1, &(struct rerun_offer){UINT64_MAX, 1, false, UINT64_MAX});
	rerun_run(run, 1000);
	rerun_capacity(run, 1);
	rerun_offer(run, 1, &(struct rerun_offer){UINT64_MAX, UINT64_MAX, false, 0});
	rerun_run(run, UINT64_MAX);
	rerun_free(run);
	ok(true, "any numbers come to an end");
	test_repayment();
	test_repayment_of_groups();
	test_cost();
	test_many();
	return done_testing();
}
