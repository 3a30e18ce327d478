/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes an RX queue may hold: by who receives, and how much really comes. */
#include "backend/datapath/rx_limit.h"

#include "backend/datapath/core.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
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
		guest(slot)->rx_delivered_bytes += bytes;
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

/* A guest's queue has room for what that many Mbit/s carry in 40 ms. */
static bool holds(uint32_t slot, unsigned mbit)
{
	unsigned want = mbit * (1000000 / 8 / 1000 * 40);
	struct flowq_state state;

	flowq_state(guest(slot)->rxq, &state);
	if (state.limit > want * 9 / 10 && state.limit < want / 10 * 11)
		return true;
	diag("room for %u, want %u", state.limit, want);
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
	for (int i = 0; i < 40; i++)
		pass(5, 100000);
	ok(holds(4, 100), "a group that receives takes the room of one");
	ok(holds(0, 25), "a member has its part of the group's room");
	for (int i = 0; i < 100; i++)
		pass(1, 100000);
	ok(holds(0, 200), "idle members take no room from the one that receives");
	conf.rx.max_bps = 100000000;
	bench_group(b, 1, true, &conf);
	ok(holds(0, 100), "a group's maximum limits the room of its members");
}

static void test_idle(void)
{
	begin();
	pass(1, 100000);
	ok(holds(0, 1000), "idle guests take no room from the one that receives");
	ok(holds(1, 1000), "a guest that was idle has the room that the other leaves");
	ok(holds(GUESTS - 1, 1000), "idle guests take no room from each other");
	for (int i = 0; i < 40; i++)
		pass(1, 1250000);
	ok(holds(1, 500), "a guest that was idle has its share beside one that takes all");
	for (int i = 0; i < 40; i++)
		pass(4, 312500);
	ok(holds(0, 250), "four that take all have a fourth each");
	ok(holds(1, 250), "one of four that take all has no more than another");
	for (int i = 0; i < 100; i++)
		pass(1, 100000);
	ok(holds(0, 1000), "after a second without a frame a guest is idle");
	bench_free(b);
}

static void test_rates(void)
{
	begin();
	for (int i = 0; i < 2; i++)
		pass(1, 12500000);
	ok(holds(0, 10000), "the room follows what really comes");
	b->dp->rx.rate_bps = 200000000;
	rx_set_limits(b->dp);
	ok(holds(0, 200), "a receive capacity sets the room");
	guest(0)->conf.rx.max_bps = 100000000;
	rx_set_limits(b->dp);
	ok(holds(0, 100), "a maximum limits the room");
	guest(0)->conf.rx.max_bps = 0;
	group();
	bench_free(b);
}

/* Two frames of 60 KiB for one guest, read in one turn, and the frames that it then has. */
static unsigned burst(uint32_t slot)
{
	static struct mk m;
	struct virtio_net_hdr_v1 vnet;

	mk_eth(&m, (const char *)bench_mac(slot), MK_OTHER, 0x0800);
	mk_ipv4(&m, 6, MK_IP2, MK_IP);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, 60 * 1024);
	mk_finish(&m, 0);
	vnet = MK_VNET(VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1448, m.l4, 16);
	bench_come(b, &vnet, m.b, m.len);
	bench_come(b, &vnet, m.b, m.len);
	bench_receive(b);
	return bench_take_frames(b, slot);
}

/* Every guest receives something all the time. Each 10 ms four of them get a burst. */
static void test_bursts(void)
{
	unsigned sent = 0, got = 0;

	begin();
	for (unsigned i = 0; i < 80; i++) {
		for (uint32_t slot = i % 8; slot < GUESTS; slot += 8) {
			got += burst(slot);
			sent += 2;
		}
		bench_pass(b, 10 * MS);
		for (uint32_t slot = 0; slot < GUESTS; slot++)
			guest(slot)->rx_delivered_bytes += 1000;
		rx_limit_look(b->dp);
	}
	is_int((int)got, (int)sent, "bursts for guests of 32 that all receive something arrive");
	bench_free(b);
}

int main(void)
{
	test_idle();
	test_rates();
	test_bursts();
	return done_testing();
}
