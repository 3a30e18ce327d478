/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which message goes next, and when its room is free: examples, and chance against a plain list. */
#include "backend/frame/ahead.h"

#include "backend/sched/rng.h"
#include "common/wire.h"
#include "tests/unit/tap.h"

static struct ahead a;

static int next_len(void)
{
	const struct ahead_msg *m = ahead_choose(&a);

	return m ? (int)m->len : -1;
}

static void test_order(void)
{
	a = (struct ahead){0};
	is_int(next_len(), -1, "of no messages none goes next");
	ahead_add(&a, 100, false);
	ahead_add(&a, 200, true);
	ahead_add(&a, 300, false);
	ahead_add(&a, 400, true);
	is_int(next_len(), 200, "the first flagged message goes next");
	is_int(ahead_offset(&a), wire_size(100), "it lies behind the one before it");
	is_int(ahead_done(&a), 0, "its room is not free while the one before it waits");
	is_int(next_len(), 400, "the second flagged message goes then");
	is_int(ahead_done(&a), 0, "its room is not free either");
	is_int(next_len(), 100, "then the first of the others goes");
	is_int(ahead_done(&a), wire_size(100) + wire_size(200), "two are free at once");
	ahead_add(&a, 500, true);
	is_int(next_len(), 500, "a flagged message that comes later goes first, too");
	ahead_done(&a);
	is_int(next_len(), 300, "then the last of the others goes");
	is_int(ahead_done(&a), wire_size(300) + wire_size(400) + wire_size(500),
	       "with the last one all are free");
	is_int(ahead_bytes(&a), 0, "nothing is left");
}

/* A guest that flags all but the first of its frames holds up that frame, but not for ever. */
static void test_bound(void)
{
	unsigned before = 0;

	a = (struct ahead){0};
	ahead_add(&a, 99, false);
	for (;;) {
		while (ahead_has_room(&a))
			ahead_add(&a, 50, true);
		if (next_len() == 99)
			break;
		ahead_done(&a);
		before++;
	}
	is_int(before, AHEAD_MAX - 1, "a frame is passed by at most 511 flagged ones");
}

/* The same by a list that is searched from its beginning. */
static struct {
	uint32_t len;
	bool sparse, done;
} all[60000];
static unsigned n_all, first;

static unsigned expected(void)
{
	unsigned plain = n_all;

	for (unsigned i = first; i < n_all; i++) {
		if (!all[i].done && all[i].sparse)
			return i;
		if (!all[i].done && plain == n_all)
			plain = i;
	}
	return plain;
}

static uint32_t expected_free(unsigned i)
{
	uint32_t bytes = 0;

	all[i].done = true;
	for (; first < n_all && all[first].done; first++)
		bytes += wire_size(all[first].len);
	return bytes;
}

static bool step(struct rng *r, unsigned flagged)
{
	unsigned i;

	for (unsigned n = rng_below(r, 40); n > 0 && n_all - first < AHEAD_MAX; n--) {
		all[n_all].len = 26 + n_all % 1000;
		all[n_all].done = false;
		all[n_all].sparse = rng_below(r, 100) < flagged;
		ahead_add(&a, all[n_all].len, all[n_all].sparse);
		n_all++;
	}
	for (unsigned n = rng_below(r, 40); n > 0; n--) {
		i = expected();
		if (next_len() != (i < n_all ? (int)all[i].len : -1))
			return false;
		if (i < n_all && ahead_done(&a) != expected_free(i))
			return false;
	}
	return ahead_has_room(&a) == (n_all - first < AHEAD_MAX);
}

static void test_chance(unsigned flagged)
{
	struct rng r;
	bool good = true;

	rng_seed(&r, flagged);
	a = (struct ahead){.freed = UINT32_MAX - 5000, .seen = UINT32_MAX - 5000};
	a.first = a.plain = a.sparse = a.end = UINT32_MAX - 2000;
	n_all = first = 0;
	for (unsigned i = 0; good && i < 1500; i++)
		good = step(&r, flagged);
	ok(good && n_all > 10000, "of %u messages, %u %% flagged, each goes in its turn", n_all,
	   flagged);
}

int main(void)
{
	test_order();
	test_bound();
	test_chance(0);
	test_chance(5);
	test_chance(50);
	test_chance(100);
	return done_testing();
}
