/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an LDP may have in flight, and the CREDIT frames that say so: one an epoch at most. */
#include "backend/sched/rate.h"
#include "backend/datapath/credit.h"
#include "backend/datapath/publish.h"
#include "tests/unit/fake_dpath.h"
#include "tests/unit/tap.h"

#define EPOCH (10 * NS_PER_MS)
#define GBIT  1000000000ull
#define RING  (1u << 18)

static void test_rate(void)
{
	struct sched_rule r = {.weight = 1};

	is_int(rate_in_force(&r, 8000000, 4), 2000000, "a share by weight");
	is_int(rate_in_force(&r, 8000000, 1), 8000000, "all of it");
	is_int(rate_in_force(&r, 0, 4), 0, "nothing is known");
	r.max_bps = 1000000;
	is_int(rate_in_force(&r, 8000000, 4), 1000000, "no more than the maximum");
	is_int(rate_in_force(&r, 0, 4), 1000000, "which is known without a capacity");
	r.min_bps = 900000;
	is_int(rate_in_force(&r, 8000000, 80), 900000, "no less than the minimum");
	r = (struct sched_rule){.weight = 65535};
	is_int(rate_in_force(&r, 1000000000000, 65535), 1000000000000, "without an overflow");
	r.weight = 1;
	is_int(rate_in_force(&r, GBIT, 65536), GBIT / 65536, "nor a share of nothing");
}

static void test_size(void)
{
	struct window w = {0};
	uint64_t least = 2 * wire_size(WIRE_VNET_LEN + 22 + 1500), size;

	is_int(window_bytes(&w, 0, 1500, RING), RING, "no rate is known: the ring");
	is_int(window_bytes(&w, 80000000, 1500, RING), rate_bytes(80000000, WINDOW_MS),
	       "a rate: what it carries in a short time");
	is_int(window_bytes(&w, 100 * GBIT, 1500, RING), RING, "never more than the ring");
	is_int(window_bytes(&w, 1, 1500, RING), (long long)least, "two full frames at least");
	is_int(window_bytes(&w, 1, 9000, 4096), 4096, "or the ring");

	/* Alone on the link it is served at more than its share. */
	window_look(&w, 125000, EPOCH);
	size = window_bytes(&w, 1000000, 1500, RING);
	is_int(size, rate_bytes(100000000, WINDOW_MS), "a borrower: what it was served at lately");
	window_look(&w, 0, EPOCH);
	ok(window_bytes(&w, 1000000, 1500, RING) < size, "one epoch without: a little less");
	ok(window_bytes(&w, 1000000, 1500, RING) > size / 2, "but not at once");
	for (int i = 0; i < 100; i++)
		window_look(&w, 0, EPOCH);
	is_int(window_bytes(&w, 1000000, 1500, RING), (long long)least, "in the end its share");
	window_look(&w, 1000, 0);
	ok(w.served_bps < 1000000, "two looks at one time");
}

/* From its least to a gigabit: the served rate is at most a window for each round trip of 200 us.
 */
static void test_growth(void)
{
	struct window w = {0};
	unsigned epochs = 0;
	uint64_t size;

	while ((size = window_bytes(&w, 15258, 1500, RING)) < rate_bytes(GBIT, WINDOW_MS) / 2 &&
	       size < RING && epochs++ < 100)
		window_look(&w, size * (EPOCH / 200000), EPOCH);
	ok(epochs <= 3, "weight 1 of 65536 alone: a gigabit after %u epochs", epochs);
}

static unsigned credits(uint32_t slot, struct wire_credit *last)
{
	struct wire_hdr wh;
	unsigned n = 0;

	while (fake_take(&rings[slot], &wh, sizeof(wh)) && wh.type == WIRE_CREDIT &&
	       fake_take(&rings[slot], last, sizeof(*last)))
		n++;
	return n;
}

/* An epoch in which it was served so many bytes; how many CREDIT frames came, the last in *c. */
static unsigned epoch(struct ldp *l, uint64_t served_bytes, struct wire_credit *c)
{
	l->count.tx_bytes += served_bytes;
	dp.now_ns += EPOCH;
	publish_credits(&dp);
	commit();
	return credits(l->slot, c);
}

static void test_frames(void)
{
	struct wire_credit c = {0};
	struct ldp *l;
	unsigned n = 0;

	begin();
	l = guest(0, ALL, 18);
	guest(1, ALL, 18);
	dp.link_rate.in_force_bps = 80000000;
	is_int(epoch(l, 0, &c), 1, "the first epoch tells");
	is_int(c.credit_bytes, rate_bytes(40000000, WINDOW_MS), "the window of half of the link");
	is_int(c.rate_bps, 40000000, "and that rate");
	for (int i = 0; i < 200; i++)
		n += epoch(l, 49000, &c);
	is_int(n, 0, "served at about that: nothing new");
	is_int(epoch(l, 100000, &c), 1, "served at twice of it");
	is_int(c.credit_bytes, rate_bytes(80000000, WINDOW_MS), "twice as much");
	for (int i = 0; i < 200; i++)
		n += epoch(l, i % 2 ? 100000 : 97000, &c);
	is_int(n, 0, "a few percent are not worth a frame");

	l->account[LDP_TX].log_offset = 640;
	is_int(epoch(l, 100000, &c), 1, "a newer record of the log, more than a second later");
	is_int(c.log_offset, 640, "its offset");
	l->account[LDP_TX].log_offset = 704;
	for (int i = 0; i < 99; i++)
		n += epoch(l, 100000, &c);
	is_int(n, 0, "but no sooner");
	is_int(epoch(l, 100000, &c), 1, "nor later");

	/* As one guest more among many does it to each of them. */
	dp.link_rate.in_force_bps = 79000000;
	is_int(epoch(l, 100000, &c), 0, "a rate that is a little less: not at once");
	dp.now_ns += NS_PER_SEC;
	ok(credit_tell(&dp), "a second later, without an epoch: all is told");
	commit();
	is_int(credits(l->slot, &c), 1, "by a frame");
	is_int(c.rate_bps, 39500000, "that has the rate");
	dp.link_rate.in_force_bps = 40000000;
	is_int(epoch(l, 100000, &c), 1, "half of it: at once");
	is_int(c.rate_bps, 20000000, "as it is");
	dp.link_rate.in_force_bps = 39000000;
	ok(!credit_tell(&dp), "a little less again: that waits");

	dp.link_rate.in_force_bps = 0;
	epoch(l, 100000, &c);
	is_int(c.credit_bytes, RING, "no capacity: the ring");
	is_int(c.rate_bps, 0, "and no rate");
	end();
}

/* A ring without room for the frame: it is told in a later epoch. */
static void test_full(void)
{
	struct wire_credit c = {0};
	struct ldp *l;

	begin();
	l = guest(0, ALL, 12);
	dp.link_rate.in_force_bps = 8000000;
	rings[0].out.prod += 4096 - 8;
	is_int(epoch(l, 0, &c), 0, "a full ring");
	rings[0].out.prod -= 4096 - 8;
	is_int(epoch(l, 0, &c), 1, "told when there is room");
	l->frozen = true;
	dp.link_rate.in_force_bps = 0;
	is_int(epoch(l, 0, &c), 0, "not while it stands still");
	is_int((long long)all_drops(l), 0, "nothing of this drops frames");
	end();
}

int main(void)
{
	test_rate();
	test_size();
	test_growth();
	test_frames();
	test_full();
	return done_testing();
}
