/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LDPs should have had, window by window, beside what they had. The loop never runs. */
#include "backend/datapath/promise.h"

#include "backend/datapath/epoch.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_room.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define MBIT   1000000ull
#define LDPS   4u
#define WINDOW (100 * NS_PER_MS)
#define FULL   1250000.0 /* bytes: a window of 100 Mbit/s */

static struct bench *b;
static struct mk m;
static const struct virtio_net_hdr_v1 plain;

static void set(uint32_t slot, uint32_t weight, uint64_t min_bps, uint64_t max_bps)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	conf.tx = (struct sched_rule){.weight = weight, .min_bps = min_bps, .max_bps = max_bps};
	conf.rx = conf.tx;
	bench_configure(b, slot, &conf);
}

static void begin(uint64_t tx_bps, uint64_t rx_bps)
{
	struct link_conf link = {.tx_capacity_bps = tx_bps, .rx_capacity_bps = rx_bps};

	b = bench_new(LDPS);
	bench_link(b, &link);
}

static void give(uint32_t slot, const void *dst)
{
	mk_eth(&m, dst, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, 1500);
	bench_give(b, slot, &plain, m.b, m.len);
}

static void end_epoch(unsigned ms)
{
	if (ms % (BENCH_EPOCH_NS / NS_PER_MS) == 0)
		epoch_end(b->dp);
}

/* LDP i has frames for the uplink in the first ms[i] of each window. From one ms until another. */
static void transmit_part(const unsigned ms[LDPS], unsigned from, unsigned until)
{
	for (unsigned t = from; t < until; t++) {
		for (uint32_t slot = 0; slot < LDPS; slot++) {
			while (t % 100 < ms[slot] && bench_given(b, slot) < 40000)
				give(slot, MK_OTHER);
		}
		for (unsigned turns = 0; turns < 4; turns++) {
			bench_turn(b);
			bench_drain(b);
		}
		bench_pass(b, NS_PER_MS);
		end_epoch(t + 1);
		if (t % 100 == 99)
			promise_window(b->dp, WINDOW);
	}
}

static void transmit(const unsigned ms[LDPS], unsigned windows)
{
	transmit_part(ms, 0, windows * 100);
}

static const struct ldp_promise *tx(uint32_t slot)
{
	return &b->guest[slot].ldp->promise[LDP_TX];
}

static const struct ldp_promise *rx(uint32_t slot)
{
	return &b->guest[slot].ldp->promise[LDP_RX];
}

static uint32_t limit(uint32_t slot, enum ldp_dir dir)
{
	return b->guest[slot].ldp->limit[dir].by;
}

static void is_about(double is, double want, const char *name)
{
	ok(is > want * .98 - 3100 && is < want * 1.02 + 3100, "%s: %.0f, about %.0f", name, is,
	   want);
}

static void test_weights(void)
{
	static const unsigned all[LDPS] = {100, 100, 100, 0};

	begin(100 * MBIT, 0);
	set(1, 512, 0, 0);
	transmit(all, 2);
	is_about((double)tx(0)->entitled_bytes, 2 * FULL / 4, "a quarter is due to weight 1 of 4");
	is_about((double)tx(0)->had_bytes, 2 * FULL / 4, "the quarter was had");
	is_about((double)tx(1)->entitled_bytes, 2 * FULL / 2, "half is due to weight 2 of 4");
	is_about((double)tx(1)->had_bytes, 2 * FULL / 2, "the half was had");
	is_int(tx(1)->backlog_ns, 2 * WINDOW, "frames waited all the time");
	is_int(tx(3)->entitled_bytes, 0, "nothing is due to one that sends nothing");
	is_int(tx(3)->backlog_ns, 0, "no frame of one that sends nothing waits");
	is_int(tx(3)->sums.lent, tx(0)->sums.borrowed + tx(1)->sums.borrowed + tx(2)->sums.borrowed,
	       "what one lent the others borrowed");
	ok(tx(3)->sums.lent > FULL / 4, "one that sends nothing lends its share");
	bench_free(b);
}

static void test_limits(void)
{
	static const unsigned all[LDPS] = {100, 100, 100, 0};

	begin(100 * MBIT, 0);
	set(0, 256, 60 * MBIT, 0);
	set(1, 256, 0, 10 * MBIT);
	transmit(all, 2);
	is_about((double)tx(0)->entitled_bytes, 2 * FULL * .6, "a minimum is due");
	is_about((double)tx(0)->had_bytes, 2 * FULL * .6, "the minimum was had");
	is_about((double)tx(1)->entitled_bytes, 2 * FULL * .1, "no more than a maximum is due");
	is_about((double)tx(2)->entitled_bytes, 2 * FULL * .3, "the rest is due to the third");
	is_about((double)tx(2)->had_bytes, 2 * FULL * .3, "the third had the rest");
	is_int(limit(0, LDP_TX), RECORD_LIMIT_MIN, "who has its minimum is limited by that");
	is_int(limit(1, LDP_TX), RECORD_LIMIT_MAX, "who has its maximum is limited by that");
	is_int(limit(2, LDP_TX), RECORD_LIMIT_SHARE,
	       "who has its part by weight is limited by that");
	bench_free(b);
}

/* One of them pauses, so the others have more: neither more nor less is due to them. */
/* 10 bit/s, as who forgets the unit sets: less than a byte in a window. */
static void test_tiny_maximum(void)
{
	static const unsigned all[LDPS] = {100, 0, 0, 0};

	begin(100 * MBIT, 0);
	set(0, 256, 0, 10);
	transmit(all, 5);
	ok(tx(0)->entitled_bytes < 5 * FRAME_WIRE_FULL,
	   "a maximum below a byte in a window is due, not the link");
	is_int(limit(0, LDP_TX), RECORD_LIMIT_MAX,
	       "who has a maximum below a byte in a window is limited by that");
	bench_free(b);
}

static void test_pauses(void)
{
	static const unsigned some[LDPS] = {100, 100, 10, 0};
	double due;

	begin(100 * MBIT, 0);
	transmit(some, 4);
	due = (double)tx(0)->entitled_bytes;
	is_int(tx(2)->entitled_bytes, 0, "nothing counts as due while an LDP is mostly idle");
	ok(tx(2)->backlog_ns > 0 && tx(2)->backlog_ns < 2 * WINDOW, "its waits are counted");
	is_about((double)tx(0)->had_bytes, due, "what is due follows what one that pauses had");
	ok(due > FULL * 4 / 3, "what one that pauses leaves is due to the others");
	bench_free(b);
}

static void set_in_group(uint32_t slot, uint64_t min_bps)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	conf.group = 7;
	conf.tx.min_bps = min_bps;
	bench_configure(b, slot, &conf);
}

static void test_groups(void)
{
	static const unsigned all[LDPS] = {100, 100, 100, 0};
	struct group_conf group = {.tx = {.weight = 256}, .rx = {.weight = 256}};

	begin(100 * MBIT, 0);
	bench_group(b, 7, true, &group);
	for (uint32_t slot = 0; slot < 2; slot++)
		set_in_group(slot, 0);
	transmit(all, 2);
	is_about((double)tx(0)->entitled_bytes, 2 * FULL / 4, "half of the group's is due to each");
	is_about((double)tx(2)->entitled_bytes, 2 * FULL / 2,
		 "as much as to the group is due to one outside");
	is_about((double)tx(0)->had_bytes, 2 * FULL / 4, "half of the group's was had");
	set_in_group(0, 60 * MBIT);
	transmit(all, 2);
	is_about((double)(tx(2)->entitled_bytes), 2 * FULL / 2 + 2 * FULL * 4 / 10,
		 "a member's minimum counts beside who is outside of its group");
	set_in_group(0, 0);
	group.tx.max_bps = 20 * MBIT;
	bench_group(b, 7, true, &group);
	transmit(all, 2);
	is_int(limit(0, LDP_TX), RECORD_LIMIT_GROUP,
	       "who has its group's maximum is limited by that");
	bench_free(b);
}

/* What goes to other guests takes from the maximum. */
static void test_local(void)
{
	static const unsigned both[LDPS] = {100, 0, 0, 0};

	begin(100 * MBIT, 0);
	set(0, 256, 0, 20 * MBIT);
	for (unsigned t = 0; t < 10; t++)
		give(0, bench_mac(1));
	transmit(both, 1);
	is_about((double)tx(0)->entitled_bytes, FULL / 5 - 15380,
		 "what went to other guests takes from what is due below a maximum");
	set(0, 256, 0, 0);
	transmit(both, 2);
	is_int(limit(0, LDP_TX), RECORD_LIMIT_LINK, "who has all of the link is limited by that");
	bench_free(b);
}

static void come(uint32_t slot, unsigned frames)
{
	mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x88b5);
	mk_payload(&m, 1500);
	for (unsigned i = 0; i < frames; i++)
		bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
}

/* For one window; who does not take lets its ring fill up. */
static void receive(unsigned takers)
{
	for (unsigned t = 0; t < 100; t++) {
		come(0, 9);
		come(1, 9);
		for (uint32_t slot = 0; slot < takers; slot++)
			bench_take_frames(b, slot);
		bench_pass(b, NS_PER_MS);
		end_epoch(t + 1);
	}
	promise_window(b->dp, WINDOW);
}

static void test_receive(void)
{
	uint64_t had, due;

	begin(0, 100 * MBIT);
	receive(2);
	is_about((double)rx(0)->entitled_bytes, FULL / 2, "half is due to one of two that receive");
	is_about((double)rx(0)->had_bytes, FULL / 2, "the half was received");
	receive(1);
	had = rx(1)->had_bytes;
	due = rx(1)->entitled_bytes;
	receive(1);
	is_int(rx(1)->had_bytes, had, "one that takes nothing has nothing");
	is_about((double)(rx(1)->entitled_bytes - due), FULL / 2,
		 "its share is due to it all the same");
	is_about((double)rx(1)->backlog_ns, 3.0 * WINDOW, "its frames wait");
	is_int(limit(1, LDP_RX), RECORD_LIMIT_GUEST, "who takes nothing is limited by itself");
	bench_free(b);
}

/* The uplink takes two frames each ms, and says so. */
static void transmit_unpaced(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	for (unsigned t = 0; t < 100; t++) {
		for (uint32_t slot = 0; slot < 2; slot++) {
			while (bench_given(b, slot) < 40000)
				give(slot, MK_OTHER);
		}
		while (bench_turn(b))
			;
		bench_left(b, &vnet, frame);
		bench_left(b, &vnet, frame);
		tx_unblock(b->dp);
		bench_pass(b, NS_PER_MS);
		end_epoch(t + 1);
	}
}

static void test_measured(void)
{
	begin(0, 0);
	ok(!promise_window(b->dp, WINDOW),
	   "a window in which nothing happened is told from others");
	transmit_unpaced();
	ok(promise_window(b->dp, WINDOW), "a window in which frames passed is told from others");
	is_about((double)tx(0)->entitled_bytes,
		 (double)(tx(0)->sums.charged + tx(1)->sums.charged) / 2,
		 "without a capacity what passed is divided");
	ok(tx(0)->entitled_bytes > 0, "without a capacity something passed");
	is_int(promise_window(b->dp, 0), false, "a window without length is none");
	bench_free(b);
}

/* Until the middle of a window by some rules, then by others: neither is due from begin to end. */
static void test_changed(void)
{
	static const unsigned both[LDPS] = {100, 100, 0, 0};
	double due[2];

	begin(100 * MBIT, 0);
	transmit(both, 2);
	due[0] = (double)tx(0)->entitled_bytes;
	due[1] = (double)tx(1)->entitled_bytes;
	transmit_part(both, 0, 50);
	set(0, 256, 80 * MBIT, 0);
	transmit_part(both, 50, 100);
	is_about((double)tx(0)->entitled_bytes - due[0], FULL / 2,
		 "whose minimum is raised in a window has a claim to what was due before");
	is_about((double)tx(1)->entitled_bytes - due[1], FULL / 5,
		 "whose part shrinks in a window has a claim to what is due then");
	due[0] = (double)tx(0)->entitled_bytes;
	transmit(both, 1);
	is_about((double)tx(0)->entitled_bytes - due[0], FULL * .8,
		 "in the next window the new rules count");
	bench_free(b);
}

/* By the rules of before, nothing is known of one that did not want all then. */
static void test_changed_idle(void)
{
	static const unsigned one[LDPS] = {100, 0, 0, 0}, both[LDPS] = {100, 100, 0, 0};

	begin(100 * MBIT, 0);
	transmit(one, 1);
	transmit_part(both, 0, 50);
	set(1, 256, 80 * MBIT, 0);
	transmit_part(both, 50, 100);
	is_int(tx(1)->entitled_bytes, 0,
	       "who begins in a window in which rules change is not judged");
	transmit(both, 1);
	is_about((double)tx(1)->entitled_bytes, FULL * .8, "it is judged in the next one");
	bench_free(b);
}

static void test_burst(void)
{
	static const unsigned none[LDPS] = {0, 0, 0, 0}, all[LDPS] = {100, 100, 100, 0};
	struct ldp_conf conf = bench_ldp_conf(0);

	begin(100 * MBIT, 0);
	conf.tx = (struct sched_rule){.weight = 256, .max_bps = 20 * MBIT, .burst_bytes = 200000};
	bench_configure(b, 0, &conf);
	transmit(none, 2);
	transmit(all, 1);
	ok(tx(0)->had_bytes > FULL / 5 + 100000, "it had a burst beyond its maximum");
	is_about((double)tx(1)->entitled_bytes, (double)tx(1)->had_bytes,
		 "what others had not because of a burst was not due to them");
	bench_free(b);
}

/* Frames lie in its ring and in the queue, and it never takes one. */
static void test_paused(void)
{
	bool goes_on = true;

	begin(0, 100 * MBIT);
	receive(0);
	for (unsigned t = 0; t < 10; t++) {
		bench_pass(b, WINDOW);
		goes_on &= promise_window(b->dp, WINDOW);
	}
	ok(goes_on, "frames for a guest that stands still are watched");
	for (unsigned t = 0; t < 700; t++) {
		bench_pass(b, WINDOW);
		goes_on &= promise_window(b->dp, WINDOW);
	}
	ok(goes_on, "an agent that takes nothing is watched as long as that lasts");
	ok(!rx(0)->window.hungry, "a guest that stands still for long is not judged");
	receive(2);
	receive(2);
	ok(rx(0)->window.hungry, "when it goes on it is watched again");
	bench_free(b);
}

int main(void)
{
	test_weights();
	test_limits();
	test_tiny_maximum();
	test_pauses();
	test_groups();
	test_local();
	test_receive();
	test_measured();
	test_changed();
	test_changed_idle();
	test_burst();
	test_paused();
	return done_testing();
}
