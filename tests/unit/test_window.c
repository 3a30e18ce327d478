/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an LDP may have in flight, and the CREDIT frames that say so: one an epoch at most. */
#include "backend/sched/rate.h"
#include "backend/datapath/credit.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/publish.h"
#include "tests/fake/bench.h"
#include "tests/unit/tap.h"

#define EPOCH (10 * NS_PER_MS)
#define GBIT  1000000000ull
#define RING  (1u << BENCH_RING_ORDER)

static struct bench *b;

static void test_rate(void)
{
	struct sched_rule r = {.weight = 1};

	is_int(rate_in_force(&r, 8000000, 4), 2000000, "a rate in force is a share by weight");
	is_int(rate_in_force(&r, 8000000, 1), 8000000,
	       "a rate in force is all of it for one alone");
	is_int(rate_in_force(&r, 0, 4), 0, "a rate in force is unknown without a capacity");
	r.max_bps = 1000000;
	is_int(rate_in_force(&r, 8000000, 4), 1000000,
	       "a rate in force is no more than the maximum");
	is_int(rate_in_force(&r, 0, 4), 1000000,
	       "a rate in force is the maximum without a capacity");
	r.min_bps = 900000;
	is_int(rate_in_force(&r, 8000000, 80), 900000,
	       "a rate in force is no less than the minimum");
	r = (struct sched_rule){.weight = 65535};
	is_int(rate_in_force(&r, 1000000000000, 65535), 1000000000000,
	       "a rate in force for all weight does not overflow");
	r.weight = 1;
	is_int(rate_in_force(&r, GBIT, 65536), GBIT / 65536,
	       "a rate in force for little weight is a small share");
}

static void test_size(void)
{
	struct window w = {0};
	uint64_t least = 2 * wire_size(WIRE_VNET_LEN + 22 + 1500), size;

	is_int(window_bytes(&w, 0, WINDOW_MS, 1500, RING), RING,
	       "a window without a rate is the ring");
	is_int(window_bytes(&w, 80000000, WINDOW_MS, 1500, RING), rate_bytes(80000000, WINDOW_MS),
	       "a window is what its rate carries in a short time");
	is_int(window_bytes(&w, 8000000, WINDOW_LONG_MS, 1500, RING), 100000,
	       "a long window is what its rate carries in a longer time");
	is_int(window_bytes(&w, 100 * GBIT, WINDOW_MS, 1500, RING), RING,
	       "a window is never more than the ring");
	is_int(window_bytes(&w, 1, WINDOW_MS, 1500, RING), (long long)least,
	       "a window is two full frames at least");
	is_int(window_bytes(&w, 1, WINDOW_MS, 9000, 4096), 4096,
	       "a window of two full frames is never more than the ring");

	/* Alone on the link it is served at more than its share. */
	window_look(&w, 125000, EPOCH);
	size = window_bytes(&w, 1000000, WINDOW_MS, 1500, RING);
	is_int(size, rate_bytes(100000000, WINDOW_MS),
	       "the window of a borrower is what it was served at lately");
	window_look(&w, 100000, EPOCH);
	ok(window_bytes(&w, 1000000, WINDOW_MS, 1500, RING) < size,
	   "an epoch with less service makes the window smaller");
	ok(window_bytes(&w, 1000000, WINDOW_MS, 1500, RING) > size / 2,
	   "an epoch with less service does not halve the window");
	for (int i = 0; i < 20; i++)
		window_look(&w, 0, EPOCH);
	is_int(window_bytes(&w, 1000000, WINDOW_MS, 1500, RING), (long long)least,
	       "a window without service becomes that of the share");
	window_look(&w, 1000000, 0);
	ok(w.served_bps < 1000000, "two looks at one time measure no rate");
}

/* At a low rate an epoch has a frame or none. */
static void test_noise(void)
{
	struct window w = {0};
	uint64_t least = UINT64_MAX, most = 0;

	for (int i = 0; i < 200; i++) {
		window_look(&w, i % 3 ? 0 : 1514, EPOCH);
		if (i < 20)
			continue;
		least = w.served_bps < least ? w.served_bps : least;
		most = w.served_bps > most ? w.served_bps : most;
	}
	ok(least >= 300000 && most <= 500000,
	   "a frame of 1514 bytes each 30 ms is 404 kbit/s: %llu to %llu",
	   (unsigned long long)least, (unsigned long long)most);
}

/* From its least to a gigabit: the served rate is at most a window for each round trip of 200 us.
 */
static void test_growth(void)
{
	struct window w = {0};
	unsigned epochs = 0;
	uint64_t size;

	while ((size = window_bytes(&w, 15258, WINDOW_MS, 1500, RING)) <
		       rate_bytes(GBIT, WINDOW_MS) / 2 &&
	       size < RING && epochs++ < 100)
		window_look(&w, size * (EPOCH / 200000), EPOCH);
	ok(epochs <= 3, "weight 1 of 65536 alone has a gigabit after %u epochs", epochs);
}

/* How many CREDIT frames the guest finds, the last in *last. */
static unsigned credits(uint32_t slot, struct wire_credit *last)
{
	const uint8_t *body;
	struct wire_hdr wh;
	unsigned n = 0;

	while (bench_take(b, slot, &wh, &body) && wh.type == WIRE_CREDIT) {
		memcpy(last, body, sizeof(*last));
		n++;
	}
	return n;
}

/* An epoch in which l is served served_bytes: how many CREDIT frames come, the last in *c. */
static unsigned epoch(struct ldp *l, uint64_t served_bytes, struct wire_credit *c)
{
	l->count.tx_bytes += served_bytes;
	bench_pass(b, EPOCH);
	publish_credits(b->dp);
	core_commit(b->dp);
	return credits(l->slot, c);
}

static void test_service(void)
{
	struct wire_credit c = {0};
	struct ldp *l;
	unsigned n = 0;

	b = bench_new(2);
	l = b->guest[0].ldp;
	b->dp->link_rate.in_force_bps = 80000000;
	is_int(epoch(l, 0, &c), 1, "the first epoch is told to the agent");
	is_int(c.credit_bytes, rate_bytes(40000000, WINDOW_MS),
	       "the first credit is the window of half of the link");
	is_int(c.rate_bps, 40000000, "the first credit has the rate of half of the link");
	for (int i = 0; i < 200; i++)
		n += epoch(l, 49000, &c);
	is_int(n, 0, "service at about the rate that was told is not told");
	is_int(epoch(l, 100000, &c), 1, "service at twice the rate that was told is told");
	is_int(c.credit_bytes, rate_bytes(80000000, WINDOW_MS),
	       "service at twice the rate gives twice as much credit");
	for (int i = 0; i < 200; i++)
		n += epoch(l, i % 2 ? 100000 : 97000, &c);
	is_int(n, 0, "a change of a few percent is not told");
	bench_free(b);
}

/* While nothing moves there are no epochs, and a rate is not one of that time. */
static void test_pause(void)
{
	struct wire_credit c = {0};
	struct ldp *l;

	b = bench_new(2);
	l = b->guest[0].ldp;
	b->dp->link_rate.in_force_bps = 80000000;
	for (int i = 0; i < 20; i++)
		epoch(l, 100000, &c);
	while (b->dp->epoch.running)
		epoch_end(b->dp);
	bench_pass(b, NS_PER_SEC / 2);
	epoch_begin(b->dp);
	is_int(epoch(l, 100000, &c), 0, "who sends again as before a pause is told nothing");
	is_int(l->window.served_bps, 80000000, "a pause is no part of the rate served lately");
	bench_free(b);
}

/* A bench of two guests, of which the first has been told its credit a second ago. */
static struct ldp *begin_told(uint64_t bps)
{
	struct wire_credit c;
	struct ldp *l;

	b = bench_new(2);
	l = b->guest[0].ldp;
	b->dp->link_rate.in_force_bps = bps;
	for (int i = 0; i < 101; i++)
		epoch(l, 100000, &c);
	return l;
}

static void test_log_offset(void)
{
	struct ldp *l = begin_told(80000000);
	struct wire_credit c = {0};
	unsigned n = 0;

	l->account[LDP_TX].log_offset = 640;
	is_int(epoch(l, 100000, &c), 1,
	       "a newer record of the log is told after more than a second");
	is_int(c.log_offset, 640, "a credit has the offset of the newest record");
	l->account[LDP_TX].log_offset = 704;
	for (int i = 0; i < 99; i++)
		n += epoch(l, 100000, &c);
	is_int(n, 0, "a newer record of the log is not told within a second");
	is_int(epoch(l, 100000, &c), 1, "a newer record of the log is told after a second");
	bench_free(b);
}

static void test_rate_told(void)
{
	struct ldp *l = begin_told(80000000);
	struct wire_credit c = {0};

	/* As when one more guest joins many. */
	l->account[LDP_TX].log_offset = 64;
	epoch(l, 100000, &c); /* in which it is told */
	b->dp->link_rate.in_force_bps = 79000000;
	is_int(epoch(l, 100000, &c), 0, "a rate that is a little less is not told at once");
	bench_pass(b, NS_PER_SEC);
	ok(credit_tell(b->dp), "a second later all is told, without an epoch");
	core_commit(b->dp);
	is_int(credits(l->slot, &c), 1, "a rate that is a little less is told by one frame");
	is_int(c.rate_bps, 39500000, "a credit has the rate that is a little less");
	b->dp->link_rate.in_force_bps = 40000000;
	is_int(epoch(l, 100000, &c), 1, "a rate of half is told at once");
	is_int(c.rate_bps, 20000000, "a credit has the rate of half");
	b->dp->link_rate.in_force_bps = 39000000;
	ok(!credit_tell(b->dp), "a rate that is a little less than half waits");

	b->dp->link_rate.in_force_bps = 0;
	epoch(l, 100000, &c);
	is_int(c.credit_bytes, RING, "the credit without a capacity is the ring");
	is_int(c.rate_bps, 0, "the credit without a capacity has no rate");
	bench_free(b);
}

/* A ring without room for the frame: it is told in a later epoch. */
static void test_full(void)
{
	const struct ldp_conf conf = bench_ldp_conf(0);
	struct wire_credit c = {0};
	struct ldp *l;

	b = bench_new_with(1, NULL, NULL);
	l = bench_add(b, 0, &conf, 12);
	b->dp->link_rate.in_force_bps = 8000000;
	vchan_tx_advance(l->vchan, 4096 - 8);
	is_int(epoch(l, 0, &c), 0, "a full ring takes no credit");
	vchan_tx_commit(l->vchan);
	chan_take(&b->guest[0].chan, 4096 - 8);
	is_int(epoch(l, 0, &c), 1, "a credit is told when there is room in the ring");
	l->frozen = true;
	b->dp->link_rate.in_force_bps = 0;
	is_int(epoch(l, 0, &c), 0, "a frozen LDP is told no credit");
	is_int((long long)bench_drops(l), 0, "credits that wait drop no frames");
	bench_free(b);
}

int main(void)
{
	test_rate();
	test_size();
	test_noise();
	test_growth();
	test_service();
	test_pause();
	test_log_offset();
	test_rate_told();
	test_full();
	return done_testing();
}
