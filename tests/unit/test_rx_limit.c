/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes an RX queue may hold: by who receives, and how much really comes. */
#include "backend/datapath/rx_limit.h"

#include "backend/datapath/core.h"
#include "tests/fake/bench.h"
#include "tests/unit/tap.h"

#define MS     1000000ull
#define GUESTS 32u

static struct bench *b;

static struct ldp *guest(uint32_t slot)
{
	return b->dp->members.ldp[slot];
}

/* 10 ms in which each of the first n LDPs was delivered `bytes`. */
static void pass(uint32_t n, uint64_t bytes)
{
	b->dp->now_ns += 10 * MS;
	for (uint32_t slot = 0; slot < n; slot++) {
		guest(slot)->count.rx_bytes += bytes;
		b->dp->rx.received_bytes += bytes;
	}
	rx_limit_look(b->dp);
}

static void begin(void)
{
	b = bench_new(GUESTS);
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		rx_limit_begin(guest(slot));
	rx_set_limits(b->dp);
}

/* The bytes in frames of 1000 that one guest's queue takes. */
static unsigned room(uint32_t slot)
{
	static uint8_t frame[1000];
	const struct virtio_net_hdr_v1 vnet = {0};
	struct iovec iov = {frame, sizeof(frame)};
	struct rxq *q = guest(slot)->rxq;
	unsigned n = 0;

	while (n < 100000 && rxq_push(q, &vnet, &iov, 1, sizeof(frame), false, b->dp->now_ns))
		n++;
	for (unsigned i = 0; i < n; i++)
		rxq_pop(q);
	return n * (unsigned)sizeof(frame);
}

static bool near(unsigned got, unsigned want)
{
	if (got > want * 9 / 10 && got < want * 11 / 10)
		return true;
	diag("got %u, want %u", got, want);
	return false;
}

/* Guests 0 to 3 are a group, whose weight is that of guest 4, who receives too. */
static void group(void)
{
	struct group_conf conf = {.tx = {.weight = 256}, .rx = {.weight = 256}};

	bench_group(b, 1, true, &conf);
	for (uint32_t slot = 0; slot < 4; slot++) {
		struct ldp_conf member = bench_ldp_conf(slot);

		member.group = 1;
		bench_configure(b, slot, &member);
	}
	for (int i = 0; i < 100; i++)
		pass(0, 0);
	pass(5, 100000);
	ok(near(room(4), 115000), "a group that receives takes the room of one");
	ok(near(room(0), RXQ_LIMIT_MIN), "a member has its part of the group's room");
	for (int i = 0; i < 100; i++)
		pass(1, 100000);
	ok(near(room(0), 230000), "idle members take no room from the one that receives");
	conf.rx.max_bps = 100000000;
	bench_group(b, 1, true, &conf);
	ok(near(room(0), 115000), "a group's maximum limits the room of its members");
}

int main(void)
{
	begin();
	pass(1, 100000);
	ok(near(room(0), 1150000), "idle guests take no room from the one that receives");
	ok(near(room(1), 575000), "a guest that was idle has the room of one of two");
	ok(near(room(GUESTS - 1), 575000), "idle guests take no room from each other");
	pass(4, 100000);
	ok(near(room(0), 290000), "four that receive have a fourth each");
	for (int i = 0; i < 100; i++)
		pass(1, 100000);
	ok(near(room(0), 1150000), "after a second without a frame a guest is idle");
	for (int i = 0; i < 2; i++)
		pass(1, 12500000);
	ok(near(room(0), 11700000), "the room follows what really comes");
	b->dp->rx.rate_bps = 200000000;
	rx_set_limits(b->dp);
	ok(near(room(0), 230000), "a receive capacity sets the room");
	guest(0)->conf.rx.max_bps = 100000000;
	rx_set_limits(b->dp);
	ok(near(room(0), 115000), "a maximum limits the room");
	guest(0)->conf.rx.max_bps = 0;
	group();
	bench_free(b);
	return done_testing();
}
