/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_group_move.c: LDPs that join and leave groups, and what they owe then. */
#include "backend/sched/sched_group.h"
#include "tests/unit/sched_link.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

static const struct sched_rule plain = {.weight = 256};

static struct sched *start(uint32_t groups, uint32_t ldps)
{
	struct sched *s = sched_new(MAX_IDS, Q, 1);

	for (uint32_t g = 1; g <= groups; g++)
		sched_set_group(s, g, &plain, 0);
	for (uint32_t id = 0; id < ldps; id++)
		sched_add(s, id, &plain);
	return s;
}

/* What `id` sends in frames of a quantum while it is drawn and not another. */
static uint32_t alone_bytes(struct sched *s, uint32_t id)
{
	uint32_t sent = 0;

	for (; sched_draw(s, 0) == id && sent < 1000 * Q; sent += Q)
		sched_served(s, id, Q, Q, true, 0);
	return sent;
}

static bool about(uint32_t got, uint32_t want)
{
	if (got + 3 * Q > want && got < want + 3 * Q)
		return true;
	diag("got %u, want %u within 3 quanta", got, want);
	return false;
}

#define FRAME 60000u

/*
 * LDP 0 is in group `from`, LDP 1 outside. LDP 0 sends a long frame, perhaps sleeps, and goes into
 * group `to`. What LDP 1 sends until LDP 0 has its turn again.
 */
static uint32_t debt_after(uint32_t from, uint32_t to, bool asleep)
{
	struct sched *s = start(2, 2);
	uint32_t owed;

	sched_join(s, 0, from, 0);
	sched_wake(s, 0, 0);
	sched_wake(s, 1, 0);
	sched_served(s, 0, FRAME, FRAME, !asleep, 0);
	sched_join(s, 0, to, 0);
	if (!sched_is_sound(s))
		diag("from %u to %u: a sum is wrong", from, to);
	sched_wake(s, 0, 0);
	owed = sched_is_sound(s) ? alone_bytes(s, 1) : 0;
	sched_free(s);
	return owed;
}

static void test_debt(void)
{
	for (uint32_t from = 0; from <= 1; from++) {
		for (uint32_t to = 0; to <= 2; to++) {
			ok(about(debt_after(from, to, false), FRAME),
			   "a debt goes along from group %u to %u", from, to);
			ok(about(debt_after(from, to, true), FRAME),
			   "a debt goes along from group %u to %u while asleep", from, to);
		}
	}
}

/* A group keeps its debt while all its members sleep, and with it when it is removed. */
static void test_group_debt(void)
{
	struct sched *s = start(1, 3);

	sched_join(s, 0, 1, 0);
	sched_join(s, 1, 1, 0);
	sched_wake(s, 0, 0);
	sched_wake(s, 2, 0);
	sched_served(s, 0, FRAME, FRAME, false, 0);
	sched_wake(s, 1, 0);
	ok(about(alone_bytes(s, 2), FRAME), "a group's debt outlives the sleep of its members");
	sched_served(s, 1, FRAME, FRAME, true, 0);
	sched_remove_group(s, 1, 0);
	ok(sched_is_sound(s), "a group that is removed awake leaves all sums right");
	ok(about(alone_bytes(s, 2), FRAME), "a group's debt outlives the group");
	sched_free(s);
}

/* Of two members the one that sent the long frame goes: the other pays nothing. */
static void test_whose_debt(void)
{
	struct sched *s = start(1, 3);
	uint32_t sent[3] = {0};

	for (uint32_t id = 0; id < 3; id++) {
		sched_join(s, id, id < 2, 0);
		sched_wake(s, id, 0);
	}
	sched_served(s, 0, FRAME, FRAME, true, 0);
	sched_join(s, 0, 0, 0);
	for (uint32_t id; (id = sched_draw(s, 0)) != 0; sent[id] += Q)
		sched_served(s, id, Q, Q, true, 0);
	ok(about(sent[1], FRAME) && about(sent[2], FRAME),
	   "whoever sent a long frame takes the debt along");
	sched_free(s);
}

/*
 * Three LDPs in two groups and outside: LDP 0 goes on to the next place after each of its frames.
 * What it has by what it would have had in the best of the places.
 */
static double hopping(uint32_t frame_bytes, bool naps)
{
	struct sched *s = start(2, 4);
	double sent[4] = {0}, all = 0;
	uint32_t at = 0;

	for (uint32_t id = 1; id < 4; id++) {
		sched_join(s, id, id - 1, 0);
		sched_wake(s, id, 0);
	}
	sched_wake(s, 0, 0);
	for (int i = 0; i < 60000; i++) {
		uint32_t id = sched_draw(s, 0), bytes = id ? Q : frame_bytes;

		sched_served(s, id, bytes, bytes, id || !naps, 0);
		sent[id] += bytes;
		all += bytes;
		if (id == 0) {
			at = (at + 1) % 3;
			sched_join(s, 0, at, 0);
			sched_wake(s, 0, 0);
		}
	}
	ok(sched_is_sound(s), "an LDP that goes on after each frame leaves all sums right");
	sched_free(s);
	return sent[0] / all * 4; /* outside it is one of four */
}

static void test_hopping(void)
{
	static const uint32_t bytes[] = {64, Q, 65536};

	for (unsigned i = 0; i < 3; i++) {
		double gain = hopping(bytes[i], false), nap = hopping(bytes[i], true);

		ok(gain <= 1.01 && nap <= 1.01,
		   "frames of %u: going from group to group gains nothing: %.3f, %.3f asleep",
		   bytes[i], gain, nap);
	}
}

/* An LDP that always sends goes in and out; the others have what is theirs. */
static void test_awake(void)
{
	struct link k;
	int bad = 0;

	link_start(&k, 1000000000);
	sched_set_group(k.s, 1, &plain, 0);
	for (uint32_t id = 0; id < 4; id++)
		link_add(&k, id, plain, id % 2 ? 65550 : Q);
	sched_join(k.s, 1, 1, 0);
	for (int i = 0; i < 20; i++) {
		sched_join(k.s, 0, i % 2 == 0, k.now_ns);
		bad += !sched_is_sound(k.s);
		link_run(&k, 100000000);
		bad += !near(link_permille(&k, 2, 100000000), i % 2 ? 250 : 333, 8);
		bad += !near(link_permille(&k, 0, 100000000), i % 2 ? 250 : 167, 8);
	}
	is_int(bad, 0, "an LDP that joins and leaves awake has its share in each place");
	sched_free(k.s);
}

/* A ceiling's bucket stays with the LDP, so leaving and joining fills none. */
static void test_ceiling(void)
{
	struct sched *s = start(2, 1);
	const struct sched_rule r = {.weight = 256, .max_bps = 8000, .burst_bytes = 4000};

	sched_set_rule(s, 0, &r, 0);
	sched_wake(s, 0, 0);
	sched_served(s, 0, 4100, 4100, true, 0);
	sched_join(s, 0, 1, 0);
	is_int(sched_draw(s, 0), SCHED_NONE, "an LDP at its ceiling joins a group and waits on");
	ok(sched_next_ns(s) == 101000000, "until it has a token");
	sched_join(s, 0, 2, 0);
	sched_join(s, 0, 0, 0);
	ok(sched_is_sound(s) && sched_next_ns(s) == 101000000, "also when it leaves again");
	is_int(sched_draw(s, 101000000), 0, "then it is drawn");
	sched_free(s);
}

int main(void)
{
	test_debt();
	test_group_debt();
	test_whose_debt();
	test_hopping();
	test_awake();
	test_ceiling();
	return done_testing();
}
