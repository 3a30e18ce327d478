/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From LDP to LDP: limits, and no capacity of the uplink. GSO frames of any size, there and out. */
#include "backend/datapath/rx.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/frame/gso.h"
#include "backend/frame/vnet.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4
#define USO  5
#define MBIT 1000000ull

static struct bench *b;
static struct mk m;
static const struct virtio_net_hdr_v1 plain;

/* A frame of `bytes` of payload in segments of `size`, from guest 0 to a guest or outside. */
static struct virtio_net_hdr_v1 make_gso(uint8_t type, uint32_t bytes, uint16_t size,
					 const void *dst)
{
	mk_eth(&m, dst, MK_MAC, 0x0800);
	mk_ipv4(&m, type == TCP4 ? 6 : 17, MK_IP, MK_IP2);
	if (type == TCP4)
		mk_tcp(&m, 1000, 0x18);
	else
		mk_udp(&m, 1000, 2000);
	mk_payload(&m, bytes);
	mk_finish(&m, 0);
	return MK_VNET(CSUM, type, size, m.l4, type == TCP4 ? 16 : 6);
}

static uint32_t headers(void)
{
	struct frame_info fi;

	frame_parse(m.b, FRAME_HDR_MAX, m.len, &fi);
	return (uint32_t)fi.l4_off + fi.l4_len;
}

static void make_full(const void *dst)
{
	mk_eth(&m, dst, MK_MAC, 0x88b5);
	mk_payload(&m, 1500);
}

/* What has come of the frame in m, in order: its payload, in how many pieces, the most segments of
 * one. */
struct got {
	uint32_t payload, pieces, most, bad;
};

static void take(struct got *g, const struct virtio_net_hdr_v1 *vnet, const uint8_t *frame,
		 uint32_t len, uint16_t size)
{
	uint32_t n = len - headers(), segments = (n + size - 1) / size;

	g->bad += memcmp(frame + headers(), m.b + headers() + g->payload, n) != 0;
	g->bad += vnet->gso_type ? vnet->gso_size != size : n > size;
	g->payload += n;
	g->pieces++;
	if (segments > g->most)
		g->most = segments;
}

static struct got take_from_uplink(uint16_t size)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	struct got g = {0};
	bool more = true;
	uint32_t len;

	for (unsigned turns = 0; more && turns < 2000; turns++) {
		more = bench_turn(b);
		while ((len = bench_left(b, &vnet, frame)) > 0)
			take(&g, &vnet, frame, len, size);
	}
	return g;
}

static struct got take_from_guest(uint32_t slot, uint16_t size)
{
	struct virtio_net_hdr_v1 vnet;
	const uint8_t *body;
	struct wire_hdr hdr;
	struct got g = {0};
	bool more = true;

	for (unsigned turns = 0; more && turns < 2000; turns++) {
		more = bench_turn(b);
		while (bench_take(b, slot, &hdr, &body)) {
			if (hdr.type != WIRE_DATA)
				continue;
			memcpy(&vnet, body, sizeof(vnet));
			take(&g, &vnet, body + WIRE_VNET_LEN, hdr.len - WIRE_VNET_LEN, size);
		}
	}
	return g;
}

/* ---- GSO frames of any size ---- */

static void gso_out(uint8_t type, uint32_t bytes, uint16_t size, uint32_t most, const char *what)
{
	struct virtio_net_hdr_v1 in = make_gso(type, bytes, size, MK_OTHER);
	struct got g;

	bench_give(b, 0, &in, m.b, m.len);
	g = take_from_uplink(size);
	is_int(g.payload, bytes, "%s: all of it leaves", what);
	ok(g.bad == 0, "%s: what leaves is right, in order", what);
	is_int(g.most, most, "%s: segments that leave in one piece", what);
}

static void test_sizes_out(void)
{
	b = bench_new(2);
	gso_out(TCP4, 60000, 1448, 42, "TCP in full segments");
	gso_out(TCP4, 60000, 216, 278, "TCP in segments of 216");
	gso_out(TCP4, 6000, 215, 1, "TCP in segments of 215");
	gso_out(TCP4, 3000, 1, 1, "TCP in segments of one byte");
	gso_out(USO, 60000, 1472, 41, "UDP in full segments");
	gso_out(USO, 60000, 216, 64, "UDP in segments of 216");
	gso_out(USO, 6000, 100, 1, "UDP in segments of 100");
	b->up.offloads &= ~(uint32_t)TAP_USO;
	gso_out(USO, 60000, 1472, 1, "UDP where the kernel takes no USO");
	ok(bench_drops(core_ldp(b->dp, 0)) == 0, "nothing of all that was dropped");
	bench_free(b);
}

static void gso_across(uint8_t type, uint32_t bytes, uint16_t size, uint32_t most, const char *what)
{
	struct virtio_net_hdr_v1 in = make_gso(type, bytes, size, bench_mac(1));
	struct got g;

	bench_give(b, 0, &in, m.b, m.len);
	g = take_from_guest(1, size);
	is_int(g.payload, bytes, "%s to another guest: all of it comes", what);
	ok(g.bad == 0, "%s to another guest: what comes is right, in order", what);
	is_int(g.most, most, "%s to another guest: segments that come in one piece", what);
}

static void test_sizes_across(void)
{
	struct ldp_conf conf = bench_ldp_conf(1);

	b = bench_new(2);
	gso_across(TCP4, 60000, 1448, 42, "TCP in full segments");
	gso_across(TCP4, 6000, 100, 60, "TCP in segments of 100");
	gso_across(TCP4, 3000, 1, 64, "TCP in segments of one byte");
	gso_across(USO, 60000, 216, 64, "UDP in segments of 216");
	conf.rx_features = 0;
	bench_configure(b, 1, &conf);
	gso_across(TCP4, 60000, 1448, 1, "TCP, without offloads");
	gso_across(TCP4, 3000, 1, 1, "TCP in segments of one byte, without offloads");
	gso_across(USO, 20000, 216, 1, "UDP in segments of 216, without offloads");
	conf = bench_ldp_conf(1);
	bench_configure(b, 1, &conf);
	conf = bench_ldp_conf(0);
	conf.tx.max_bps = 20 * MBIT;
	conf.tx.burst_bytes = 100000;
	bench_configure(b, 0, &conf);
	gso_across(TCP4, 60000, 1448, 16, "TCP with a maximum, in 10 ms of it");
	ok(bench_drops(core_ldp(b->dp, 1)) == 0, "nothing of all that was dropped");
	bench_free(b);
}

/* A turn makes no more segments than its budget, whatever one frame holds. */
static void test_turn_is_bounded(void)
{
	struct ldp_conf conf = bench_ldp_conf(1);
	struct virtio_net_hdr_v1 in;
	uint64_t before, most = 0;
	bool more = true;

	b = bench_new(2);
	conf.rx_features = 0;
	bench_configure(b, 1, &conf);
	in = make_gso(TCP4, 60000, 1, bench_mac(1));
	bench_give(b, 0, &in, m.b, m.len);
	tx_scan(b->dp, core_ldp(b->dp, 0));
	for (unsigned turns = 0; more && turns < 2000; turns++) {
		before = b->dp->work.pieces;
		more = tx_run_local(b->dp);
		if (b->dp->work.pieces - before > most)
			most = b->dp->work.pieces - before;
	}
	ok(!more, "a frame of 60,000 segments ends");
	ok(most <= CORE_BATCH_PIECES + RX_SEGMENTS_MAX,
	   "no turn makes more than its budget of it: %llu", (unsigned long long)most);
	ok(bench_drops(core_ldp(b->dp, 1)) > 0, "a receiver that takes nothing loses some");
	before = b->dp->work.pieces;
	in = make_gso(TCP4, 60000, 1448, bench_mac(1));
	bench_give(b, 0, &in, m.b, m.len);
	tx_scan(b->dp, core_ldp(b->dp, 0));
	tx_run_local(b->dp);
	is_int(b->dp->work.pieces - before, 0, "no segments are made for a full queue");
	bench_free(b);
}

/* The receiver goes, and its slot has another guest, while parts of a frame have come. */
static void test_receiver_goes(void)
{
	struct virtio_net_hdr_v1 in;
	struct ldp_conf conf;

	b = bench_new(2);
	in = make_gso(TCP4, 30000, 1, bench_mac(1));
	bench_give(b, 0, &in, m.b, m.len);
	bench_turn(b);
	ok(core_ldp(b->dp, 0)->cut.done > 0, "a part of the frame has gone to the guest");
	bench_delete(b, 1);
	conf = bench_ldp_conf(1);
	conf.mac[5] ^= 0x55;
	ok(bench_add(b, 1, &conf, BENCH_RING_ORDER), "another guest gets its slot");
	while (bench_turn(b))
		;
	is_int(bench_take_frames(b, 1), 0, "another guest gets no part of the frame");
	is_int(core_ldp(b->dp, 0)->count.drops[LDP_DROP_NO_ROUTE], 1,
	       "the rest counts as no-route");
	bench_free(b);
}

/* ---- a guest that stands still in the middle of a frame ---- */

/* One turn with a budget that a frame of that many segments exceeds, then the guest stands still.
 */
static void begin_and_freeze(const void *dst)
{
	struct virtio_net_hdr_v1 in = make_gso(TCP4, 30000, 1, dst);

	b = bench_new(2);
	bench_give(b, 0, &in, m.b, m.len);
	bench_turn(b);
	ok(core_ldp(b->dp, 0)->cut.done > 0 && core_ldp(b->dp, 0)->head != LDP_HEAD_NONE,
	   "a part of the frame has left");
	bench_freeze(b, 0, true);
}

/* Each byte once. */
static void test_freeze(void)
{
	struct got g;

	begin_and_freeze(MK_OTHER);
	while (bench_turn(b))
		;
	bench_freeze(b, 0, false);
	g = take_from_uplink(1);
	ok(g.payload == 30000 && g.bad == 0,
	   "a frame that leaves in parts goes on where it was when its guest goes on: %u bytes",
	   g.payload);
	bench_free(b);
	begin_and_freeze(bench_mac(1));
	bench_freeze(b, 0, false);
	g = take_from_guest(1, 1);
	ok(g.payload == 30000 && g.bad == 0,
	   "a frame to another guest goes on where it was when its guest goes on: %u bytes",
	   g.payload);
	bench_free(b);
}

static void test_receiver_goes_meanwhile(void)
{
	struct ldp_conf conf = bench_ldp_conf(1);

	begin_and_freeze(bench_mac(1));
	bench_delete(b, 1);
	conf.mac[5] ^= 0x55;
	ok(bench_add(b, 1, &conf, BENCH_RING_ORDER), "another guest gets the receiver's slot");
	bench_freeze(b, 0, false);
	while (bench_turn(b))
		;
	is_int(bench_take_frames(b, 1), 0,
	       "another guest gets no part of a frame whose sender stood still");
	is_int(core_ldp(b->dp, 0)->count.drops[LDP_DROP_NO_ROUTE], 1,
	       "the rest of a frame whose receiver is gone counts as no-route");
	bench_free(b);
}

/* ---- limits ---- */

/* How many frames of guest 0 get to guest 1 in 100 ms, while it always has some. */
static unsigned local_frames(void)
{
	unsigned n = 0;

	make_full(bench_mac(1));
	for (unsigned ms = 0; ms < 100; ms++) {
		while (bench_given(b, 0) < 100000)
			bench_give(b, 0, &plain, m.b, m.len);
		bench_turn(b);
		n += bench_take_frames(b, 1);
		bench_pass(b, NS_PER_MS);
	}
	return n;
}

#define FRAMES(bps, ms) ((double)(bps) * (ms) / 8000 / FRAME_WIRE_FULL)

static void is_near(unsigned got, double want, const char *what)
{
	ok(got > want * 0.8 && got < want * 1.35, "%s: %u frames, not far from %.0f", what, got,
	   want);
}

static void test_maxima(void)
{
	struct ldp_conf conf;

	b = bench_new(2);
	ok(local_frames() >= 1000, "without a maximum a guest sends much to another");
	conf = bench_ldp_conf(0);
	conf.tx.max_bps = 20 * MBIT;
	bench_configure(b, 0, &conf);
	is_near(local_frames(), FRAMES(20 * MBIT, 100), "tx-max holds for frames to another guest");
	conf.tx.max_bps = 0;
	bench_configure(b, 0, &conf);
	conf = bench_ldp_conf(1);
	conf.rx.max_bps = 20 * MBIT;
	bench_configure(b, 1, &conf);
	is_near(local_frames(), FRAMES(20 * MBIT, 100),
		"rx-max holds for frames from another guest");
	bench_free(b);
}

/* Half of the frames leave the host. */
static void test_maximum_is_one(void)
{
	struct ldp_conf conf = bench_ldp_conf(0);
	unsigned out = 0, across = 0;

	b = bench_new(2);
	conf.tx.max_bps = 20 * MBIT;
	bench_configure(b, 0, &conf);
	for (unsigned ms = 0; ms < 100; ms++) {
		while (bench_given(b, 0) < 100000) {
			make_full(bench_mac(1));
			bench_give(b, 0, &plain, m.b, m.len);
			make_full(MK_OTHER);
			bench_give(b, 0, &plain, m.b, m.len);
		}
		/* A frame each way takes two turns. */
		for (unsigned turns = 0; turns < 16; turns++)
			bench_turn(b);
		across += bench_take_frames(b, 1);
		out += bench_drain(b);
		bench_pass(b, NS_PER_MS);
	}
	is_near(out + across, FRAMES(20 * MBIT, 100), "tx-max is about both ways out together");
	bench_free(b);
}

/* Guest 1 receives from guest 0 and from the uplink, more than its maximum from either. */
static void test_receive_both(void)
{
	struct ldp_conf conf = bench_ldp_conf(1);
	unsigned from[2] = {0};
	struct wire_hdr hdr;
	const uint8_t *body;

	b = bench_new(2);
	conf.rx.max_bps = 20 * MBIT;
	bench_configure(b, 1, &conf);
	for (unsigned ms = 0; ms < 100; ms++) {
		make_full(bench_mac(1));
		while (bench_given(b, 0) < 100000)
			bench_give(b, 0, &plain, m.b, m.len);
		memcpy(m.b + 6, MK_OTHER, 6);
		for (unsigned i = 0; i < 4; i++)
			bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
		bench_turn(b);
		while (bench_take(b, 1, &hdr, &body)) {
			if (hdr.type == WIRE_DATA)
				from[memcmp(body + WIRE_VNET_LEN + 6, MK_OTHER, 6) == 0]++;
		}
		bench_pass(b, NS_PER_MS);
	}
	is_near(from[0] + from[1], FRAMES(20 * MBIT, 100), "rx-max is about both ways in together");
	ok(from[0] > 30 && from[1] > 30,
	   "neither way in keeps the other out: %u from a guest, %u in", from[0], from[1]);
	bench_free(b);
}

/* The receive pace is used up by what the uplink brings to guest 2. */
static void test_no_capacity(void)
{
	struct link_conf link = {.rx_capacity_bps = 10 * MBIT, .frame_cost_bytes = 0};
	unsigned across = 0, in = 0;

	b = bench_new(3);
	bench_link(b, &link);
	for (unsigned ms = 0; ms < 100; ms++) {
		make_full(bench_mac(2));
		for (unsigned i = 0; i < 10; i++)
			bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
		make_full(bench_mac(1));
		while (bench_given(b, 0) < 100000)
			bench_give(b, 0, &plain, m.b, m.len);
		bench_turn(b);
		across += bench_take_frames(b, 1);
		in += bench_take_frames(b, 2);
		bench_pass(b, NS_PER_MS);
	}
	is_near(in, FRAMES(10 * MBIT, 100), "rx-capacity limits what the uplink brings");
	ok(across >= 1000, "rx-capacity neither limits frames between guests nor counts them: %u",
	   across);
	bench_free(b);
}

int main(void)
{
	test_sizes_out();
	test_sizes_across();
	test_turn_is_bounded();
	test_receiver_goes();
	test_freeze();
	test_receiver_goes_meanwhile();
	test_maxima();
	test_maximum_is_one();
	test_receive_both();
	test_no_capacity();
	return done_testing();
}
