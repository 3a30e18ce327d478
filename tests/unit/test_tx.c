/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From guests' TX rings onto the uplink and to each other: what leaves, what waits, what is refused
 * and counted, and who pays how much. Time stands still, so a turn is one batch of draws.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/datapath/tx_room.h"
#include "backend/frame/vnet.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4

#define GUESTS 3

static struct bench *b;
static struct mk m;

/* A frame of `len` bytes with the sequence number n, in m, from guest `slot`. */
static void make(uint32_t slot, const void *dst, uint32_t len, uint32_t n)
{
	mk_eth(&m, dst, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, len - FRAME_ETH_LEN);
	memcpy(m.b + FRAME_ETH_LEN, &n, sizeof(n));
}

/* The guest sends what is in m. */
static void give_as(uint32_t slot, const struct virtio_net_hdr_v1 *vnet)
{
	bench_give(b, slot, vnet, m.b, m.len);
}

static void give(uint32_t slot, const void *dst, uint32_t len, uint32_t n)
{
	static const struct virtio_net_hdr_v1 plain;

	make(slot, dst, len, n);
	give_as(slot, &plain);
}

struct left {
	unsigned frames[GUESTS], out_of_order;
	uint64_t bytes[GUESTS];
};

/* Takes all that has left, by sender. */
static void take_wire(struct left *got)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	uint32_t len, n;

	while ((len = bench_left(b, &vnet, frame)) > 0) {
		uint32_t slot = frame[11] - bench_mac(0)[5];

		memcpy(&n, frame + FRAME_ETH_LEN, sizeof(n));
		got->out_of_order += n != got->frames[slot];
		got->frames[slot]++;
		got->bytes[slot] += len + FRAME_FCS_LEN;
	}
}

static void test_bytes(void)
{
	struct virtio_net_hdr_v1 in, out;
	static uint8_t frame[WIRE_FRAME_MAX];
	uint64_t wire_bytes = 0;

	b = bench_new(1);
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, 5000);
	mk_finish(&m, 0);
	in = MK_VNET(CSUM | 0x82, TCP4, 1000, m.l4, 16);
	in.hdr_len = 7;
	give_as(0, &in);
	bench_turn(b);
	is_int(bench_left(b, &out, frame), m.len, "a frame leaves in one piece");
	ok(memcmp(frame, m.b, m.len) == 0,
	   "a frame leaves with its bytes, though its ring wraps in it");
	ok(out.flags == CSUM && out.gso_type == TCP4 && out.gso_size == 1000 &&
		   out.hdr_len == m.l4 + 20,
	   "a frame leaves with a header that the backend has made");
	wire_bytes = 5 * (1000 + m.l4 + 20 + 4);
	is_int(b->guest[0].ldp->count.tx_frames, 1, "a frame that leaves is counted");
	is_int(b->guest[0].ldp->count.tx_bytes, wire_bytes,
	       "a frame that leaves is charged by what its segments take on the wire");
	is_int(bench_given(b, 0), 0, "a frame that leaves makes its ring empty");
	bench_free(b);
}

/* The uplink takes no more: nothing is lost, and a broadcast is not counted twice. */
static void test_full(void)
{
	struct left got = {0};
	unsigned rounds = 0;

	b = bench_new(2);
	for (unsigned i = 0; i < 50; i++) {
		give(0, i % 2 ? MK_OTHER : MK_BCAST, 1514, i);
		give(1, MK_OTHER, 1000, i);
	}
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){10000}, sizeof(int));
	bench_turn(b);
	ok(b->dp->tx.blocked, "the uplink takes no more than fits");
	take_wire(&got);
	bench_turn(b);
	is_int(recv(b->wire, &(char){0}, 1, 0), -1,
	       "nothing leaves until somebody says that the uplink has room");
	while (b->dp->tx.blocked && rounds++ < 100) {
		take_wire(&got);
		tx_unblock(b->dp);
		bench_turn(b);
	}
	while (bench_turn(b))
		;
	take_wire(&got);
	ok(rounds > 3 && rounds < 100, "the uplink is full again and again: %u times", rounds);
	ok(got.frames[0] == 50 && got.frames[1] == 50,
	   "all frames leave over an uplink that is full at times");
	is_int(got.out_of_order, 0, "frames leave in order over an uplink that is full at times");
	is_int(bench_drops(b->guest[0].ldp) + bench_drops(b->guest[1].ldp), 0,
	       "no frame is dropped by an uplink that is full at times");
	is_int(b->guest[0].ldp->flood.frames.tokens_bytes, 100 - 25,
	       "each broadcast is counted once by an uplink that is full at times");
	bench_free(b);
}

/* The frame in `m`, which `what` names, is refused for `reason`; the good one behind it leaves. */
static void refused(const struct virtio_net_hdr_v1 *vnet, unsigned reason, const char *what)
{
	struct ldp *l = b->guest[0].ldp;
	uint64_t before = l->count.drops[reason], all = bench_drops(l), frames = l->count.tx_frames;
	int64_t tokens = b->dp->tx.pace.bucket.tokens_bytes;
	struct left got = {0};

	give_as(0, vnet);
	bench_turn(b);
	take_wire(&got);
	is_int(got.frames[0] + bench_take_frames(b, 1), 0, "%s goes nowhere", what);
	ok(l->count.drops[reason] == before + 1 && bench_drops(l) == all + 1, "%s is counted as %s",
	   what, ldp_drop_name(reason));
	ok(l->count.tx_frames == frames && b->dp->tx.pace.bucket.tokens_bytes == tokens,
	   "%s is not charged to the uplink", what);
	give(0, MK_OTHER, 100, 0);
	bench_turn(b);
	take_wire(&got);
	is_int(got.frames[0], 1, "the frame behind %s leaves", what);
	is_int(tokens - b->dp->tx.pace.bucket.tokens_bytes, 104,
	       "the frame behind %s is charged to the uplink", what);
}

static void test_refused(void)
{
	struct virtio_net_hdr_v1 plain = {0}, csum = MK_VNET(CSUM, 0, 0, 40000, 0);

	b = bench_new(2);
	/* Tokens enough for all; without a rate none come back. */
	bucket_init(&b->dp->tx.pace.bucket, 0, 1 << 20, b->dp->now_ns);
	b->dp->tx.pace.burst_bytes = 1 << 20;
	make(0, MK_OTHER, 100, 0);
	m.b[11]++;
	refused(&plain, FRAME_SPOOF_MAC, "a frame to the world with a wrong source MAC");
	make(0, bench_mac(1), 100, 0);
	m.b[11]++;
	refused(&plain, FRAME_SPOOF_MAC, "a frame to a guest with a wrong source MAC");
	make(0, MK_OTHER, 100, 0);
	mk_tag(&m, 0x8100, 5);
	refused(&plain, FRAME_VLAN, "a frame with a tag");
	make(0, MK_OTHER, 1515, 0);
	refused(&plain, FRAME_OVERSIZE, "a frame of a byte more than the mtu");
	make(0, MK_OTHER, 100, 0);
	refused(&csum, FRAME_OFFLOAD, "a frame with a checksum outside of it");
	b->guest[0].ldp->flood.no_frames = true;
	make(0, MK_BCAST, 100, 0);
	refused(&plain, LDP_DROP_FLOOD, "a broadcast at flood-rate 0");
	b->guest[0].ldp->flood.no_frames = false;
	b->guest[0].ldp->flood.frames.tokens_bytes = 0;
	make(0, "\x01\x00\x5e\x00\x00\xfb", 100, 0);
	refused(&plain, LDP_DROP_FLOOD, "a multicast without a token");
	bench_free(b);
}

/* A frame from guest 0: what comes to the guests 0, 1, 2 and to the wire. */
static void reaches(const void *dst, const unsigned want[4], const char *mode, const char *what)
{
	struct left got = {0};

	give(0, dst, 100, 0);
	bench_turn(b);
	take_wire(&got);
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		is_int(bench_take_frames(b, slot), want[slot],
		       "with switch=%s a %s reaches guest %u or not", mode, what, slot);
	is_int(got.frames[0], want[3], "with switch=%s a %s reaches the uplink or not", mode, what);
}

static void test_where(enum switch_mode sw)
{
	static const char *const names[] = {"local", "uplink", "off"};
	static const unsigned unicast[3][4] = {{0, 1, 0, 0}, {0, 0, 0, 1}, {0, 0, 0, 0}};
	static const unsigned broadcast[3][4] = {{0, 1, 1, 1}, {0, 0, 0, 1}, {0, 0, 0, 1}};

	b = bench_new(GUESTS);
	b->dp->link.sw = sw;
	reaches(bench_mac(1), unicast[sw], names[sw], "unicast");
	reaches(MK_BCAST, broadcast[sw], names[sw], "broadcast");
	is_int(b->guest[0].ldp->count.drops[LDP_DROP_NO_ROUTE], sw == SWITCH_OFF,
	       "with switch=%s no-route counts what goes nowhere", names[sw]);
	is_int(b->guest[0].ldp->count.tx_frames, sw == SWITCH_OFF ? 1 : 2,
	       "with switch=%s each frame that goes somewhere is counted as sent", names[sw]);
	bench_free(b);
}

static void test_nobody(void)
{
	b = bench_new(2);
	give(0, bench_mac(0), 100, 0);
	bench_turn(b);
	is_int(bench_take_frames(b, 0), 0, "a frame to its own sender does not come back");
	is_int(b->guest[0].ldp->count.tx_frames, 1, "a frame to its own sender leaves");
	give(0, bench_mac(1), 100, 0);
	tx_scan(b->dp, b->guest[0].ldp);
	b->dp->members.ldp[1] = NULL;
	bench_turn(b);
	b->dp->members.ldp[1] = b->guest[1].ldp;
	is_int(b->guest[0].ldp->count.drops[LDP_DROP_NO_ROUTE], 1,
	       "a frame to a guest that has just gone is counted as no-route");
	bench_free(b);
}

/* A frame to another guest and one to the uplink, in turns: each lottery has its share of work. */
static void test_both(void)
{
	struct left got = {0};
	unsigned rounds = 0;

	b = bench_new(2);
	for (unsigned i = 0; i < 40; i++) {
		give(0, bench_mac(1), 100, 0);
		give(0, MK_OTHER, 100, i);
	}
	do {
		bench_turn(b);
	} while (tx_take_moved(b->dp) && rounds++ < 1000);
	take_wire(&got);
	is_int(got.frames[0], 40, "frames by turns: all to the uplink leave");
	is_int(bench_take_frames(b, 1), 40, "frames by turns: all to the other guest come");
	is_int(got.out_of_order, 0, "frames by turns: those to the uplink leave in order");
	bench_free(b);
}

/* An empty ring is no reason for one more turn of the loop. */
static void test_idle(void)
{
	b = bench_new(1);
	give(0, MK_OTHER, 100, 0);
	bench_turn(b);
	ok(!tx_take_moved(b->dp), "a ring that became empty needs no other lottery");
	bench_free(b);
}

/* What two guests with more to send than a batch get of it, in bytes of the second for 100 of the
 * first. */
static unsigned share(struct left *got)
{
	bench_turn(b);
	memset(got, 0, sizeof(*got));
	take_wire(got);
	return got->bytes[0] ? (unsigned)(got->bytes[1] * 100 / got->bytes[0]) : 0;
}

static void test_who_pays(void)
{
	struct left got;
	unsigned n;

	b = bench_new(2);
	for (unsigned i = 0; i < 60; i++) {
		give(0, MK_OTHER, 1514, i);
		give(1, MK_OTHER, 296, i);
	}
	n = share(&got);
	ok(n >= 70 && n <= 130, "frames of 1518 and of 300 bytes share by bytes: %u %%", n);
	bench_free(b);

	b = bench_new(GUESTS);
	for (unsigned i = 0; i < 60; i++) {
		give(0, MK_BCAST, 1000, i);
		give(1, MK_OTHER, 1000, i);
	}
	n = share(&got);
	ok(n >= 250 && n <= 350, "broadcasts to two others and the uplink cost three times: %u %%",
	   n);
	bench_free(b);

	b = bench_new(2);
	for (unsigned i = 0; i < 60; i++) {
		make(0, MK_OTHER, 1000, i);
		m.b[6] ^= 2;
		give_as(0, &(struct virtio_net_hdr_v1){0});
		give(1, MK_OTHER, 1000, i);
	}
	share(&got);
	ok(got.frames[1] >= 28 && got.frames[1] <= 36,
	   "refused frames are paid for: %u of 64 draws were the other's", got.frames[1]);
	bench_free(b);
}

/* Guest 0 sends small frames, which m.b[6] ^ spoil refuses, beside full ones of guest 1. */
static void flood_beside_hog(uint8_t spoil, const char *what)
{
	struct left got = {0};
	uint64_t small;
	int64_t tokens;

	b = bench_new(2);
	bucket_init(&b->dp->tx.pace.bucket, 0, 1 << 20, b->dp->now_ns);
	b->dp->tx.pace.burst_bytes = 1 << 20;
	b->dp->link_rate.frame_cost_bytes = 1518;
	for (unsigned i = 0; i < 64; i++) {
		make(0, MK_OTHER, 60, i);
		m.b[6] ^= spoil;
		give_as(0, &(struct virtio_net_hdr_v1){0});
		give(1, MK_OTHER, 1514, i);
	}
	tokens = b->dp->tx.pace.bucket.tokens_bytes;
	bench_turn(b);
	take_wire(&got);
	ok(got.frames[1] >= 28 && got.frames[1] <= 36, "%s the other guest has %u of 64 draws",
	   what, got.frames[1]);
	small = b->guest[0].ldp->count.tx_bytes;
	is_int(small, spoil ? 0 : 64ull * got.frames[0],
	       "%s the counter of the guest counts wire bytes", what);
	is_int(tokens - b->dp->tx.pace.bucket.tokens_bytes, (int64_t)small + 1518ll * got.frames[1],
	       "%s the pace of the uplink counts wire bytes", what);
	bench_free(b);
}

static void test_frame_cost(void)
{
	struct sched_rule rule = {.weight = 256, .max_bps = 8000, .burst_bytes = 3200};
	struct left got = {0};

	flood_beside_hog(0, "beside a flood of 64 bytes");
	flood_beside_hog(2, "beside a flood of frames that are refused");

	b = bench_new(1);
	b->dp->link_rate.frame_cost_bytes = 1518;
	sched_set_rule(b->dp->tx_sched, 0, &rule, b->dp->now_ns);
	for (unsigned i = 0; i < 60; i++)
		give(0, MK_OTHER, 60, i);
	bench_turn(b);
	take_wire(&got);
	is_int(got.frames[0], 50, "a ceiling counts wire bytes of small frames");
	bench_free(b);
}

/* Turns that are late, as on a busy machine: a guest with a minimum still has it. */
static void test_late(void)
{
	const struct sched_rule rule = {.weight = 256, .min_bps = 12000000};
	unsigned n[2] = {0}, part;
	struct left got = {0};

	b = bench_new(2);
	pace_init(&b->dp->tx.pace, b->dp->now_ns);
	pace_set(&b->dp->tx.pace, 16000000, b->dp->burst_ns, b->dp->now_ns);
	sched_set_capacity(b->dp->tx_sched, 16000000);
	sched_set_rule(b->dp->tx_sched, 0, &rule, b->dp->now_ns);
	for (unsigned i = 0; i < 100; i++) {
		for (uint32_t slot = 0; slot < 2; slot++)
			while (bench_given(b, slot) < 200000)
				give(slot, MK_OTHER, 1446, n[slot]++);
		bench_pass(b, 50 * NS_PER_MS);
		while (bench_turn(b))
			take_wire(&got);
		take_wire(&got);
	}
	part = got.frames[0] * 1000 / (got.frames[0] + got.frames[1]);
	ok(part >= 740 && part <= 760, "with late turns a minimum of 75 %% is %u of 1000", part);
	ok(got.frames[0] + got.frames[1] > 6800, "with late turns the uplink is full: %u frames",
	   got.frames[0] + got.frames[1]);
	bench_free(b);
}

/* A turn that is late, on a link that is as fast as its pace and so takes no more. */
static void test_late_full(void)
{
	const uint64_t rate = 400000000;
	struct pace *p;
	int64_t burst;

	b = bench_new(1);
	p = &b->dp->tx.pace;
	pace_init(p, b->dp->now_ns);
	pace_set(p, rate, b->dp->burst_ns, b->dp->now_ns);
	burst = (int64_t)(rate / 8 / 500);
	for (unsigned i = 0; i < 100; i++)
		give(0, MK_OTHER, 1514, i);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){10000}, sizeof(int));
	bench_pass(b, 50 * NS_PER_MS);
	bench_turn(b);
	ok(b->dp->tx.blocked, "after a late turn the link takes a part of what it missed");
	is_int(p->bucket.tokens_bytes, burst, "of what it does not take, a burst is made up for");
	bench_free(b);
}

/* The frame that left tells where guest 0 is. */
static bool rarp_left(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;

	return bench_left(b, &vnet, frame) == FRAME_RARP_LEN && memcmp(frame + 6, MK_MAC, 6) == 0;
}

/* A full uplink cannot be told of a MAC: that is done when there is room. */
static void test_advertise_full(void)
{
	struct left got = {0};
	struct ldp *l;

	b = bench_new(1);
	l = b->guest[0].ldp;
	ok(tx_advertise(b->dp, l) && rarp_left(), "the uplink is told of a MAC");
	is_int(l->advertised, 1, "that it was told is counted");
	for (unsigned i = 0; i < 50; i++)
		give(0, MK_OTHER, 1514, i);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){10000}, sizeof(int));
	bench_turn(b);
	ok(!tx_advertise(b->dp, l), "a full uplink is not told");
	is_int(l->advertised, 1, "what a full uplink was not told is not counted");
	take_wire(&got);
	ok(tx_advertise(b->dp, l) && rarp_left(), "it is told when it has room");
	is_int(l->advertised, 2, "then that is counted");
	bench_free(b);
}

int main(void)
{
	test_bytes();
	test_full();
	test_advertise_full();
	test_refused();
	test_where(SWITCH_LOCAL);
	test_where(SWITCH_UPLINK);
	test_where(SWITCH_OFF);
	test_nobody();
	test_both();
	test_idle();
	test_who_pays();
	test_frame_cost();
	test_late();
	test_late_full();
	return done_testing();
}
