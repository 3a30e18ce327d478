/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of LDPs in the frame loop: shares, ceilings over all members, and rates in force. */
#include "backend/datapath/tenants.h"

#include "backend/credit/ledger_group.h"
#include "backend/datapath/credit.h"
#include "backend/datapath/epoch.h"
#include "backend/datapath/rx.h"
#include "backend/sched/draw_priv.h"
#include "backend/sched/sched_priv.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define MBIT  1000000ull
#define TEN   10u /* members of group 1; the slot behind them is in none */
#define ALONE TEN

static struct bench *b;
static struct mk m;
static const struct virtio_net_hdr_v1 plain;
static uint64_t got[TEN + 2]; /* frames, by slot */

static struct group_conf weight(uint32_t w)
{
	return (struct group_conf){.tx = {.weight = w}, .rx = {.weight = w}};
}

static void join(uint32_t slot, uint32_t group, uint32_t w)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	conf.group = group;
	conf.tx.weight = conf.rx.weight = w;
	bench_configure(b, slot, &conf);
}

/* Group 1 has LDPs 0..9, LDP 10 is in no group. */
static void begin(uint64_t tx_bps, uint64_t rx_bps)
{
	struct link_conf link = {.tx_capacity_bps = tx_bps, .rx_capacity_bps = rx_bps};
	struct group_conf conf = weight(256);

	b = bench_new(TEN + 2);
	bench_link(b, &link);
	bench_group(b, 1, true, &conf);
	for (uint32_t slot = 0; slot < TEN; slot++)
		join(slot, 1, 256);
}

static void give(uint32_t slot, const void *dst)
{
	mk_eth(&m, dst, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, 1500);
	bench_give(b, slot, &plain, m.b, m.len);
}

static void take(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	while (bench_left(b, &vnet, frame) > 0)
		got[frame[11] - bench_mac(0)[5]]++;
}

/* Each of the first n LDPs always has frames for the uplink. */
static void send_for(unsigned n, unsigned ms)
{
	memset(got, 0, sizeof(got));
	while (ms-- > 0) {
		for (uint32_t slot = 0; slot < n; slot++) {
			while (bench_given(b, slot) < 40000)
				give(slot, MK_OTHER);
		}
		for (unsigned turns = 0; turns < 4; turns++) {
			bench_turn(b);
			take();
		}
		bench_pass(b, NS_PER_MS);
	}
}

static void send_one(uint32_t slot, unsigned ms)
{
	while (ms-- > 0) {
		while (bench_given(b, slot) < 40000)
			give(slot, MK_OTHER);
		bench_turn(b);
		take();
		bench_pass(b, NS_PER_MS);
	}
}

/* As much as ten times the receive capacity comes for each. */
static void receive_for(unsigned n, unsigned ms)
{
	memset(got, 0, sizeof(got));
	while (ms-- > 0) {
		for (uint32_t slot = 0; slot < n; slot++) {
			mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x88b5);
			mk_payload(&m, 1500);
			for (unsigned i = 0; i < 9; i++)
				bench_come(b, &plain, m.b, m.len);
			bench_receive(b);
		}
		for (uint32_t slot = 0; slot < n; slot++)
			got[slot] += bench_take_frames(b, slot);
		bench_pass(b, NS_PER_MS);
	}
}

static double share(uint32_t first, uint32_t end)
{
	uint64_t part = 0, all = 0;

	for (uint32_t slot = 0; slot < TEN + 2; slot++) {
		all += got[slot];
		part += slot >= first && slot < end ? got[slot] : 0;
	}
	return all ? (double)part / (double)all : 0;
}

static void is_share(uint32_t first, uint32_t end, double want, double off, const char *what)
{
	double is = share(first, end);

	ok(is > want - off && is < want + off, "%s: %.4f, not far from %.4f", what, is, want);
}

/* --- shares ------------------------------------------------------------------------------------
 */

static void test_transmit(void)
{
	struct group_conf conf = weight(512);

	begin(100 * MBIT, 0);
	send_for(TEN + 1, 2000);
	is_share(ALONE, ALONE + 1, .5, .0025, "one LDP beside a group of ten has half");
	is_share(0, 1, .05, .0025, "a member of ten has a tenth of the group's half");
	bench_group(b, 1, true, &conf);
	send_for(TEN + 1, 2000);
	is_share(ALONE, ALONE + 1, 1. / 3, .0025, "a group's weight changes live");
	join(0, 1, 256 * 9);
	send_for(TEN + 1, 2000);
	is_share(0, 1, 1. / 3, .0025, "a member's weight changes live, inside the group");
	join(0, LDP_GROUP_NONE, 256);
	send_for(TEN + 1, 2000);
	is_share(0, 1, .25, .0025, "a member that leaves the group has its own weight");
	bench_free(b);
}

static void test_receive(void)
{
	begin(0, 100 * MBIT);
	receive_for(TEN + 1, 2000);
	is_share(ALONE, ALONE + 1, .5, .005, "one LDP beside a group of ten receives half");
	is_share(3, 4, .05, .005, "a member of ten receives a tenth of the group's half");
	bench_free(b);
}

static void test_two_groups(void)
{
	struct group_conf conf = weight(768);

	begin(100 * MBIT, 0);
	bench_group(b, 2, true, &conf);
	join(ALONE, 2, 1);
	send_for(TEN + 1, 1000);
	is_share(ALONE, ALONE + 1, .75, .004, "a group of one has the group's weight, not its own");
	join(ALONE, LDP_GROUP_NONE, 256);
	bench_group(b, 2, false, &conf);
	send_for(TEN + 1, 1000);
	is_share(ALONE, ALONE + 1, .5, .004, "a group that ended has no share");
	bench_free(b);
}

/* --- limits ------------------------------------------------------------------------------------
 */

#define FRAMES(bps, ms) ((double)(bps) * (ms) / 8000 / FRAME_WIRE_FULL)

static unsigned sum(uint32_t end)
{
	uint64_t n = 0;

	for (uint32_t slot = 0; slot < end; slot++)
		n += got[slot];
	return (unsigned)n;
}

static void is_near(unsigned is, double want, const char *what)
{
	ok(is > want * .95 && is < want * 1.1, "%s: %u frames, not far from %.0f", what, is, want);
}

static void test_maximum(void)
{
	struct group_conf conf = weight(256);

	begin(100 * MBIT, 100 * MBIT);
	conf.tx.max_bps = 20 * MBIT;
	conf.rx.max_bps = 10 * MBIT;
	bench_group(b, 1, true, &conf);
	send_for(TEN + 1, 1000);
	is_near(sum(TEN), FRAMES(20 * MBIT, 1000),
		"a group's tx-max is of all its members together");
	is_near((unsigned)got[ALONE], FRAMES(80 * MBIT, 1000),
		"what a group may not have goes to others");
	receive_for(TEN + 1, 1000);
	is_near(sum(TEN), FRAMES(10 * MBIT, 1000),
		"a group's rx-max is of all its members together");
	conf.tx.max_bps = 0;
	bench_group(b, 1, true, &conf);
	send_for(TEN + 1, 200); /* the uplink makes up for the time when nothing was sent */
	send_for(TEN + 1, 1000);
	is_share(ALONE, ALONE + 1, .5, .01, "a maximum that is taken away limits no more");
	bench_free(b);
}

/* Members 0..4 send to the guest in no group, with three times the weight of the others. */
static void test_maximum_is_one(void)
{
	struct group_conf conf = weight(256);
	unsigned across = 0;

	begin(100 * MBIT, 0);
	conf.tx.max_bps = 20 * MBIT;
	bench_group(b, 1, true, &conf);
	for (uint32_t slot = 0; slot < 5; slot++)
		join(slot, 1, 768);
	memset(got, 0, sizeof(got));
	for (unsigned ms = 0; ms < 1000; ms++) {
		for (uint32_t slot = 0; slot < TEN; slot++) {
			while (bench_given(b, slot) < 40000)
				give(slot, slot < 5 ? (const void *)bench_mac(ALONE) : MK_OTHER);
		}
		for (unsigned turns = 0; turns < 8; turns++)
			bench_turn(b);
		take();
		across += bench_take_frames(b, ALONE);
		bench_pass(b, NS_PER_MS);
	}
	ok(across > .74 * (across + sum(TEN)) && across < .76 * (across + sum(TEN)),
	   "at a group's tx-max members have their weights both ways: %u to a guest, %u out",
	   across, sum(TEN));
	is_near(across + sum(TEN), FRAMES(20 * MBIT, 1000),
		"a group's tx-max is of frames to guests and to the uplink together");
	bench_free(b);
}

/* Members 0..4 receive from the uplink, the others from the guest in no group. */
static void test_receive_both(void)
{
	struct group_conf conf = weight(256);

	begin(0, 100 * MBIT);
	conf.rx.max_bps = 20 * MBIT;
	bench_group(b, 1, true, &conf);
	memset(got, 0, sizeof(got));
	for (unsigned ms = 0; ms < 1000; ms++) {
		for (uint32_t slot = 5; slot < TEN; slot++) {
			while (bench_given(b, ALONE) < 8000 * (slot - 4))
				give(ALONE, bench_mac(slot));
		}
		for (uint32_t slot = 0; slot < 5; slot++) {
			mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x88b5);
			mk_payload(&m, 1500);
			for (unsigned i = 0; i < 4; i++)
				bench_come(b, &plain, m.b, m.len);
			bench_receive(b);
		}
		bench_turn(b);
		for (uint32_t slot = 0; slot < TEN; slot++)
			got[slot] += bench_take_frames(b, slot);
		bench_pass(b, NS_PER_MS);
	}
	is_near(sum(TEN), FRAMES(20 * MBIT, 1000),
		"a group's rx-max is of frames from guests and from the uplink together");
	ok(sum(5) > .48 * sum(TEN) && sum(5) < .52 * sum(TEN),
	   "at a group's rx-max members receive both ways by their weights: %u and %u", sum(5),
	   sum(TEN) - sum(5));
	bench_free(b);
}

/* The host receives too: the LDPs have 60 of 100 Mbit/s. */
static void test_minimum_shrinks(void)
{
	struct group_conf conf = weight(1);

	begin(0, 100 * MBIT);
	rx_set_rate(b->dp, 60 * MBIT);
	conf.rx.min_bps = 70 * MBIT;
	bench_group(b, 1, true, &conf);
	receive_for(TEN + 1, 1000);
	ok(sum(TEN) > FRAMES(57 * MBIT, 1000) * .97,
	   "a minimum that the capacity has room for shrinks to what there is: %u frames",
	   sum(TEN));
	bench_free(b);
}

static void test_minimum(void)
{
	struct group_conf conf = weight(1);
	struct ldp_conf member;

	begin(100 * MBIT, 0);
	conf.tx.min_bps = 60 * MBIT;
	bench_group(b, 1, true, &conf);
	send_for(TEN + 1, 1000);
	ok(sum(TEN) >= FRAMES(60 * MBIT, 1000) * .98, "a group has its minimum: %u frames",
	   sum(TEN));
	member = bench_ldp_conf(3);
	member.group = 1;
	member.tx.min_bps = 30 * MBIT;
	bench_configure(b, 3, &member);
	send_for(TEN + 1, 1000);
	ok(got[3] >= FRAMES(30 * MBIT, 1000) * .98,
	   "a member has its minimum in a group: %u frames", (unsigned)got[3]);
	ok(sum(TEN) >= FRAMES(60 * MBIT, 1000) * .98, "and the group has its own");
	bench_free(b);
}

/* 95 Mbit/s are promised: 35 to LDP 10, 60 to the group, and 50 of these to a member. */
static void test_minimum_moves(void)
{
	struct group_conf conf = weight(1);
	struct ldp_conf other = bench_ldp_conf(ALONE), member = bench_ldp_conf(3);

	begin(100 * MBIT, 0);
	conf.tx.min_bps = 60 * MBIT;
	bench_group(b, 1, true, &conf);
	other.tx.min_bps = 35 * MBIT;
	bench_configure(b, ALONE, &other);
	bench_delete(b, 3);
	member.group = 1;
	member.tx.min_bps = 50 * MBIT;
	ok(bench_add(b, 3, &member, BENCH_RING_ORDER), "an LDP with a minimum is added to a group");
	send_for(TEN + 1, 1000);
	ok(got[3] >= FRAMES(50 * MBIT, 1000) * .98, "it has its minimum: %u frames",
	   (unsigned)got[3]);
	member.group = LDP_GROUP_NONE;
	member.tx.min_bps = 0;
	bench_configure(b, 3, &member);
	member.group = 1;
	member.tx.min_bps = 50 * MBIT;
	bench_configure(b, 3, &member);
	send_for(TEN + 1, 1000);
	ok(got[3] >= FRAMES(50 * MBIT, 1000) * .98,
	   "an LDP that comes into a group with a minimum has it: %u frames", (unsigned)got[3]);
	other.tx.min_bps = 0;
	bench_configure(b, ALONE, &other);
	conf.tx.min_bps = 30 * MBIT;
	bench_group(b, 2, true, &conf);
	member.group = 2;
	member.tx.min_bps = 20 * MBIT;
	bench_configure(b, 3, &member);
	member.tx.weight = 1;
	bench_configure(b, 3, &member);
	send_for(TEN + 1, 1000);
	is_near((unsigned)got[3], FRAMES(30 * MBIT, 1000),
		"an LDP moves into another group with a new minimum");
	bench_free(b);
}

/* LDP 10 sends alone for a while, so it borrows what the group has. */
static void test_repayment(void)
{
	const struct dpath_conf conf = {.epoch_ns = BENCH_EPOCH_NS,
					.name = "bench",
					.repayment_ppm = 250000};
	struct link_conf link = {.tx_capacity_bps = 100 * MBIT};
	struct group_conf group = weight(256);
	struct ldp_conf member;
	uint32_t factor;

	b = bench_new_with(TEN + 2, &conf, NULL);
	bench_link(b, &link);
	bench_group(b, 1, true, &group);
	for (uint32_t slot = 0; slot <= ALONE; slot++) {
		member = bench_ldp_conf(slot);
		member.group = slot < TEN ? 1 : LDP_GROUP_NONE;
		bench_add(b, slot, &member, BENCH_RING_ORDER);
	}
	for (unsigned i = 0; i < 20; i++) {
		send_one(ALONE, 10);
		epoch_end(b->dp);
	}
	factor = ledger_group_factor(b->dp->epoch.ledger[LDP_TX], 1);
	ok(factor > LEDGER_FACTOR_ONE, "a group that lent has a factor: %u", factor);
	is_int(b->dp->tx_sched->top.draw->ldp[sched_group_id(b->dp->tx_sched, 1)].factor_q16,
	       (int)factor, "a group's factor is that of its lottery");
	bench_free(b);
}

/* --- rates in force ----------------------------------------------------------------------------
 */

static uint64_t rate(uint32_t slot, enum ldp_dir dir)
{
	return credit_rate(b->dp, core_ldp(b->dp, slot), dir);
}

static void test_rates(void)
{
	struct group_conf conf = weight(256);

	begin(120 * MBIT, 0); /* shared by the group and two LDPs */
	is_int(rate(ALONE, LDP_TX), 40 * MBIT, "a group counts as one for the rate of another LDP");
	is_int(rate(0, LDP_TX), 4 * MBIT, "a member's rate is its part of its group's");
	is_int(rate(0, LDP_RX), 0, "without a capacity a member's rate is not known");
	conf.tx.max_bps = 10 * MBIT;
	conf.rx.max_bps = 20 * MBIT;
	bench_group(b, 1, true, &conf);
	is_int(rate(0, LDP_TX), 1 * MBIT, "a group's maximum bounds its members' rates");
	is_int(rate(0, LDP_RX), 2 * MBIT,
	       "without a capacity a group's maximum is what they share");
	bench_delete(b, 9);
	bench_delete(b, 8);
	is_int(rate(0, LDP_TX), 10 * MBIT / 8, "a member that goes leaves its part to the others");
	for (uint32_t slot = 0; slot < 8; slot++)
		join(slot, LDP_GROUP_NONE, 256);
	is_int(rate(ALONE, LDP_TX), 12 * MBIT, "a group without members has no part");
	join(0, 77, 256);
	is_int(rate(0, LDP_TX), 12 * MBIT, "a group that is not known is none");
	bench_free(b);
}

/* Minima were admitted, and then the link became slower: they are scaled, and stay. */
static void test_slower_link(void)
{
	struct link_conf slow = {.tx_capacity_bps = 50 * MBIT};
	struct ldp_conf conf = bench_ldp_conf(0);
	const struct sched_rule *rule;

	begin(100 * MBIT, 0);
	conf.group = 1;
	conf.tx.min_bps = 80 * MBIT;
	bench_configure(b, 0, &conf);
	bench_link(b, &slow);
	conf.group = LDP_GROUP_NONE;
	bench_configure(b, 0, &conf);
	rule = &b->dp->tx_sched->ldp[b->guest[0].ldp->slot].rule;
	is_int(rule->min_bps, 80 * MBIT, "a member that leaves its group keeps its minimum");
	conf.tx.weight = 7;
	bench_configure(b, 0, &conf);
	is_int(rule->weight, 7, "its weight can be changed on the slower link");
	bench_free(b);
}

int main(void)
{
	test_transmit();
	test_receive();
	test_two_groups();
	test_maximum();
	test_maximum_is_one();
	test_receive_both();
	test_minimum_shrinks();
	test_minimum();
	test_minimum_moves();
	test_repayment();
	test_rates();
	test_slower_link();
	return done_testing();
}
