/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that wakes up does not wait until a paced link is free: its frame would be the next one
 * anyway. The link is not overrun by that, and nobody has more than its share.
 */
#include "backend/datapath/rx.h"
#include "backend/datapath/rx_uplink.h"
#include "backend/datapath/tx.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define RATE   100000000u
#define FULL   1518 /* on the wire; the link takes 121 us for it */
#define SMALL  98
#define GUESTS 40u
#define HOG    (GUESTS - 1)

static struct bench *b;

/* A link of RATE both ways. */
static void begin(void)
{
	b = bench_new(GUESTS);
	pace_init(&b->dp->tx.pace, b->dp->now_ns);
	pace_set(&b->dp->tx.pace, RATE, b->dp->burst_ns, b->dp->now_ns);
	sched_set_capacity(b->dp->tx_sched, RATE);
	pace_init(&b->dp->rx.pace, b->dp->now_ns);
	rx_set_rate(b->dp, RATE);
}

static void make(const void *dst, uint32_t slot, uint32_t wire_bytes)
{
	static struct mk m;
	static const struct virtio_net_hdr_v1 plain;
	bool out = memcmp(dst, MK_OTHER, 6) == 0;

	mk_eth(&m, dst, out ? (const char *)bench_mac(slot) : MK_OTHER, 0x88b5);
	mk_payload(&m, wire_bytes - FRAME_ETH_LEN - FRAME_FCS_LEN);
	if (out)
		bench_give(b, slot, &plain, m.b, m.len);
	else
		bench_come(b, &plain, m.b, m.len);
}

static void give(uint32_t slot, uint32_t wire_bytes)
{
	make(MK_OTHER, slot, wire_bytes);
}

static void come(uint32_t slot, uint32_t wire_bytes)
{
	make(bench_mac(slot), slot, wire_bytes);
}

/* One turn. How many frames left. */
static unsigned turn(void)
{
	while (bench_turn(b))
		;
	return bench_drain(b);
}

static void feed(uint32_t slot)
{
	while (bench_given(b, slot) < 100000)
		give(slot, FULL);
}

/* By how much the link is behind. */
static int64_t behind(void)
{
	return -b->dp->tx.pace.bucket.tokens_bytes;
}

/* The hog has sent until the link was busy. */
static void make_busy(void)
{
	feed(HOG);
	turn();
	ok(pace_wait(&b->dp->tx.pace), "the link is busy");
}

static void test_first(void)
{
	begin();
	make_busy();
	give(0, SMALL);
	is_int(turn(), 1, "a guest that wakes sends while the link is busy");
	is_int(b->guest[0].ldp->count.tx_frames, 1, "it is that guest's frame");
	is_int(turn(), 0, "who has frames all the time waits until the link is free");
	bench_pass(b, pace_when_ns(&b->dp->tx.pace) - b->dp->now_ns - 1);
	is_int(turn(), 0, "and not a nanosecond less");
	bench_pass(b, 1);
	is_int(turn(), 1, "the link takes one frame when it is free");
	bench_free(b);
}

/* It goes first while it is not ahead of its share. */
static void test_ahead(void)
{
	begin();
	make_busy();
	give(0, SMALL);
	give(0, SMALL);
	is_int(turn(), 1, "who is ahead by its first frame waits with the second one");
	bench_pass(b, pace_when_ns(&b->dp->tx.pace) - b->dp->now_ns);
	is_int(turn(), 1, "when the link is free the first frame is its second one");
	is_int(b->guest[0].ldp->count.tx_frames, 2, "both frames have left then");
	bench_free(b);
}

static void test_many(void)
{
	int64_t before;
	unsigned n;

	begin();
	make_busy();
	before = behind();
	for (uint32_t slot = 0; slot < HOG; slot++)
		give(slot, SMALL);
	n = turn();
	ok(n > 1 && n < HOG, "of many that wake some wait: %u of %u went", n, HOG);
	ok(behind() - before <= FULL / 4, "many that wake together hold the link up by %lld bytes",
	   (long long)(behind() - before));
	bench_free(b);
}

static void test_long(void)
{
	begin();
	make_busy();
	give(0, FULL);
	is_int(turn(), 0, "a full frame waits until the link is free");
	bench_free(b);
}

/* It sleeps and wakes all the time. */
static void test_cheat(void)
{
	uint64_t bytes[2], all, may;
	int64_t most = 0;

	begin();
	make_busy();
	for (int i = 0; i < 100000; i++) {
		bench_pass(b, 20000);
		feed(HOG);
		if (bench_given(b, 0) == 0)
			give(0, FULL);
		turn();
		if (behind() > most)
			most = behind();
	}
	bytes[0] = b->guest[0].ldp->count.tx_bytes;
	bytes[1] = b->guest[HOG].ldp->count.tx_bytes;
	all = bytes[0] + bytes[1];
	may = RATE / 8 * 2;
	ok(bytes[0] * 1000 <= all * 501, "who wakes for each frame has no more than its share: %u",
	   (unsigned)(bytes[0] * 1000 / all));
	ok(all <= may + (uint64_t)b->dp->tx.pace.burst_bytes + 3 * FULL,
	   "all together send no more than the link carries: %llu of %llu", (unsigned long long)all,
	   (unsigned long long)may);
	ok(most <= FULL + FULL / 4, "the link is behind by %lld bytes at most", (long long)most);
	bench_free(b);
}

/* As long as it is not ahead, and not only when it wakes. The most frames in a turn. */
static unsigned go_first(bool low_latency)
{
	struct ldp_conf conf = bench_ldp_conf(0);
	unsigned most = 0;

	begin();
	conf.tx.low_latency = low_latency;
	bench_configure(b, 0, &conf);
	feed(HOG);
	for (int i = 0; i < 1000; i++)
		give(0, SMALL);
	turn();
	for (int i = 0; i < 60; i++) {
		unsigned n;

		bench_pass(b, pace_when_ns(&b->dp->tx.pace) - b->dp->now_ns);
		n = turn();
		if (i >= 20 && n > most)
			most = n;
	}
	bench_free(b);
	return most;
}

static void test_low_latency(void)
{
	is_int(go_first(false), 1, "a guest that has frames all the time waits for the link");
	ok(go_first(true) > 1, "one of low latency does not");
}

static void test_group(void)
{
	struct group_conf conf = {.tx = {.weight = 256}, .rx = {.weight = 256}};

	begin();
	bench_group(b, 1, true, &conf);
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct ldp_conf member = bench_ldp_conf(slot);

		member.group = 1;
		bench_configure(b, slot, &member);
	}
	make_busy();
	give(0, SMALL);
	is_int(turn(), 1, "a member of a group that wakes does not wait for the link");
	bench_free(b);
}

static void test_receive(void)
{
	begin();
	for (int i = 0; i < 30; i++)
		come(HOG, FULL);
	bench_receive(b);
	ok(pace_wait(&b->dp->rx.pace), "the link into the guests is busy");
	come(0, SMALL);
	bench_receive(b);
	is_int(b->guest[0].ldp->count.rx_frames, 1,
	       "what comes for an idle guest is delivered while the link is busy");
	come(1, FULL);
	bench_receive(b);
	is_int(b->guest[1].ldp->count.rx_frames, 0, "but not a full frame");
	come(HOG, FULL);
	bench_receive(b);
	ok(bench_take_frames(b, HOG) < 31, "what comes for a busy one waits");
	bench_free(b);
}

/*
 * What a guest that wakes waits for the link beside one that holds it, at worst, in bytes of the
 * link's time. sip: the other one sends a frame whenever it has none, as a guest that sleeps
 * between.
 */
static int64_t wait_beside(bool low_latency, bool sip)
{
	struct ldp_conf conf = bench_ldp_conf(HOG);
	int64_t most = 0;

	begin();
	conf.tx.low_latency = low_latency;
	bench_configure(b, HOG, &conf);
	for (int i = 0; i < 3000; i++) {
		uint64_t sent = b->guest[0].ldp->count.tx_frames, woke;
		int64_t debt = 0;

		for (int k = 0; k < 20 + i % 17; k++) {
			bench_pass(b, 20000 + 7 * (i % 100));
			for (int j = 0; sip && j < 30 && bench_given(b, HOG) == 0; j++) {
				give(HOG, FULL);
				turn();
			}
			if (!sip)
				feed(HOG);
			turn();
		}
		give(0, SMALL);
		woke = b->dp->now_ns;
		for (int k = 0; b->guest[0].ldp->count.tx_frames == sent && k < 1000; k++) {
			debt = behind();
			turn();
			if (b->guest[0].ldp->count.tx_frames == sent)
				bench_pass(b, 2000);
		}
		if (debt < 0)
			debt = 0;
		debt += (int64_t)((b->dp->now_ns - woke) * (RATE / 8) / 1000000000u);
		if (i > 100 && debt > most)
			most = debt;
	}
	bench_free(b);
	return most;
}

static void test_wait_beside(void)
{
	int64_t plain = wait_beside(false, false), low = wait_beside(true, false),
		sip = wait_beside(false, true);

	ok(plain <= FULL + FULL / 4, "who wakes waits for one frame beside a hog: %lld bytes",
	   (long long)plain);
	ok(low <= FULL + FULL / 4, "and beside one of low latency: %lld bytes", (long long)low);
	ok(sip <= FULL + FULL / 4, "and beside one that wakes for each frame: %lld bytes",
	   (long long)sip);
}

int main(void)
{
	test_first();
	test_ahead();
	test_many();
	test_long();
	test_cheat();
	test_low_latency();
	test_group();
	test_receive();
	test_wait_beside();
	return done_testing();
}
