/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_sched_pair.c: one ceiling for two ways that frames can go, and who has how much of it. */
#include "backend/sched/sched_group.h"
#include "backend/sched/sched_pair.h"
#include "tests/unit/sched_link.h"
#include "tests/unit/sched_sound.h"
#include "tests/unit/tap.h"

#define GBIT 1000000000ull
#define MBIT 1000000ull
#define MS   1000000ull
#define SEC  1000000000ull
#define MAX  (10 * MBIT)

static const struct sched_rule plain = {.weight = 256};

/* The way over a link, and one that takes frames at any time. */
struct ways {
	struct link link;
	struct sched *beside;
	uint32_t frame_bytes[MAX_IDS]; /* beside */
	uint64_t beside_bytes[MAX_IDS];
};

static void ways_start(struct ways *w, uint64_t rate_bps)
{
	*w = (struct ways){.beside = sched_new(MAX_IDS, Q, 8)};
	link_start(&w->link, rate_bps);
	sched_pair(w->link.s, w->beside);
}

static void ways_free(struct ways *w)
{
	ok(sched_is_sound(w->link.s) && sched_is_sound(w->beside), "all sums are right");
	sched_free(w->link.s);
	sched_free(w->beside);
}

static void ways_group(struct ways *w, struct sched_rule r)
{
	if (sched_set_group(w->link.s, 1, &r, w->link.now_ns) ||
	    sched_set_group(w->beside, 1, &r, w->link.now_ns))
		abort();
}

/* Adds an LDP that has frames of these sizes for the link and beside; 0: none. */
static void ways_add(struct ways *w, uint32_t id, uint32_t group, struct sched_rule r,
		     uint32_t bytes, uint32_t beside_bytes)
{
	link_add(&w->link, id, r, bytes);
	if (!bytes)
		sched_sleep(w->link.s, id);
	w->frame_bytes[id] = beside_bytes;
	if (sched_add(w->beside, id, &r) || sched_join(w->link.s, id, group, w->link.now_ns) ||
	    sched_join(w->beside, id, group, w->link.now_ns))
		abort();
	if (beside_bytes)
		sched_wake(w->beside, id, w->link.now_ns);
}

/* Whoever has frames always has. Every 50 us both ways are looked at. */
static void ways_run(struct ways *w, uint64_t ns)
{
	uint64_t end_ns = w->link.now_ns + ns, sent[MAX_IDS] = {0};
	uint32_t id;

	for (int i = 0; i < MAX_IDS; i++)
		w->beside_bytes[i] = 0;
	while (w->link.now_ns < end_ns) {
		while ((id = sched_draw(w->beside, w->link.now_ns)) != SCHED_NONE) {
			w->beside_bytes[id] += w->frame_bytes[id];
			sched_served(w->beside, id, w->frame_bytes[id], w->frame_bytes[id], true,
				     w->link.now_ns);
		}
		link_run(&w->link, 50000);
		for (int i = 0; i < MAX_IDS; i++)
			sent[i] += w->link.sent_bytes[i];
	}
	memcpy(w->link.sent_bytes, sent, sizeof(sent));
}

/* In thousandths of the ceiling. */
static int of_max(uint64_t bytes, uint64_t ns)
{
	return (int)((double)bytes * 8e12 / (MAX * (double)ns) + .5);
}

/* A group's members, one for each way: three parts and one. */
static void test_weights(uint32_t bytes, uint32_t beside_bytes)
{
	struct sched_rule heavy = {.weight = 768};
	struct ways w;

	ways_start(&w, GBIT);
	ways_group(&w, (struct sched_rule){.weight = 1, .max_bps = MAX});
	ways_add(&w, 0, 1, heavy, bytes, 0);
	ways_add(&w, 1, 1, plain, 0, beside_bytes);
	ways_run(&w, SEC / 10);
	ways_run(&w, 4 * SEC);
	ok(near(of_max(w.link.sent_bytes[0], 4 * SEC), 750, 15),
	   "%u and %u B: one way has a ceiling by the weight of its member", bytes, beside_bytes);
	ok(near(of_max(w.beside_bytes[1], 4 * SEC), 250, 15),
	   "%u and %u B: the other way has it by its member's", bytes, beside_bytes);
	sched_sleep(w.link.s, 0);
	ways_run(&w, SEC);
	ok(near(of_max(w.beside_bytes[1], SEC), 1000, 15), "one way alone has all of it");
	sched_wake(w.link.s, 0, w.link.now_ns);
	sched_sleep(w.beside, 1);
	ways_run(&w, SEC);
	ok(near(of_max(w.link.sent_bytes[0], SEC), 1000, 15), "the other way alone has all of it");
	ways_free(&w);
}

/* The link is busy with others, so the group has no turn on it each time that there is a token. */
static void test_busy_link(void)
{
	struct ways w;
	int link, beside;

	ways_start(&w, 100 * MBIT);
	ways_group(&w, (struct sched_rule){.weight = 256, .max_bps = MAX});
	ways_add(&w, 0, 1, plain, Q, 0);
	ways_add(&w, 1, 1, plain, 0, Q);
	for (uint32_t id = 2; id < 10; id++)
		ways_add(&w, id, 0, plain, Q, 0);
	ways_run(&w, SEC / 10);
	ways_run(&w, 4 * SEC);
	ok(near(of_max(w.link.sent_bytes[0], 4 * SEC), 500, 30),
	   "on a busy link a way still has its half of a ceiling");
	ok(near(of_max(w.link.sent_bytes[0] + w.beside_bytes[1], 4 * SEC), 1000, 5),
	   "both ways have all of it");
	/* Its share of the link is 3 % of it, a quarter of the ceiling. */
	for (uint32_t id = 2; id < 6; id++)
		sched_set_rule(w.link.s, id, &(struct sched_rule){.weight = 2048}, 0);
	ways_run(&w, 4 * SEC);
	link = of_max(w.link.sent_bytes[0], 4 * SEC);
	beside = of_max(w.beside_bytes[1], 4 * SEC);
	ok(link > 180 && link < 280, "a way has no more than its share of the link: %d", link);
	ok(near(link + beside, 1000, 5), "what the link does not carry goes the other way");
	ways_free(&w);
}

/* An LDP that has frames both ways: its ceiling in halves, or what one way needs. */
static void test_ldp(void)
{
	struct sched_rule r = {.weight = 256, .max_bps = MAX};
	struct ways w;

	ways_start(&w, GBIT);
	ways_add(&w, 0, 0, r, Q, 700);
	ways_run(&w, SEC / 10);
	ways_run(&w, 4 * SEC);
	ok(near(of_max(w.link.sent_bytes[0], 4 * SEC), 500, 10),
	   "an LDP's ceiling goes half to each way");
	ok(near(of_max(w.link.sent_bytes[0] + w.beside_bytes[0], 4 * SEC), 1000, 5),
	   "both ways have no more than the ceiling");
	ways_free(&w);
}

/* To the byte: burst and rate * time, both ways together. */
static void test_exact(void)
{
	struct sched_rule r = {.weight = 1, .max_bps = MAX, .burst_bytes = 20000};
	uint64_t all;
	struct ways w;

	ways_start(&w, GBIT);
	ways_group(&w, r);
	ways_add(&w, 0, 1, plain, 1000, 0);
	ways_add(&w, 1, 1, plain, 0, 1000);
	ways_run(&w, SEC);
	all = w.link.sent_bytes[0] + w.beside_bytes[1];
	ok(all <= 20000 + MAX / 8 + 1000 && all >= MAX / 8,
	   "both ways together have burst + rate * time and a frame at most: %u", (unsigned)all);
	ways_free(&w);
}

/* What went one way is gone for the other. */
static void test_empty(void)
{
	struct sched_rule r = {.weight = 1, .max_bps = 8000, .burst_bytes = 4000};
	struct ways w;

	ways_start(&w, GBIT);
	ways_group(&w, r);
	ways_add(&w, 0, 1, plain, 0, 0);
	ways_add(&w, 1, 1, plain, 0, 0);
	sched_served(w.beside, 1, 4000, 4000, false, 0);
	sched_wake(w.link.s, 0, 0);
	is_int(sched_draw(w.link.s, 0), SCHED_NONE, "a member waits while another has spent all");
	is_int(sched_next_ns(w.link.s), 1000000, "the first token comes after a millisecond");
	is_int(sched_draw(w.link.s, 1000000), 0, "the member goes on with the first token");
	sched_served(w.beside, 1, 100, 100, false, 1000000);
	is_int(sched_draw(w.link.s, 1000000), SCHED_NONE, "an LDP leaves when a token is gone");
	sched_join(w.link.s, 0, 0, 1000000);
	is_int(sched_draw(w.link.s, 1000000), 0, "an LDP outside does not wait for the ceiling");
	ways_free(&w);
}

int main(void)
{
	test_weights(Q, Q);
	test_weights(Q, 9000);
	test_weights(9000, 64);
	test_busy_link();
	test_ldp();
	test_exact();
	test_empty();
	return done_testing();
}
