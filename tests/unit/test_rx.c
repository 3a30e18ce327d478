/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the uplink into guests' RX rings: each gets its frames, in the form that it takes, or none
 * and a count of them. The uplink is a socket, the ring a piece of memory.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "backend/datapath/flood.h"
#include "backend/datapath/queues.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/rx_uplink.h"
#include "backend/frame/vnet.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6 VIRTIO_NET_HDR_GSO_TCPV6
#define USO  5
#define ALL  (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

#define GUESTS 3

static struct bench *b;

static struct mk m;

enum kind { K_TCP4, K_TCP6, K_UDP4 };

static void make(enum kind kind, const char *dst, uint32_t payload)
{
	mk_eth(&m, dst, MK_OTHER, kind == K_TCP6 ? 0x86dd : 0x0800);
	if (kind == K_TCP6)
		mk_ipv6(&m, 6, MK_IP6_2, MK_IP6);
	else
		mk_ipv4(&m, kind == K_TCP4 ? 6 : 17, MK_IP2, MK_IP);
	if (kind == K_UDP4)
		mk_udp(&m, 4000, 53);
	else
		mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, payload);
	mk_finish(&m, 0);
}

/* A guest that takes `features`, with rings of 2^order bytes and the shortest queue. */
static struct ldp *guest(uint32_t slot, uint32_t features, unsigned order)
{
	struct ldp_conf conf = bench_ldp_conf(slot);
	struct ldp *l;

	conf.rx_features = features;
	l = bench_add(b, slot, &conf, order);
	queues_set_rate(l, 0);
	return l;
}

/* The frame comes in, asking for a checksum and, unless @gso is 0, for segments of @size. */
static void come(uint8_t gso, uint16_t size)
{
	struct virtio_net_hdr_v1 vnet = MK_VNET(CSUM, gso, size, m.l4, m.proto == 6 ? 16 : 6);

	bench_come(b, &vnet, m.b, m.len);
	bench_receive(b);
}

/* What a guest found in its ring so far. */
struct got {
	unsigned frames, bad;
	uint32_t payload, largest;
	struct virtio_net_hdr_v1 vnet; /* of the last frame */
};

static uint32_t headers_len(void)
{
	return m.l4 + (m.proto == 6 ? 20 : 8);
}

/* One message of the ring; a frame whose header asks for nothing must be complete in itself. */
static bool take_one(struct ldp *l, struct got *got)
{
	uint32_t headers = headers_len(), len;
	const uint8_t *frame;
	struct wire_hdr wh;

	if (!bench_take(b, l->slot, &wh, &frame))
		return false;
	len = wh.len - WIRE_VNET_LEN;
	memcpy(&got->vnet, frame, WIRE_VNET_LEN);
	frame += WIRE_VNET_LEN;
	got->bad += wh.type != WIRE_DATA || len < headers;
	got->bad += !got->vnet.flags && !mk_csum_good(&m, frame, len);
	got->bad += memcmp(frame, m.b, m.l3) != 0;
	got->bad += memcmp(frame + headers, m.b + headers + got->payload, len - headers) != 0;
	got->frames++;
	got->payload += len - headers;
	got->largest = len > got->largest ? len : got->largest;
	return true;
}

/* All that comes, as the guest makes room for it. */
static struct got take(struct ldp *l)
{
	struct got got = {0};

	while (take_one(l, &got)) {
		if (l->rx_blocked) {
			rx_unblock(b->dp, l);
			bench_receive(b);
		}
	}
	return got;
}

/* What a guest takes, and in how many frames a frame must come: as it is (1), or cut up. */
static const struct row {
	const char *name;
	enum kind kind;
	uint32_t payload;
	uint8_t gso;
	uint16_t size;
	uint32_t features;
	unsigned order, frames;
	bool whole; /* with the header that it came with */
} rows[] = {
	{"TSO4, takes all", K_TCP4, 5000, TCP4, 1000, ALL, 18, 1, true},
	{"TSO4, takes checksums only", K_TCP4, 5000, TCP4, 1000, VNET_F_CSUM, 18, 5, false},
	{"TSO4, takes TSO6", K_TCP4, 5100, TCP4, 1000, ALL & ~VNET_F_TSO4, 18, 6, false},
	{"TSO4, takes nothing", K_TCP4, 5000, TCP4, 1000, 0, 18, 5, false},
	{"TSO4, takes TSO4 but no checksums", K_TCP4, 999, TCP4, 500, VNET_F_TSO4, 18, 2, false},
	{"TSO4 of 64 KiB, takes nothing", K_TCP4, 65000, TCP4, 1460, 0, 20, 45, false},
	{"TSO4, in a small ring", K_TCP4, 5000, TCP4, 1400, ALL, 13, 1, true},
	{"TSO4, larger than the ring", K_TCP4, 9000, TCP4, 1400, ALL, 13, 7, false},
	{"TSO4 of small segments, takes all", K_TCP4, 1000, TCP4, 100, ALL, 18, 1, true},
	{"TSO6, takes all", K_TCP6, 5000, TCP6, 1000, ALL, 18, 1, true},
	{"TSO6, takes nothing", K_TCP6, 5000, TCP6, 1000, 0, 18, 5, false},
	{"USO, takes all", K_UDP4, 5000, USO, 1000, ALL, 18, 1, true},
	{"USO, takes TSO", K_UDP4, 5000, USO, 1000, ALL & ~VNET_F_USO, 18, 5, false},
	{"USO, takes nothing", K_UDP4, 5000, USO, 1000, 0, 18, 5, false},
	{"checksum, takes it", K_TCP4, 1000, 0, 0, VNET_F_CSUM, 18, 1, true},
	{"checksum, takes nothing", K_TCP4, 1000, 0, 0, 0, 18, 1, false},
	{"checksum, odd length", K_TCP4, 999, 0, 0, 0, 18, 1, false},
	{"checksum of IPv6", K_TCP6, 1000, 0, 0, 0, 18, 1, false},
	{"checksum of UDP", K_UDP4, 1000, 0, 0, 0, 18, 1, false},
	{"one segment", K_TCP4, 900, TCP4, 1000, 0, 18, 1, false},
};

static void test_form(const struct row *r)
{
	struct ldp *l;
	struct got got;
	uint64_t charged;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, r->features, r->order);
	make(r->kind, MK_MAC, r->payload);
	come(r->gso, r->size);
	got = take(l);
	is_int(got.bad, 0, "%s: every frame is right", r->name);
	is_int(got.frames, r->frames, "%s: the guest gets as many frames as it should", r->name);
	is_int(got.payload, r->payload, "%s: the guest gets all bytes", r->name);
	if (r->whole)
		ok(got.vnet.flags == CSUM && got.vnet.gso_type == r->gso &&
			   got.vnet.gso_size == r->size,
		   "%s: the frame comes as it was sent", r->name);
	else
		ok(memcmp(&got.vnet, MK_ZERO, WIRE_VNET_LEN) == 0, "%s: the frame asks for nothing",
		   r->name);
	charged = r->payload + (r->gso ? (r->payload + r->size - 1) / r->size : 1) *
				       (uint64_t)(headers_len() + FRAME_FCS_LEN);
	is_int(l->count.rx_bytes, charged, "%s: the guest is charged by segment", r->name);
	is_int(l->count.rx_frames, r->frames, "%s: each frame is counted", r->name);
	bench_free(b);
}

/* UDP to `port` comes to a guest that takes checksums, in tags and behind an IPv6 extension header.
 */
static const struct dhcp {
	const char *name;
	uint16_t port;
	int v6, ext;
	unsigned tags;
	bool completed;
} dhcp_rows[] = {
	{"a DHCP answer", 68, 0, 0, 0, true},
	{"a DHCP answer in a tag", 68, 0, 0, 1, true},
	{"a DHCP answer in two tags", 68, 0, 0, 2, true},
	{"a DHCP answer in three tags", 68, 0, 0, 3, true},
	{"a DHCPv6 answer", 546, 1, 0, 0, true},
	{"a DHCPv6 answer in a tag behind an extension header", 546, 1, 1, 1, true},
	{"a DHCP request", 67, 0, 0, 0, false},
	{"a DHCPv6 request", 547, 1, 0, 0, false},
};

static void make_dhcp(const struct dhcp *r)
{
	mk_eth(&m, MK_MAC, MK_OTHER, r->v6 ? 0x86dd : 0x0800);
	if (r->v6)
		mk_ipv6(&m, 17, MK_IP6_2, MK_IP6);
	else
		mk_ipv4(&m, 17, MK_IP2, MK_IP);
	if (r->ext)
		mk_ext(&m, 60, "\x01\x04\0\0\0\0");
	mk_udp(&m, 4000, r->port);
	mk_payload(&m, 301);
	mk_finish(&m, 0);
	for (unsigned i = 0; i < r->tags; i++) {
		mk_tag(&m, 0x8100, 7);
		m.l4 += 4;
	}
}

static void test_dhcp(const struct dhcp *r)
{
	struct ldp *l;
	struct got got;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, ALL, 18);
	l->conf.vlan.mode = VLAN_TRUNK;
	make_dhcp(r);
	come(0, 0);
	got = take(l);
	ok(got.frames == 1 && !got.bad, "%s comes, and its checksum is right if it is there",
	   r->name);
	is_int(got.vnet.flags, r->completed ? 0 : CSUM, "%s comes with its checksum %s", r->name,
	       r->completed ? "filled in" : "still to be filled in");
	bench_free(b);
}

/* One frame of `payload` bytes comes and is dropped for `reason`. */
static void drops(struct ldp *l, uint8_t gso, uint16_t size, unsigned reason, const char *name)
{
	uint64_t before = l->count.drops[reason], all = bench_drops(l);

	come(gso, size);
	is_int(take(l).frames, 0, "%s does not come", name);
	ok(l->count.drops[reason] == before + 1 && bench_drops(l) == all + 1, "%s is counted as %s",
	   name, ldp_drop_name(reason));
}

static void passes(struct ldp *l, uint8_t gso, uint16_t size, const char *name)
{
	uint64_t before = bench_drops(l);

	come(gso, size);
	ok(take(l).frames > 0 && bench_drops(l) == before, "%s comes to the guest", name);
}

static void test_too_long(void)
{
	struct ldp *l;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, ALL, 12);
	make(K_TCP4, MK_MAC, 1460);
	passes(l, 0, 0, "a frame of the mtu");
	make(K_TCP4, MK_MAC, 1461);
	drops(l, 0, 0, LDP_DROP_RX_OVERSIZE, "a frame of a byte more than the mtu");
	make(K_TCP4, MK_MAC, 3000);
	passes(l, TCP4, 1460, "a frame of segments of the mtu");
	drops(l, TCP4, 1461, LDP_DROP_RX_OVERSIZE,
	      "a frame of segments of a byte more than the mtu");
	l->conf.mtu = 9000;
	make(K_TCP4, MK_MAC, 4076 - 54);
	passes(l, 0, 0, "a frame that fills the ring");
	make(K_TCP4, MK_MAC, 4077 - 54);
	drops(l, 0, 0, LDP_DROP_RX_OVERSIZE, "a frame of a byte more than the ring");
	bench_free(b);
}

/* What one frame of the uplink means for the loop is bounded, whatever it says of its segments. */
static void test_segments(void)
{
	struct ldp *with, *without;
	uint64_t before;

	b = bench_new_with(GUESTS, NULL, NULL);
	with = guest(0, ALL, 20);
	without = guest(1, 0, 20);
	queues_set_rate(without, UINT64_MAX / 16);
	make(K_TCP4, MK_MAC, 2048);
	passes(with, TCP4, 1, "a frame of 2048 segments");
	is_int(with->count.rx_frames, 2048 / RX_SEGMENTS_MAX,
	       "a frame of 2048 segments comes in parts");
	make(K_TCP4, MK_MAC, 2049);
	drops(with, TCP4, 1, LDP_DROP_RX_SEGMENTS, "a frame of 2049 segments");
	make(K_TCP4, (const char *)bench_mac(1), 2048);
	passes(without, TCP4, 1, "a frame of 2048 segments for a guest without offloads");
	is_int(without->count.rx_frames, 2048, "a guest without offloads gets each segment");
	make(K_TCP4, (const char *)bench_mac(1), 65000);
	before = b->dp->work.pieces;
	drops(without, TCP4, 1, LDP_DROP_RX_SEGMENTS, "a frame of 65000 segments");
	is_int(b->dp->work.pieces - before, 1, "a frame of 65000 segments costs one piece of work");
	bench_free(b);
}

static void test_not_for_it(void)
{
	struct ldp *l;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, ALL, 12);
	make(K_TCP4, MK_MAC, 1460);
	mk_tag(&m, 0x8100, 7);
	m.l4 += 4;
	drops(l, 0, 0, LDP_DROP_RX_VLAN, "a frame with a tag that is not the guest's");
	l->conf.vlan.mode = VLAN_TRUNK;
	passes(l, 0, 0, "a frame beyond the mtu with a tag that is the guest's");

	make(K_TCP4, MK_MAC, 100);
	l->frozen = true;
	drops(l, 0, 0, LDP_DROP_RX_FULL, "a frame to a guest that is suspended");
	l->frozen = false;
	l->failed = true;
	drops(l, 0, 0, LDP_DROP_RX_FULL, "a frame to a guest that broke the protocol");
	l->failed = false;
	passes(l, 0, 0, "a frame to a guest that keeps to the protocol");
	bench_free(b);
}

/* Nobody takes frames out of the ring: it fills, then the queue, then they are dropped. */
static void test_full(void)
{
	struct ldp *l;
	unsigned n = 0;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, ALL, 12);
	make(K_TCP4, MK_MAC, 1000);
	while (l->count.drops[LDP_DROP_RX_FULL] == 0 && n++ < 1000)
		come(0, 0);
	ok(n > 55 && n < 65, "%u frames of 1054 bytes wait at most", n - 1);
	ok(l->rx_blocked && b->guest[0].chan.tell_read,
	   "a full ring makes the backend ask for an event");
	is_int(take(l).frames, n - l->count.drops[LDP_DROP_RX_FULL],
	       "all frames that were not dropped come to the guest");
	bench_free(b);
}

/* How many frames each guest found; they all take the frame whole. */
static void heard(const char *name, unsigned first, unsigned second, unsigned third)
{
	unsigned n[GUESTS];

	for (uint32_t slot = 0; slot < GUESTS; slot++)
		n[slot] = take(b->guest[slot].ldp).frames;
	if (!ok(n[0] == first && n[1] == second && n[2] == third, "%s", name))
		diag("got %u, %u, %u", n[0], n[1], n[2]);
}

static void test_who(void)
{
	b = bench_new_with(GUESTS, NULL, NULL);
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		guest(slot, ALL, 18);
	make(K_UDP4, MK_MAC, 100);
	come(0, 0);
	heard("a frame to one guest comes to that guest alone", 1, 0, 0);
	memcpy(m.b, bench_mac(2), 6);
	if (send(b->wire, "rubbish, longer than a header", 20, 0) < 0)
		abort();
	come(0, 0);
	heard("a frame to another guest comes behind something that is no frame", 0, 0, 1);
	is_int(b->dp->rx.malformed, 1, "something that is no frame is counted");
	memcpy(m.b, MK_OTHER, 6);
	come(0, 0);
	heard("a frame to nobody comes to no guest", 0, 0, 0);
	memcpy(m.b, MK_BCAST, 6);
	come(0, 0);
	heard("a broadcast of the world comes to all guests", 1, 1, 1);
	memcpy(m.b, "\x01\x00\x5e\x00\x00\xfb", 6);
	come(0, 0);
	heard("a multicast of the world comes to all guests", 1, 1, 1);
	bench_free(b);
}

/* A guest's frame lies in pieces: its headers, copied out, and the rest in its ring. */
static void test_pieces(void)
{
	struct virtio_net_hdr_v1 vnet;
	struct frame_info fi;
	struct flood_plan plan;
	struct rx_source src;
	struct iovec iov[3];

	b = bench_new_with(GUESTS, NULL, NULL);
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		guest(slot, slot == 0 ? 0 : ALL, 18);
	make(K_TCP4, MK_BCAST, 1400);
	vnet = MK_VNET(CSUM, 0, 0, m.l4, 16);
	frame_parse(m.b, FRAME_HDR_MAX, m.len, &fi);
	iov[0] = (struct iovec){m.b, FRAME_HDR_MAX};
	iov[1] = (struct iovec){m.b + FRAME_HDR_MAX, 99};
	iov[2] = (struct iovec){m.b + FRAME_HDR_MAX + 99, m.len - FRAME_HDR_MAX - 99};
	src = (struct rx_source){.vnet = &vnet,
				 .fi = &fi,
				 .hdr = m.b,
				 .hdr_len = FRAME_HDR_MAX,
				 .iov = iov,
				 .iovcnt = 3,
				 .cost_bytes = m.len + 4};
	is_int(flood_judge(b->dp, b->guest[1].ldp, &src, &plan), FRAME_OK,
	       "a broadcast of a guest may be sent");
	is_int(rx_flood(b->dp, b->guest[1].ldp, &src, &plan), GUESTS - 1,
	       "a broadcast of a guest is copied for each other guest");
	bench_receive(b);
	is_int(take(b->guest[0].ldp).bad, 0,
	       "a broadcast of a guest is right where its checksum was completed");
	is_int(take(b->guest[2].ldp).bad, 0,
	       "a broadcast of a guest is right where its checksum was not completed");
	is_int(b->guest[0].ldp->count.rx_frames, 1,
	       "a guest without offloads has one copy of the broadcast");
	is_int(b->guest[2].ldp->count.rx_frames, 1,
	       "a guest with offloads has one copy of the broadcast");
	is_int(b->guest[1].ldp->count.rx_frames, 0, "the sender has no copy of its broadcast");
	bench_free(b);
}

/* The latency target at rx-capacity is the longest frame that the lottery delivers. */
static void test_capped(void)
{
	struct ldp *l;
	struct got got;

	b = bench_new_with(GUESTS, NULL, NULL);
	l = guest(0, ALL, 18);
	sched_set_capacity(b->dp->rx_sched, 500000000);
	make(K_TCP4, MK_MAC, 40 * 1460);
	come(TCP4, 1460);
	got = take(l);
	is_int(got.frames, 5, "40 segments come in parts of 8");
	is_int(got.largest, m.l4 + 20 + 8 * 1460,
	       "40 segments come in parts of at most the latency target");
	ok(got.payload == 40 * 1460 && !got.bad, "40 segments in parts come with all bytes");
	is_int(l->count.rx_bytes, 40 * (m.l4 + 20 + 1460 + 4),
	       "40 segments in parts are charged as in one");
	bench_free(b);
}

/* Small frames for one guest cost as much as full ones for another: each has half of a batch. */
static void test_frame_cost(void)
{
	static const struct virtio_net_hdr_v1 plain;

	b = bench_new_with(GUESTS, NULL, NULL);
	b->dp->rx.frame_cost_bytes = 1518;
	for (uint32_t slot = 0; slot < 2; slot++) {
		guest(slot, ALL, 18);
		make(K_UDP4, (const char *)bench_mac(slot), slot ? 1472 : 18);
		for (unsigned i = 0; i < 40; i++)
			bench_come(b, &plain, m.b, m.len);
		while (rx_uplink_read(b->dp))
			;
	}
	rx_run(b->dp);
	ok(b->guest[0].ldp->count.rx_frames >= 28 && b->guest[0].ldp->count.rx_frames <= 36,
	   "frames of 64 bytes cost as much as is configured: %u of 64 frames",
	   (unsigned)b->guest[0].ldp->count.rx_frames);
	bench_free(b);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_form(&rows[i]);
	for (size_t i = 0; i < sizeof(dhcp_rows) / sizeof(dhcp_rows[0]); i++)
		test_dhcp(&dhcp_rows[i]);
	test_too_long();
	test_segments();
	test_not_for_it();
	test_full();
	test_who();
	test_pieces();
	test_capped();
	test_frame_cost();
	return done_testing();
}
