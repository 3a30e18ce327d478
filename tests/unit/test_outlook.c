/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each LDP would get, as the data path works it out from what is sent. */
#include "backend/datapath/outlook.h"

#include "tests/fake/bench.h"
#include "tests/unit/tap.h"

#define STEP_NS (50 * NS_PER_MS)
#define MBIT	1000000ull

static struct bench *b;

/* Of each guest in a step: bytes over the uplink and to others, and whether frames wait. */
static struct load {
	uint64_t link_bps, all_bps, rx_bps;
	bool waits;
} load[4];

static void begin(void)
{
	memset(load, 0, sizeof(load));
	b = bench_new(4);
	bench_link(b, &(struct link_conf){.tx_capacity_bps = 100 * MBIT,
					  .rx_capacity_bps = 50 * MBIT});
}

static uint64_t bytes_in(uint64_t bps)
{
	return bps / 8 * STEP_NS / NS_PER_SEC;
}

static void pass_load(struct ldp *l, const struct load *by)
{
	l->count.tx_uplink_bytes += bytes_in(by->link_bps);
	l->count.tx_bytes += bytes_in(by->all_bps > by->link_bps ? by->all_bps : by->link_bps);
	l->rx_delivered_bytes += bytes_in(by->rx_bps);
	l->count.rx_bytes += bytes_in(by->rx_bps);
	l->head = by->waits ? LDP_HEAD_UPLINK : LDP_HEAD_NONE;
	outlook_ask(l);
}

/* False: it wants no further step. */
static bool steps(unsigned n)
{
	bool more = true;

	for (unsigned i = 0; i < n; i++) {
		for (uint32_t slot = 0; slot < 4; slot++)
			pass_load(b->guest[slot].ldp, &load[slot]);
		bench_pass(b, STEP_NS);
		more = !outlook_step(b->dp);
	}
	return more;
}

static double tx(uint32_t slot)
{
	return (double)b->guest[slot].ldp->outlook[LDP_TX].prospect.bps / (double)MBIT;
}

static bool is_near(double a, double want)
{
	return a > want * .99 && a < want * 1.01;
}

static void test_demand(void)
{
	begin();
	ok(!outlook_is_known(b->dp, b->guest[0].ldp),
	   "before the first look the prospects of an LDP are not known");
	steps(40);
	ok(outlook_is_known(b->dp, b->guest[0].ldp),
	   "after the first look the prospects of an LDP are known");
	ok(is_near(tx(0), 100), "beside idle LDPs one would get the whole link: %f", tx(0));
	load[1].link_bps = 30 * MBIT;
	steps(40);
	ok(is_near(tx(0), 70), "beside a light LDP one would get the rest: %f", tx(0));
	load[1].all_bps = 500 * MBIT;
	steps(40);
	ok(is_near(tx(0), 70), "frames between guests take nothing of the link: %f", tx(0));
	load[1] = (struct load){.link_bps = 20 * MBIT, .waits = true};
	steps(40);
	ok(is_near(tx(0), 50),
	   "beside an LDP whose frames wait one would get half, however little that gets now: %f",
	   tx(0));
	ok(is_near(tx(1), 100), "an LDP whose frames wait would get what idle LDPs leave: %f",
	   tx(1));
	load[1] = (struct load){0};
	steps(5);
	ok(steps(40) == false, "after a rest no further look is wanted");
	ok(is_near(tx(0), 100), "after a rest one would get the whole link again: %f", tx(0));
	bench_free(b);
}

static void test_receive(void)
{
	begin();
	load[1].rx_bps = 10 * MBIT;
	steps(40);
	is_int(b->guest[0].ldp->outlook[LDP_RX].prospect.bps / 100000, 400,
	       "beside an LDP that receives one would be sent the rest");
	is_int(b->guest[0].ldp->outlook[LDP_RX].prospect.by, PROSPECT_LINK,
	       "a receive rate that others leave has that reason");
	bench_free(b);
}

static void test_gone(void)
{
	begin();
	load[1] = (struct load){.link_bps = 50 * MBIT, .waits = true};
	steps(40);
	ok(is_near(tx(0), 50), "beside one LDP whose frames wait another would get half: %f",
	   tx(0));
	bench_freeze(b, 1, true);
	steps(10);
	ok(is_near(tx(0), 100), "an LDP that is suspended takes nothing: %f", tx(0));
	ok(!outlook_is_known(b->dp, b->guest[1].ldp),
	   "the prospects of an LDP that is suspended are not known");
	memset(load, 0, sizeof(load));
	ok(!steps(100), "when all rests no look is wanted");
	bench_freeze(b, 1, false);
	ok(steps(1), "an LDP that goes on is looked at");
	bench_free(b);
}

/* A device of a group of which others wait. */
static void test_group(void)
{
	struct ldp_conf conf;
	struct group_conf group = {.tx = {.weight = 256, .max_bps = 40 * MBIT},
				   .rx = {.weight = 256}};

	begin();
	bench_group(b, 1, true, &group);
	for (uint32_t slot = 0; slot < 2; slot++) {
		conf = bench_ldp_conf(slot);
		conf.group = 1;
		bench_configure(b, slot, &conf);
	}
	load[1] = (struct load){.link_bps = 40 * MBIT, .waits = true};
	steps(40);
	ok(is_near(tx(0), 20), "two LDPs of a group would share its maximum: %f", tx(0));
	is_int(b->guest[0].ldp->outlook[LDP_TX].prospect.by, PROSPECT_GROUP_MAX,
	       "a rate that the group's maximum sets has that reason");
	bench_free(b);
}

int main(void)
{
	test_demand();
	test_receive();
	test_gone();
	test_group();
	return done_testing();
}
