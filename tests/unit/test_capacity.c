/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The estimate of a link's capacity, against a link that is simulated: a queue that drains at a
 * rate, in lumps or not, a send buffer that is charged as the kernel does, and a sender that may
 * come late. The clock is virtual.
 */
#include "backend/uplink/capacity.h"

#include <stdlib.h>

#include "backend/sched/rng.h"
#include "tests/unit/tap.h"

#define US   1000ull
#define MS   1000000ull
#define SEC  1000000000ull
#define FULL 1518u

struct link {
	uint64_t rate_bps;
	uint64_t lump_ns;      /* it drains once in this time */
	uint64_t late_ns;      /* the sender is late by less than this */
	uint64_t offered_bps;  /* 0: always more than the link carries */
	uint64_t window_bytes; /* the senders have no more in flight; 0: no limit */
	uint32_t frame;
	uint32_t paced_bytes; /* the buffer that the pace gives; 0: not paced */

	uint64_t now_ns, drained_ns, queue_bytes, offer;
	uint64_t carry; /* bits * ns that are not a byte yet */
	uint64_t carried_bytes, idle_ns;
	struct rng rng;
	struct capacity c;
};

/* What the kernel charges: the frame's allocation, rounded up as its allocator does. */
static uint64_t truesize(const struct link *l, uint64_t bytes)
{
	return bytes / l->frame * (l->frame + (l->frame > 1000 ? 786 : 650));
}

static void start(struct link *l, uint64_t rate_bps)
{
	*l = (struct link){.rate_bps = rate_bps, .late_ns = 30 * US, .frame = FULL, .now_ns = SEC};
	l->drained_ns = l->now_ns;
	rng_seed(&l->rng, 4711);
	capacity_init(&l->c, 0, l->now_ns);
	capacity_resized(&l->c, capacity_sndbuf(&l->c));
}

/* Whole frames leave, at the rate, every lump_ns. */
static void drain(struct link *l)
{
	uint64_t lump = l->lump_ns ? l->lump_ns : 1, until = l->now_ns / lump * lump, frames;
	unsigned __int128 bits;

	if (until <= l->drained_ns)
		return;
	bits = (unsigned __int128)l->rate_bps * (until - l->drained_ns) + l->carry;
	l->drained_ns = until;
	frames = (uint64_t)(bits / (8ull * SEC * l->frame));
	if (frames * l->frame >= l->queue_bytes) {
		frames = l->queue_bytes / l->frame;
		l->carry = 0; /* an idle link saves nothing up */
	} else {
		l->carry = (uint64_t)(bits - (unsigned __int128)frames * 8 * SEC * l->frame);
	}
	l->queue_bytes -= frames * l->frame;
	l->carried_bytes += frames * l->frame;
}

static void resize(struct link *l)
{
	uint32_t want;

	capacity_turn(&l->c, l->now_ns);
	want = l->paced_bytes ? capacity_paced_sndbuf(&l->c, l->paced_bytes)
			      : capacity_sndbuf(&l->c);
	if (want != l->c.sndbuf_bytes)
		capacity_resized(&l->c, want);
}

static void send_frame(struct link *l)
{
	l->queue_bytes += l->frame;
	if (l->offered_bps)
		l->offer -= l->frame;
	capacity_sent(&l->c, l->frame, true);
}

static bool has_frame(const struct link *l)
{
	return (!l->offered_bps || l->offer >= l->frame) &&
	       (!l->window_bytes || l->queue_bytes < l->window_bytes);
}

/* Writes until the buffer is full, or nothing is offered; then waits as a daemon would. */
static void turn(struct link *l)
{
	uint64_t step = 10 * US, before = l->now_ns;

	while (truesize(l, l->queue_bytes) < l->c.sndbuf_bytes && has_frame(l))
		send_frame(l);
	if (truesize(l, l->queue_bytes) >= l->c.sndbuf_bytes) {
		capacity_blocked(&l->c, l->now_ns);
		while (truesize(l, l->queue_bytes) >= l->c.sndbuf_bytes / 2) {
			l->now_ns += step;
			drain(l);
		}
		if (l->late_ns)
			l->now_ns += rng_next(&l->rng) % l->late_ns;
	} else {
		capacity_idle(&l->c);
		l->now_ns += step * 5;
	}
	drain(l);
	if (l->offered_bps)
		l->offer += l->offered_bps / 8 * (l->now_ns - before) / SEC;
	resize(l);
}

static void run(struct link *l, uint64_t ns)
{
	uint64_t end = l->now_ns + ns;

	while (l->now_ns < end)
		turn(l);
}

static double off(const struct link *l)
{
	return (double)l->c.estimate_bps / (double)l->rate_bps - 1;
}

#define near_rate(l, ...) \
	(ok(off(l) > -0.05 && off(l) < 0.05, __VA_ARGS__) || (diag("off by %.3f", off(l)), 0))

/* How long until the estimate is within 5 %. */
static uint64_t settle_ns(struct link *l)
{
	uint64_t begin = l->now_ns;

	while ((off(l) < -0.05 || off(l) > 0.05) && l->now_ns - begin < 10 * SEC)
		turn(l);
	return l->now_ns - begin;
}

static void test_rates(void)
{
	static const uint64_t rates[] = {1000000, 8000000, 100000000, 1000000000, 10000000000};
	struct link l;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		uint64_t before;

		start(&l, rates[i]);
		is_int(l.c.estimate_bps, 0,
		       "the estimate of a link of %llu Mbit/s is unknown at first",
		       (unsigned long long)rates[i] / 1000000);
		run(&l, 5 * SEC);
		near_rate(&l, "the estimate of a link of %llu Mbit/s is found",
			  (unsigned long long)rates[i] / 1000000);
		before = l.carried_bytes;
		run(&l, SEC);
		ok((double)(l.carried_bytes - before) * 8 > 0.97 * (double)rates[i],
		   "a link of %llu Mbit/s is kept busy", (unsigned long long)rates[i] / 1000000);
		ok(l.c.sndbuf_bytes <= rates[i] / 8000 * 16 || l.c.sndbuf_bytes < 10000,
		   "the buffer of a link of %llu Mbit/s is at most 16 ms: %u",
		   (unsigned long long)rates[i] / 1000000, l.c.sndbuf_bytes);
	}
}

static void test_lumps(void)
{
	struct link l;

	start(&l, 100000000);
	l.lump_ns = MS; /* as a shaper with a coarse timer */
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate is right for a link that takes lumps of a millisecond");

	start(&l, 100000000);
	l.frame = 65226 + 14;
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate is right for frames of 64 KiB");

	start(&l, 100000000);
	l.frame = 64;
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate is right for frames of 64 bytes");
}

/* The sender is up to 3 ms late: the buffer bridges that. */
static void test_late(void)
{
	uint64_t before;
	struct link l;

	start(&l, 1000000000);
	l.late_ns = 3 * MS;
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate is right for a sender that is late");
	before = l.carried_bytes;
	run(&l, SEC);
	ok((double)(l.carried_bytes - before) * 8 > 0.95 * 1e9,
	   "a link whose sender is late is kept busy");
	ok(l.c.slack > 0, "a sender that is late has a larger buffer");
	l.late_ns = 10 * US;
	run(&l, 60 * SEC);
	ok(l.c.slack <= 0, "a sender that is no longer late has a smaller buffer");
}

/* A paced link that is slower than its pace, and a sender too late for its buffer. */
static void test_paced(void)
{
	struct link l;

	start(&l, 800000);
	l.paced_bytes = 4 * 2304;
	l.late_ns = 90 * MS;
	run(&l, 30 * SEC);
	near_rate(&l, "the estimate is right for a link slower than its pace and a late sender");
	ok(l.c.sndbuf_bytes > l.paced_bytes,
	   "a paced sender that is late has a larger buffer than its pace's");
	l.late_ns = 10 * US;
	run(&l, 60 * SEC);
	is_int(l.c.sndbuf_bytes, l.paced_bytes,
	       "a paced sender that is no longer late has the buffer of its pace");
	l.c.slack = 2;
	capacity_set_max(&l.c, 3 * l.paced_bytes);
	is_int(capacity_paced_sndbuf(&l.c, l.paced_bytes), 3 * l.paced_bytes,
	       "the buffer of a paced sender stays within the limit");
	capacity_set_max(&l.c, l.paced_bytes / 2);
	is_int(capacity_paced_sndbuf(&l.c, l.paced_bytes), l.paced_bytes,
	       "the buffer of a paced sender is never below its pace's");
}

static void test_steps(void)
{
	struct link l;

	start(&l, 100000000);
	run(&l, 2 * SEC);
	l.rate_bps = 1000000000;
	ok(settle_ns(&l) < SEC,
	   "a link that becomes ten times as fast is followed within a second");
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate of a link that became ten times as fast stays");
	l.rate_bps = 100000000;
	ok(settle_ns(&l) < SEC, "a link that becomes a tenth as fast is followed within a second");
	run(&l, 2 * SEC);
	near_rate(&l, "the estimate of a link that became a tenth as fast stays");
	l.rate_bps = 10000000;
	ok(settle_ns(&l) < SEC,
	   "a link that becomes a tenth as fast again is followed within a second");
}

/* Senders that wait for answers never have enough in flight to fill a buffer of the faster link. */
static void test_window(void)
{
	struct link l;

	start(&l, 1000000000);
	run(&l, SEC);
	l.rate_bps = 100000000;
	l.window_bytes = 150000;
	ok(settle_ns(&l) < SEC,
	   "a link of a tenth with little in flight is followed within a second");
	run(&l, SEC);
	near_rate(&l, "the estimate of a link of a tenth with little in flight stays");
	ok(l.queue_bytes < 50000, "the queue behind a link with little in flight is short: %llu",
	   (unsigned long long)l.queue_bytes);
	l.rate_bps = 1000000000;
	ok(settle_ns(&l) < SEC,
	   "a link ten times as fast with little in flight is followed within a second");
}

static void test_not_full(void)
{
	uint64_t estimate;
	struct link l;

	start(&l, 100000000);
	l.offered_bps = 30000000;
	run(&l, 2 * SEC);
	is_int(l.c.estimate_bps, 0, "a link that was never full has no estimate");
	l.offered_bps = 0;
	run(&l, SEC);
	estimate = l.c.estimate_bps;
	l.offered_bps = 30000000;
	run(&l, 5 * SEC);
	is_int(l.c.estimate_bps, estimate,
	       "less traffic than the estimate leaves the estimate as it is");
	l.now_ns += 100 * SEC;
	drain(&l);
	run(&l, SEC);
	is_int(l.c.estimate_bps, estimate, "no traffic at all leaves the estimate as it is");

	l.rate_bps = 1000000000;
	l.offered_bps = 600000000;
	run(&l, SEC);
	ok(l.c.estimate_bps > 550000000,
	   "more traffic than the estimate, unblocked, raises it: %llu",
	   (unsigned long long)l.c.estimate_bps);
}

/* Traffic that comes in bursts fills the link for 20 ms in 100. */
static void test_bursts(void)
{
	struct link l;

	start(&l, 100000000);
	for (int i = 0; i < 50; i++) {
		l.offered_bps = 0;
		run(&l, 20 * MS);
		l.offered_bps = 1;
		l.offer = 0;
		run(&l, 80 * MS);
	}
	near_rate(&l, "the estimate is right for traffic in bursts");
}

static void test_limit(void)
{
	struct link l;

	start(&l, 1000000000);
	capacity_set_max(&l.c, 50000);
	capacity_resized(&l.c, capacity_sndbuf(&l.c));
	run(&l, SEC);
	ok(l.c.sndbuf_bytes <= 50000, "the buffer stays below the queue behind it");
	near_rate(&l, "the estimate is right with a buffer below the queue behind it");

	/* Flooded frames are not charged: they make no full span look empty. */
	start(&l, 100000000);
	run(&l, SEC);
	capacity_sent(&l.c, 1000000, false);
	is_int(l.c.span_charge < 1000000, true,
	       "frames that are not charged do not fill the buffer");
}

/* A changed buffer is full at another level: a span across the change says nothing. */
static void test_resized(void)
{
	struct capacity c;

	capacity_init(&c, 0, SEC);
	capacity_resized(&c, 100000);
	capacity_blocked(&c, SEC);
	capacity_sent(&c, FULL, true);
	capacity_blocked(&c, SEC + MS);
	is_int(c.busy_ns, MS, "a span with a full buffer at both ends is counted");
	capacity_resized(&c, 50000);
	capacity_sent(&c, FULL, true);
	capacity_blocked(&c, SEC + 2 * MS);
	is_int(c.busy_ns, MS, "a span across a change of the buffer is not counted");
	capacity_sent(&c, FULL, true);
	capacity_blocked(&c, SEC + 3 * MS);
	is_int(c.busy_ns, 2 * MS, "a span after a change of the buffer is counted");
}

static void test_in_force(void)
{
	is_int(capacity_in_force_bps(0, 0, true), 0,
	       "without a configured and a measured capacity none is in force");
	is_int(capacity_in_force_bps(100, 0, true), 100, "a configured capacity is in force");
	is_int(capacity_in_force_bps(0, 100, true), 100,
	       "a measured capacity is in force where none is configured");
	is_int(capacity_in_force_bps(100, 200, true), 100,
	       "the configured capacity is in force on a faster link");
	is_int(capacity_in_force_bps(100, 95, true), 100,
	       "the configured capacity is in force on a link a little slower");
	is_int(capacity_in_force_bps(100, 80, true), 80,
	       "the measured capacity is in force on a link clearly slower");
	is_int(capacity_in_force_bps(100, 80, false), 100,
	       "without back-pressure the estimate is stale");
	is_int(capacity_in_force_bps(0, 80, false), 80,
	       "a stale estimate counts where nothing is configured");
}

int main(void)
{
	test_rates();
	test_lumps();
	test_late();
	test_paced();
	test_steps();
	test_window();
	test_not_full();
	test_bursts();
	test_limit();
	test_resized();
	test_in_force();
	return done_testing();
}
