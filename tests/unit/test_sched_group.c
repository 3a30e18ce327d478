/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_group.c: what groups of LDPs get: weights, minima and ceilings at both levels. */
#include <errno.h>

#include "backend/sched/sched_group.h"
#include "tests/unit/sched_link.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

#define GBIT 1000000000ull
#define MBIT 1000000ull
#define MS   1000000ull
#define SEC  1000000000ull

static const struct sched_rule plain = {.weight = 256};

static void group(struct link *k, uint32_t g, struct sched_rule r)
{
	if (sched_set_group(k->s, g, &r, k->now_ns))
		abort();
}

/* Adds an LDP with frames to a group. */
static void member(struct link *k, uint32_t id, uint32_t g, struct sched_rule r, uint32_t bytes)
{
	link_add(k, id, r, bytes);
	if (sched_join(k->s, id, g, k->now_ns))
		abort();
}

static int group_permille(const struct link *k, uint32_t from, uint32_t to, uint64_t ns)
{
	int sum = 0;

	for (uint32_t id = from; id < to; id++)
		sum += link_permille(k, id, ns);
	return sum;
}

static void test_errors(void)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);
	struct sched_rule r = plain;

	is_int(sched_set_group(s, 0, &r, 0), -EINVAL, "group 0 is not made");
	is_int(sched_set_group(s, SCHED_GROUPS + 1, &r, 0), -EINVAL, "group 1025 is not made");
	r.weight = 0;
	is_int(sched_set_group(s, 1, &r, 0), -EINVAL, "a group of weight 0 is not made");
	r = (struct sched_rule){.weight = 1, .min_bps = 2, .max_bps = 1};
	is_int(sched_set_group(s, 1, &r, 0), -EINVAL,
	       "a group with a minimum above its maximum is not made");
	sched_add(s, 0, &plain);
	is_int(sched_join(s, 0, 1, 0), -ENOENT, "nobody joins a group that does not exist");
	is_int(sched_join(s, 0, SCHED_GROUPS + 1, 0), -ENOENT, "nobody joins group 1025");
	is_int(sched_set_group(s, SCHED_GROUPS, &plain, 0), 0, "group 1024 is made");
	is_int(sched_join(s, 1, SCHED_GROUPS, 0), -ENOENT, "an unknown LDP joins no group");
	is_int(sched_join(s, 0, SCHED_GROUPS, 0), 0, "an LDP joins a group");
	is_int(sched_join(s, 0, SCHED_GROUPS, 0), 0, "an LDP joins its own group");
	is_int(sched_draw(s, 0), SCHED_NONE, "nobody of a group that sleeps is drawn");
	sched_remove_group(s, 7, 0);
	sched_remove_group(s, 0, 0);
	sched_remove_group(s, UINT32_MAX, 0);
	ok(sched_is_sound(s), "removing groups that do not exist changes nothing");
	sched_remove(s, 0);
	sched_add(s, 0, &plain);
	is_int(s->group[SCHED_GROUPS - 1]->members, 0, "an LDP that is removed leaves its group");
	is_int(sched_join(s, 0, 0, 0), 0, "an LDP without group leaves none");
	ok(sched_is_sound(s), "an LDP that came again leaves all sums right");
	sched_free(s);
}

static void test_tenants(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, plain);
	group(&k, 2, plain);
	for (uint32_t id = 0; id < 10; id++)
		member(&k, id, 1, plain, id % 2 ? Q : 65550);
	member(&k, 10, 2, plain, Q);
	link_run(&k, SEC / 10);
	link_run(&k, 2 * SEC);
	ok(near(link_permille(&k, 10, 2 * SEC), 500, 3), "one LDP has as much as ten of a tenant");
	ok(near(link_permille(&k, 3, 2 * SEC), 50, 2), "each of the ten has a tenth of the rest");
	group(&k, 2, (struct sched_rule){.weight = 768});
	link_run(&k, 2 * SEC);
	ok(near(link_permille(&k, 10, 2 * SEC), 750, 4), "a group's new weight counts at once");
	sched_remove_group(k.s, 2, k.now_ns);
	sched_remove_group(k.s, 1, k.now_ns);
	link_run(&k, SEC / 10);
	link_run(&k, 2 * SEC);
	ok(near(link_permille(&k, 10, 2 * SEC), 91, 2), "without groups one LDP in 11 has 1/11");
	ok(sched_is_sound(k.s), "groups that are removed leave all sums right");
	sched_free(k.s);
}

/* Groups of weight 2 and 1 beside an LDP of weight 1; within the first, 1 to 3. */
static void test_lending(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, (struct sched_rule){.weight = 512});
	group(&k, 2, plain);
	member(&k, 0, 1, plain, Q);
	member(&k, 1, 1, (struct sched_rule){.weight = 768}, 700);
	member(&k, 2, 2, (struct sched_rule){.weight = 65535}, Q);
	link_add(&k, 3, plain, Q);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 0, SEC), 125, 2) && near(link_permille(&k, 1, SEC), 375, 2) &&
		   near(link_permille(&k, 2, SEC), 250, 2) &&
		   near(link_permille(&k, 3, SEC), 250, 2),
	   "groups, members and LDPs without group have their shares");
	sched_sleep(k.s, 1);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 0, SEC), 500, 3) && near(link_permille(&k, 3, SEC), 250, 2),
	   "what a member leaves, its group has");
	sched_sleep(k.s, 0);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 2, SEC), 500, 3) && near(link_permille(&k, 3, SEC), 500, 3),
	   "what a group leaves, all others have");
	ok(sched_is_sound(k.s), "a group that sleeps leaves all sums right");
	sched_free(k.s);
}

static void test_ceiling(void)
{
	struct sched_rule r = {.weight = 256, .max_bps = 10 * MBIT, .burst_bytes = 20000};
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, r);
	for (uint32_t id = 0; id < 3; id++)
		member(&k, id, 1, plain, 1000);
	link_run(&k, SEC);
	is_int(k.sent_bytes[0] + k.sent_bytes[1] + k.sent_bytes[2], 20000 + 1250000,
	       "a group's ceiling lets burst + rate * time pass, to the byte");
	ok(k.sent_bytes[0] > 420000 && k.sent_bytes[2] > 420000, "its members share that evenly");
	ok(sched_next_ns(k.s) != SCHED_NEVER, "a group at its ceiling waits for tokens");
	link_add(&k, 3, plain, Q);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 3, SEC), 990, 1), "others have what a group's ceiling leaves");
	sched_set_rule(k.s, 0, &(struct sched_rule){.weight = 256, .max_bps = MBIT}, k.now_ns);
	link_run(&k, SEC);
	link_run(&k, SEC);
	ok(near((int)k.sent_bytes[0], 125000, 1600) && near((int)k.sent_bytes[1], 562500, 3000),
	   "a member's ceiling holds below its group's, and the others of the group have the rest");
	group(&k, 1, plain);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 3, SEC), 500, 3), "a group without a ceiling has its share");
	ok(sched_is_sound(k.s), "ceilings at both levels leave all sums right");
	sched_free(k.s);
}

static void test_cap(void)
{
	struct sched *s = sched_new(2, Q, 1);

	sched_set_capacity(s, 5 * GBIT);
	sched_set_group(s, 1, &(struct sched_rule){.weight = 1, .max_bps = 10 * MBIT}, 0);
	sched_add(s, 0, &(struct sched_rule){.weight = 1, .max_bps = 50 * MBIT});
	is_int(sched_ldp_cap_bytes(s, 0), 62500, "a ceiling caps an LDP's frames");
	sched_join(s, 0, 1, 0);
	is_int(sched_ldp_cap_bytes(s, 0), 12500, "a group's ceiling caps its members' frames");
	sched_free(s);
}

/* A group of little weight with a minimum of its own. */
static void test_group_min(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, (struct sched_rule){.weight = 1, .min_bps = 300 * MBIT});
	member(&k, 0, 1, plain, 65550);
	member(&k, 1, 1, (struct sched_rule){.weight = 512}, Q);
	link_add(&k, 2, (struct sched_rule){.weight = 10000}, Q);
	link_run(&k, SEC / 10);
	link_run(&k, 2 * SEC);
	ok(near(group_permille(&k, 0, 2, 2 * SEC), 300, 3), "a group's minimum is kept");
	ok(near(link_permille(&k, 0, 2 * SEC), 100, 3), "its members share it by weight");
	sched_sleep(k.s, 1);
	link_run(&k, 2 * SEC);
	ok(near(link_permille(&k, 0, 2 * SEC), 300, 3), "one member alone has the whole minimum");
	group(&k, 1, (struct sched_rule){.weight = 10000, .min_bps = 300 * MBIT});
	link_run(&k, 2 * SEC);
	ok(near(link_permille(&k, 0, 2 * SEC), 500, 3),
	   "a group's share above its minimum is not added to");
	sched_free(k.s);
}

/* A member's minimum, in a group of that weight and minimum, beside another of much weight. */
static void test_member_min(uint32_t group_weight, uint64_t group_min_bps, const char *name)
{
	struct link k;
	int mate;

	link_start(&k, GBIT);
	group(&k, 1, (struct sched_rule){.weight = group_weight, .min_bps = group_min_bps});
	member(&k, 0, 1, (struct sched_rule){.weight = 1, .min_bps = 300 * MBIT}, 65550);
	member(&k, 1, 1, (struct sched_rule){.weight = 10000}, Q);
	link_add(&k, 2, plain, Q);
	link_run(&k, SEC / 10);
	link_run(&k, 4 * SEC);
	ok(near(link_permille(&k, 0, 4 * SEC), 300, 4), "%s: a member's minimum is kept", name);
	mate = link_permille(&k, 1, 4 * SEC);
	if (group_weight == 256)
		ok(near(mate, 200, 4), "%s: the other member has the rest of the share", name);
	else
		ok(near(group_permille(&k, 0, 2, 4 * SEC),
			group_min_bps ? (int)(group_min_bps / MBIT) : 300, 5),
		   "%s: the group has no more than its minimum", name);
	ok(k.sent_bytes[1] > 0, "%s: the other member is not left with nothing", name);
	ok(sched_is_sound(k.s), "%s: all sums are right", name);
	sched_free(k.s);
}

/* All that the link has goes to minima within one group; its other member sends all the same. */
static void test_no_starving(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, plain);
	member(&k, 0, 1, (struct sched_rule){.weight = 1, .min_bps = 900 * MBIT}, Q);
	member(&k, 1, 1, plain, Q);
	link_add(&k, 2, plain, Q);
	link_run(&k, SEC / 10);
	link_run(&k, 4 * SEC);
	ok(near(link_permille(&k, 0, 4 * SEC), 900, 5), "a minimum of 90 %% is kept");
	ok(k.sent_bytes[1] * 8 > 4 * MBIT, "the member beside it has more than 1 Mbit/s: %llu B",
	   (unsigned long long)k.sent_bytes[1]);
	ok(near(link_permille(&k, 2, 4 * SEC), 95, 6), "the LDP outside has nearly all the rest");
	sched_free(k.s);
}

/* What all minima come to, which decides how far they shrink on a slower link. */
static void test_reserved(void)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);
	struct sched_rule r = {.weight = 1, .min_bps = 600};

	sched_set_group(s, 1, &r, 0);
	is_int(s->min_sum_bps, 600, "a group without members reserves its minimum");
	for (uint32_t id = 0; id < 2; id++)
		sched_add(s, id, &(struct sched_rule){.weight = 1, .min_bps = id ? 350 : 400});
	is_int(s->min_sum_bps, 600 + 750, "LDPs without group reserve theirs");
	sched_join(s, 0, 1, 0);
	is_int(s->min_sum_bps, 600 + 350, "a group's minimum has room for a member's");
	sched_join(s, 1, 1, 0);
	is_int(s->min_sum_bps, 750, "a group reserves what its members do where that is more");
	r.min_bps = 0;
	sched_set_group(s, 1, &r, 0);
	is_int(s->min_sum_bps, 750, "a group without a minimum reserves what its members do");
	sched_join(s, 1, 0, 0);
	is_int(s->min_sum_bps, 750, "a member leaves with its minimum");
	r.min_bps = 500;
	sched_set_group(s, 1, &r, 0);
	is_int(s->min_sum_bps, 850, "a group reserves its own minimum where that is more");
	sched_remove_group(s, 1, 0);
	is_int(s->min_sum_bps, 750, "a group that is removed leaves its members' minima");
	ok(!s->ldp[0].group && sched_is_sound(s), "its members are without group");
	sched_free(s);
}

/* Minima of 900 on a link of 500: two groups' and an LDP's shrink alike. */
static void test_slow_link(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, (struct sched_rule){.weight = 1, .min_bps = 300 * MBIT});
	group(&k, 2, (struct sched_rule){.weight = 1});
	member(&k, 0, 1, plain, Q);
	member(&k, 1, 2, (struct sched_rule){.weight = 1, .min_bps = 200 * MBIT}, 65536);
	member(&k, 2, 2, (struct sched_rule){.weight = 1, .min_bps = 100 * MBIT}, Q);
	link_add(&k, 3, (struct sched_rule){.weight = 1, .min_bps = 300 * MBIT}, Q);
	link_add(&k, 4, (struct sched_rule){.weight = 1000}, Q);
	k.rate_bps = 500 * MBIT;
	for (int told = 0; told < 2; told++) {
		const char *how = told ? "told" : "not told";

		link_run(&k, SEC);
		link_run(&k, 4 * SEC);
		ok(near(link_permille(&k, 0, 4 * SEC), 317, 8), "%s: the group's minimum", how);
		ok(near(link_permille(&k, 1, 4 * SEC), 211, 8), "%s: a member's minimum", how);
		ok(near(link_permille(&k, 2, 4 * SEC), 106, 6), "%s: another member's", how);
		ok(near(link_permille(&k, 3, 4 * SEC), 317, 8), "%s: the LDP's minimum", how);
		ok(near(link_permille(&k, 4, 4 * SEC), 50, 5), "%s: the lottery's part", how);
		sched_set_capacity(k.s, k.rate_bps);
	}
	ok(sched_is_sound(k.s), "minima that were scaled leave all sums right");
	sched_free(k.s);
}

/* Small frames whose charge is ten times their bytes. */
static void test_charge(void)
{
	uint64_t now_ns = 0, charged[3] = {0}, wire[3] = {0}, all = 0;
	struct sched *s = sched_new(3, Q, 1);

	sched_set_capacity(s, GBIT);
	sched_set_group(s, 1, &(struct sched_rule){.weight = 1, .min_bps = GBIT / 2}, 0);
	sched_set_group(
		s, 2,
		&(struct sched_rule){.weight = 256, .max_bps = 10 * MBIT, .burst_bytes = 3036}, 0);
	for (uint32_t id = 0; id < 3; id++) {
		sched_add(s, id, &plain);
		sched_join(s, id, id, 0);
		sched_wake(s, id, 0);
	}
	while (now_ns < SEC) {
		uint32_t id = sched_draw(s, now_ns);

		now_ns += 1000 * 8;
		sched_served(s, id, 100, 1000, true, now_ns);
		charged[id] += 1000;
		wire[id] += 100;
		all += 1000;
	}
	ok(near((int)(charged[1] * 1000 / all), 500, 3), "a group's minimum counts charges");
	ok(near((int)(wire[2] * 8 / 1000), 10000, 30), "a group's maximum counts wire bytes");
	sched_free(s);
}

/* Repayment: in the group by what its idle member leaves, at the top by the group's own. */
static void test_factor(void)
{
	struct link k;

	link_start(&k, GBIT);
	group(&k, 1, plain);
	member(&k, 0, 1, plain, Q);
	member(&k, 1, 1, plain, Q);
	member(&k, 2, 1, plain, Q);
	link_add(&k, 3, plain, Q);
	sched_set_factor(k.s, 0, 2 * SCHED_FACTOR_ONE);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 0, SEC), 167, 3) && near(link_permille(&k, 3, SEC), 500, 3),
	   "factors do nothing while nobody is idle");
	sched_sleep(k.s, 2);
	link_run(&k, SEC);
	/* Half of the link: a third each, and of the idle third two parts and one. */
	ok(near(link_permille(&k, 0, SEC), 167 + 111, 3) &&
		   near(link_permille(&k, 1, SEC), 167 + 56, 3),
	   "factors divide what an idle member leaves");
	link_add(&k, 4, plain, Q);
	sched_sleep(k.s, 4);
	link_run(&k, SEC);
	ok(near(link_permille(&k, 3, SEC), 500, 3), "a member's factor does not act at the top");
	sched_set_group_factor(k.s, 1, 3 * SCHED_FACTOR_ONE / 2);
	link_run(&k, SEC);
	/* A third each, and of the idle third by 3/2 and 1. */
	ok(near(link_permille(&k, 3, SEC), 333 + 133, 3),
	   "a group's own factor divides what is left at the top");
	ok(sched_is_sound(k.s), "factors leave all sums right");
	sched_free(k.s);
}

/* A light member of a busy group beside 60 other busy groups: how many frames go before its own. */
static uint32_t light_waits(bool low_latency)
{
	struct sched *s = sched_new(64, Q, 1);
	uint32_t waits = 0, worst = 0;

	for (uint32_t id = 0; id < 62; id++) {
		sched_add(s, id, &(struct sched_rule){.weight = 4});
		sched_set_group(s, id ? id : 1, &(struct sched_rule){.weight = 4}, 0);
		sched_join(s, id, id ? id : 1, 0);
		if (id)
			sched_wake(s, id, 0);
	}
	sched_set_rule(s, 0, &(struct sched_rule){.weight = 4, .low_latency = low_latency}, 0);
	for (int i = 0; i < 200000; i++) {
		uint32_t id;

		if (i % 5000 == 4999) {
			sched_wake(s, 0, 0);
			waits = 1;
		}
		id = sched_draw(s, 0);
		if (waits && id != 0)
			waits++;
		if (id == 0) {
			worst = waits > worst ? waits : worst;
			waits = 0;
		}
		sched_served(s, id, Q, id ? Q : 100, id != 0, 0);
	}
	sched_free(s);
	return worst;
}

static void test_most(void)
{
	struct sched *s = sched_new(SCHED_MAX_LDPS, Q, 1);
	const uint32_t last = SCHED_MAX_LDPS - 1;

	sched_set_group(s, SCHED_GROUPS, &plain, 0);
	sched_add(s, last, &plain);
	sched_join(s, last, SCHED_GROUPS, 0);
	sched_wake(s, last, 0);
	is_int(sched_draw(s, 0), last, "the last LDP of 65536 is drawn in the last group of 1024");
	sched_free(s);
}

/* A group has low latency while a member with frames has, or its rule. */
static void test_low(void)
{
	struct sched *s = sched_new(2, Q, 1);
	const struct wheel_ldp *l = &s->top.draw->ldp[sched_group_id(s, 1)];

	sched_set_group(s, 1, &plain, 0);
	for (uint32_t id = 0; id < 2; id++) {
		sched_add(s, id, &(struct sched_rule){.weight = 1, .low_latency = id});
		sched_join(s, id, 1, 0);
	}
	sched_wake(s, 0, 0);
	ok(!l->low_latency, "a group is not low_latency while no member with frames is");
	sched_wake(s, 1, 0);
	ok(l->low_latency, "a group is low_latency while a member with frames is");
	sched_set_group(s, 1, &plain, 0);
	ok(l->low_latency, "a new rule of the group does not end that");
	sched_sleep(s, 1);
	ok(!l->low_latency, "a group is not low_latency when that member sleeps");
	sched_set_group(s, 1, &(struct sched_rule){.weight = 1, .low_latency = true}, 0);
	sched_served(s, 0, Q, Q, true, 0);
	ok(l->low_latency && sched_is_sound(s), "a group is low_latency by its own rule");
	sched_free(s);
}

/* The clock of one group's draw turns back, and nobody elsewhere notices. */
static void test_rebase(void)
{
	const uint32_t much = 1u << 31;
	struct sched *s = sched_new(3, 64, 1);
	double owed;

	sched_set_group(s, 1, &(struct sched_rule){.weight = 60000}, 0);
	sched_set_group(s, 2, &plain, 0);
	for (uint32_t id = 0; id < 3; id++) {
		sched_add(s, id, &(struct sched_rule){.weight = 1});
		sched_join(s, id, id, 0);
		sched_wake(s, id, 0);
	}
	sched_served(s, 2, 60000, 60000, false, 0);
	owed = draw_ahead_bytes(s->group[1]->level.draw, 2);
	for (int i = 0; i < 2100; i++)
		sched_served(s, 1, 1000, much, true, 0);
	ok(s->group[0]->level.draw->now_vt < (uint64_t)1 << 61, "the clock has turned back");
	ok(sched_is_sound(s), "the clock of one group turns back and leaves all sums right");
	ok(draw_ahead_bytes(s->group[1]->level.draw, 2) == owed, "and other groups' debts");
	sched_free(s);
}

int main(void)
{
	test_errors();
	test_most();
	test_low();
	test_rebase();
	test_tenants();
	test_lending();
	test_ceiling();
	test_cap();
	test_group_min();
	test_member_min(256, 0, "in a group with a share above it");
	test_member_min(1, 0, "in a group without a minimum");
	test_member_min(1, 400 * MBIT, "in a group with a minimum above it");
	test_no_starving();
	test_reserved();
	test_slow_link();
	test_charge();
	test_factor();
	ok(light_waits(false) < 61, "a member that wakes overtakes: %u", light_waits(false));
	ok(light_waits(true) < 61, "a low_latency member overtakes: %u", light_waits(true));
	return done_testing();
}
