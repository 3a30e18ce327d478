/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long frames onto a slow uplink: cut into parts, of which none keeps it for more than 200 us. */
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

/* A TCP frame of n segments of 1000 bytes, from guest 0. */
static struct virtio_net_hdr_v1 make_gso(uint32_t n, const void *dst)
{
	mk_eth(&m, dst, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, n * 1000);
	mk_finish(&m, 0);
	return MK_VNET(CSUM, TCP4, 1000, m.l4, 16);
}

#define SEGMENT_WIRE (14 + 20 + 20 + 1000 + 4)

/* What has left of frames that m holds, one after the other: payload, parts, the longest of them.
 */
struct parts {
	uint32_t payload, parts, longest, bad;
};

static void take_parts(struct parts *p)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	struct virtio_net_hdr_v1 vnet;
	uint32_t len, headers = m.l4 + 20;

	while ((len = bench_left(b, &vnet, frame)) > 0) {
		uint32_t n = len - headers, takes = (n + 999) / 1000 * SEGMENT_WIRE;
		uint32_t at = p->payload % (m.len - headers);

		p->bad += memcmp(frame + headers, m.b + headers + at, n) != 0;
		p->bad += vnet.gso_type != (n > 1000 ? TCP4 : 0) || vnet.flags != CSUM;
		p->payload += n;
		p->parts++;
		if (takes > p->longest)
			p->longest = takes;
	}
}

/* Guest 1 sends n full frames. */
static void give_full(unsigned n)
{
	static const struct virtio_net_hdr_v1 plain;
	static struct mk full;

	mk_eth(&full, MK_OTHER, (const char *)bench_mac(1), 0x88b5);
	mk_payload(&full, 1500);
	while (n-- > 0)
		bench_give(b, 1, &plain, full.b, full.len);
}

static void test_cap(void)
{
	const uint32_t cap = 12500; /* 200 us of 500 Mbit/s: 11 segments */
	struct parts p = {0};
	struct virtio_net_hdr_v1 in;

	b = bench_new(2);
	in = make_gso(40, MK_OTHER);
	bench_give(b, 0, &in, m.b, m.len);
	bench_turn(b);
	take_parts(&p);
	ok(p.parts == 1 && !p.bad, "without a capacity a frame leaves in one piece");
	sched_set_capacity(b->dp->tx_sched, 500000000);
	p = (struct parts){0};
	bench_give(b, 0, &in, m.b, m.len);
	bench_turn(b);
	take_parts(&p);
	ok(p.parts == 4 && p.payload == 40000 && !p.bad,
	   "with a capacity a frame leaves in parts: %u", p.parts);
	ok(p.longest <= cap, "with a capacity no part takes longer than the latency target: %u",
	   p.longest);
	ok(b->guest[0].ldp->count.tx_frames == 2 &&
		   b->guest[0].ldp->count.tx_bytes == 80 * SEGMENT_WIRE,
	   "a frame in parts is counted as one, with all its bytes");
	is_int(bench_given(b, 0), 0, "a frame in parts makes its ring empty");
	bench_free(b);
}

/* Beside a guest with full frames, which would wait for 40 of them. */
static void test_cap_beside(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	unsigned parts = 0, other = 0, bad = 0;
	struct virtio_net_hdr_v1 in;

	b = bench_new(2);
	sched_set_capacity(b->dp->tx_sched, 500000000);
	in = make_gso(40, MK_OTHER);
	bench_give(b, 0, &in, m.b, m.len);
	give_full(60);
	bench_turn(b);
	while (bench_left(b, &in, frame) > 0) {
		if (frame[11] == bench_mac(1)[5]) {
			other++;
			continue;
		}
		bad += parts > 0 && other == 0;
		other = 0;
		parts++;
	}
	ok(parts == 4 && !bad, "another guest's frames leave between the parts of a frame");
	bench_free(b);
}

/* The uplink fills in the middle of a frame; then the capacity is lowered, and all heads are judged
 * again. */
static void test_cap_full(void)
{
	unsigned rounds = 0, midway = 0;
	struct parts p = {0};
	struct virtio_net_hdr_v1 in;

	b = bench_new(1);
	sched_set_capacity(b->dp->tx_sched, 500000000);
	in = make_gso(60, MK_OTHER);
	for (unsigned i = 0; i < 3; i++)
		bench_give(b, 0, &in, m.b, m.len);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){20000}, sizeof(int));
	bench_turn(b);
	ok(b->dp->tx.blocked && b->guest[0].ldp->cut.done > 0,
	   "the uplink is full in the middle of a frame");
	sched_set_capacity(b->dp->tx_sched, 16000000);
	tx_rejudge(b->dp);
	take_parts(&p);
	p.longest = 0;
	while (b->dp->tx.blocked && rounds++ < 1000) {
		tx_unblock(b->dp);
		bench_turn(b);
		midway += b->guest[0].ldp->cut.done > 0;
		tx_rejudge(b->dp);
		take_parts(&p);
	}
	ok(rounds > 3 && rounds < 1000 && midway > 1,
	   "the uplink is full again and again: %u times, midway %u times", rounds, midway);
	is_int(p.payload, 3 * 60000, "of frames in parts nothing is lost and nothing sent twice");
	is_int(p.bad, 0, "frames in parts leave in order, byte for byte");
	is_int(p.longest, SEGMENT_WIRE, "frames in parts follow the capacity that is in force");
	is_int(bench_drops(b->guest[0].ldp), 0, "no frame in parts is dropped");
	bench_free(b);
}

/* A broadcast leaves by segment: a copy of each for each guest, and a token. */
static void test_cap_flood(void)
{
	struct virtio_net_hdr_v1 in;
	struct parts p = {0};

	b = bench_new(GUESTS);
	sched_set_capacity(b->dp->tx_sched, 500000000);
	in = make_gso(40, MK_BCAST);
	bench_give(b, 0, &in, m.b, m.len);
	bench_turn(b);
	take_parts(&p);
	is_int(p.parts, 40, "a broadcast leaves segment by segment");
	is_int(b->guest[0].ldp->flood.frames.tokens_bytes, 100 - 40,
	       "a broadcast in parts takes a token for each segment, once");
	ok(bench_take_frames(b, 1) == 40 && bench_take_frames(b, 2) == 40,
	   "a broadcast comes to each other guest once, segment by segment");
	bench_free(b);
}

int main(void)
{
	test_cap();
	test_cap_beside();
	test_cap_full();
	test_cap_flood();
	return done_testing();
}
