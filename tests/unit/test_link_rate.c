/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame loop's capacity when the speed of the hardware is its source. */
#include "backend/datapath/link_rate.h"
#include "tests/fake/bench.h"
#include "tests/unit/tap.h"

#define MBIT 1000000ull

static struct bench *b;

static struct link_conf by_speed(unsigned mbit)
{
	return (struct link_conf){.tx_capacity_bps = mbit * MBIT / 100 * 98,
				  .source = CAPACITY_SPEED,
				  .speed_bps = mbit * MBIT,
				  .signal = true};
}

static void link_by_speed(unsigned mbit)
{
	struct link_conf link = by_speed(mbit);

	bench_link(b, &link);
}

static void test_new_speed(void)
{
	struct link_conf link;

	b = bench_new(1);
	b->dp->link_rate.measured.estimate_bps = 40 * MBIT;
	link_by_speed(100);
	is_int(link_rate_bps(b->dp), 40 * MBIT, "a link slower than its card has what is measured");
	link_by_speed(100);
	is_int(link_rate_bps(b->dp), 40 * MBIT, "settings without a new speed keep the estimate");
	link_by_speed(1000);
	is_int(link_rate_bps(b->dp), 980 * MBIT, "a new speed is in force at once");
	is_int(b->dp->link_rate.measured.estimate_bps, 0, "a new speed ends what was measured");
	b->dp->link_rate.measured.estimate_bps = 500 * MBIT;
	link = by_speed(1000);
	link.speed_bps = 0;
	bench_link(b, &link);
	is_int(link_rate_bps(b->dp), 500 * MBIT, "a speed that is lost keeps the estimate");
	link_by_speed(1000);
	is_int(link_rate_bps(b->dp), 500 * MBIT, "the same speed again keeps the estimate");
	bench_free(b);
}

/* One sample of 10 Mbit/s: a part of the send buffer leaves in its time, and it is full again. */
static void measure(void)
{
	struct capacity *c = &b->dp->link_rate.measured;

	capacity_skip(c);
	link_rate_blocked(b->dp);
	for (unsigned i = 0; i < 40; i++) {
		capacity_sent(c, 1250, true);
		bench_pass(b, NS_PER_MS);
		link_rate_blocked(b->dp);
	}
}

static void test_new_configured(void)
{
	struct link_conf link = {.tx_capacity_bps = 100 * MBIT,
				 .source = CAPACITY_CONFIGURED,
				 .signal = true};

	b = bench_new(1);
	bench_link(b, &link);
	measure();
	link_rate_turn(b->dp);
	is_int(link_rate_bps(b->dp), 10 * MBIT,
	       "a link slower than configured is measured at once");
	bench_link(b, &link);
	is_int(link_rate_bps(b->dp), 10 * MBIT, "the same capacity again keeps the estimate");
	link.tx_capacity_bps = 1000 * MBIT;
	bench_link(b, &link);
	is_int(link_rate_bps(b->dp), 1000 * MBIT, "a new configured capacity is in force at once");
	measure();
	is_int(b->dp->link_rate.measured.estimate_bps, 0,
	       "what leaves before the classes follow a new capacity is no measure");
	bench_pass(b, NS_PER_SEC);
	measure();
	is_int(b->dp->link_rate.measured.estimate_bps, 10 * MBIT,
	       "a second after a new capacity the link is measured");
	bench_free(b);
}

/* What an epoch could carry: of a link that was busy all the time only what it carried counts. */
static void test_epoch(void)
{
	b = bench_new(1);
	link_by_speed(1000);
	b->dp->tx.pace.idle = true;
	link_rate_turn(b->dp);
	b->dp->tx.pace.idle = false;
	link_rate_turn(b->dp);
	is_int(link_rate_epoch_bps(b->dp), 980 * MBIT,
	       "a link that was idle once in an epoch could carry its capacity");
	link_rate_turn(b->dp);
	is_int(link_rate_epoch_bps(b->dp), 0, "a link that was never idle carried what it could");
	b->dp->tx.pace.idle = true;
	b->dp->tx.blocked = true;
	link_rate_turn(b->dp);
	is_int(link_rate_epoch_bps(b->dp), 0, "a link that takes no more is not idle");
	bench_free(b);
}

static void test_sndbuf(void)
{
	const struct capacity *c;
	struct link_conf link = by_speed(1000);

	b = bench_new(1);
	c = &b->dp->link_rate.measured;
	bench_link(b, &link);
	is_int(c->sndbuf_bytes, uplink_sndbuf_bytes(980 * MBIT, 2000000),
	       "the send buffer follows the speed where no queue limits it");
	link.sndbuf_max_bytes = 75000;
	bench_link(b, &link);
	is_int(c->sndbuf_bytes, 75000, "the send buffer stays below the queue behind a card");
	link.source = CAPACITY_CONFIGURED;
	bench_link(b, &link);
	is_int(c->sndbuf_bytes, uplink_sndbuf_bytes(980 * MBIT, 2000000),
	       "the send buffer follows a configured capacity whatever the queue");
	bench_free(b);
}

int main(void)
{
	test_new_speed();
	test_new_configured();
	test_epoch();
	test_sndbuf();
	return done_testing();
}
