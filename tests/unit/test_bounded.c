/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a guest's ring holds, and however fast the guest fills it again: a turn of the frame
 * loop ends after a bounded number of messages, pieces and bytes, and every message costs its
 * sender.
 */
#include <stdlib.h>

#include "backend/datapath/rx.h"
#include "backend/datapath/rx_uplink.h"
#include "backend/datapath/tx.h"
#include "backend/datapath/tx_head.h"
#include "backend/datapath/tx_room.h"
#include "backend/frame/vnet.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkmcast.h"
#include "tests/unit/tap.h"

#define ORDER  20
#define GUESTS 8
#define USO    5
#define CSUM   VIRTIO_NET_HDR_F_NEEDS_CSUM

/* What one message may mean at most, which may come when a batch is nearly full. */
#define LAST_PIECES (RX_SEGMENTS_MAX + MCAST_RECORDS_MAX + GUESTS + 1)
#define LAST_BYTES  (2u * WIRE_FRAME_MAX * GUESTS)

static const struct virtio_net_hdr_v1 plain;
static struct bench *b;
static struct mk m;
static struct virtio_net_hdr_v1 vnet;

static bool give(void)
{
	static uint8_t body[WIRE_BODY_MAX];

	memcpy(body, &vnet, WIRE_VNET_LEN);
	memcpy(body + WIRE_VNET_LEN, m.b, m.len);
	return chan_message(&b->guest[0].chan, WIRE_DATA, body, WIRE_VNET_LEN + m.len);
}

static void fill(void)
{
	while (give())
		;
}

/* The guest is as fast as anyone could be: each time that it is looked at the ring is full. */
static void on_moment(struct chan *c, enum chan_moment what)
{
	(void)c;
	(void)what;
	fill();
}

/* Small rings and no offloads, so that every frame for them is cut. */
static void begin(void)
{
	struct ldp_conf conf;

	b = bench_new_with(GUESTS, NULL, NULL);
	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		conf = bench_ldp_conf(slot);
		conf.rx_features = 0;
		bench_add(b, slot, &conf, slot == 0 || slot == 2 ? ORDER : 12);
	}
	b->guest[0].chan.moment = on_moment;
	vnet = plain;
}

/* One run of one kind, over a full ring. */
static void is_bounded(bool (*run)(struct dpath *), const char *kind, const char *what)
{
	struct core_work before = b->dp->work, after;
	uint32_t size = wire_size(WIRE_VNET_LEN + m.len), taken;

	bench_drain(b);
	tx_unblock(b->dp);
	fill();
	taken = bench_given(b, 0);
	b->guest[0].chan.moment = NULL;
	tx_scan(b->dp, b->guest[0].ldp);
	run(b->dp);
	core_commit(b->dp);
	taken -= bench_given(b, 0);
	b->guest[0].chan.moment = on_moment;
	after = b->dp->work;
	ok(taken <= CORE_BATCH * size, "%s: %s ends after %u messages at most, %u", what, kind,
	   CORE_BATCH, taken / size);
	ok(after.pieces - before.pieces <= CORE_BATCH_PIECES + LAST_PIECES,
	   "%s: %s ends after some pieces, %u", what, kind,
	   (unsigned)(after.pieces - before.pieces));
	ok(after.bytes - before.bytes <= CORE_BATCH_BYTES + LAST_BYTES,
	   "%s: %s ends after some bytes, %u", what, kind, (unsigned)(after.bytes - before.bytes));
}

/* The same with a guest that refills all the time: the run ends, or the test would not. */
static void ends(bool (*run)(struct dpath *), const char *kind, const char *what)
{
	struct core_work before = b->dp->work;

	bench_drain(b);
	tx_unblock(b->dp);
	fill();
	tx_scan(b->dp, b->guest[0].ldp);
	run(b->dp);
	core_commit(b->dp);
	ok(b->dp->work.pieces - before.pieces <= CORE_BATCH_PIECES + LAST_PIECES,
	   "%s: %s ends though the guest goes on", what, kind);
	ok(b->dp->work.bytes - before.bytes <= CORE_BATCH_BYTES + LAST_BYTES,
	   "%s: %s ends after some bytes though the guest goes on", what, kind);
}

/* Every message is charged: the scheduler lets the next LDP in. */
static void is_fair(const char *what)
{
	uint64_t frames = b->guest[1].ldp->count.tx_frames;
	struct mk keep = m;
	unsigned turns = 0;

	mk_eth(&m, MK_OTHER, (const char *)bench_mac(1), 0x88b5);
	mk_payload(&m, 100);
	bench_give(b, 1, &plain, m.b, m.len);
	m = keep;
	fill();
	while (b->guest[1].ldp->count.tx_frames == frames && turns++ < 100) {
		bench_drain(b);
		tx_unblock(b->dp);
		bench_turn(b);
	}
	ok(turns <= 3, "%s: another guest's frame leaves within %u turns", what, turns + 1);
}

static void try(const char *what)
{
	is_bounded(tx_run, "a run", what);
	is_bounded(tx_run_local, "a local run", what);
	ends(tx_run, "a run", what);
	ends(tx_run_local, "a local run", what);
	is_fair(what);
	ok(!b->guest[0].ldp->failed, "%s: the guest is not failed", what);
	bench_free(b);
}

static void ether(const void *dst, uint32_t payload)
{
	mk_eth(&m, dst, (const char *)bench_mac(0), 0x88b5);
	mk_payload(&m, payload);
}

static void test_refused(void)
{
	begin();
	ether(MK_OTHER, 0);
	try("the smallest frames");
	begin();
	ether(MK_OTHER, 0);
	m.b[11]++;
	try("frames with a wrong source");
	begin();
	ether(MK_OTHER, 20);
	mk_tag(&m, 0x8100, 5);
	try("frames with a wrong tag");
	begin();
	ether(MK_OTHER, 30000);
	try("frames longer than the mtu");
	begin();
	ether(MK_OTHER, 100);
	vnet = MK_VNET(CSUM, 0, 0, 40000, 0);
	try("frames with an impossible header");
	begin();
	ether(MK_BCAST, 0);
	b->guest[0].ldp->flood.no_frames = true;
	try("broadcasts that are not allowed");
	begin();
	ether(bench_mac(2), 0);
	try("the smallest frames to a guest");
	begin();
	ether(bench_mac(0), 0);
	try("frames to itself");
}

/* A datagram in as many segments as a header may ask for. */
static void datagram(const void *mac, const char *ip)
{
	mk_eth(&m, mac, (const char *)bench_mac(0), 0x0800);
	mk_ipv4(&m, 17, MK_IP, ip);
	mk_udp(&m, 1, 2);
	mk_payload(&m, 216 * 303);
	mk_finish(&m, 0);
	vnet = MK_VNET(CSUM, USO, 216, m.l4, 6);
}

static void test_segments(void)
{
	begin();
	datagram(MK_OTHER, MK_IP2);
	try("datagrams of 303 segments");
	begin();
	sched_set_capacity(b->dp->tx_sched, 100000000);
	datagram(MK_OTHER, MK_IP2);
	try("datagrams of 303 segments on a slow uplink");
	begin();
	datagram(bench_mac(2), MK_IP2);
	try("datagrams of 303 segments to a guest");
	begin();
	b->guest[2].ldp->conf.rx_features = VNET_F_CSUM | VNET_F_USO;
	b->guest[2].ldp->conf.mtu = 65521;
	datagram(bench_mac(2), MK_IP2);
	vnet.gso_size = 1400;
	try("long datagrams to a guest");
	begin();
	datagram("\x01\0\x5e\1\2\3", MKM_G1);
	flood_limit_set(&b->guest[0].ldp->flood, 1000000, 0, b->dp->now_ns);
	try("datagrams of 303 segments to a group");
	begin();
	datagram("\x01\0\x5e\1\2\3", MKM_G1);
	for (uint32_t slot = 1; slot < GUESTS; slot++)
		groups_join(b->dp->flood.groups, slot, 0,
			    &(struct mcast_addr){{[10] = 0xff, 0xff, 239, 1, 2, 3}}, b->dp->now_ns);
	try("datagrams of 303 segments to a group that all joined");
}

/* A ring holds 1 MiB, so it takes several guests to write more than that. */
static void test_many_guests(void)
{
	struct core_work before;
	struct ldp_conf conf;

	b = bench_new_with(GUESTS, NULL, NULL);
	for (uint32_t slot = 0; slot < GUESTS; slot++) {
		conf = bench_ldp_conf(slot);
		bench_add(b, slot, &conf, ORDER);
	}
	for (uint32_t slot = 1; slot < GUESTS; slot++) {
		datagram(bench_mac(0), MK_IP2);
		vnet.gso_size = 1400;
		memcpy(m.b + 6, bench_mac(slot), 6);
		for (unsigned i = 0; i < 15; i++)
			bench_give(b, slot, &vnet, m.b, m.len);
		tx_scan(b->dp, b->guest[slot].ldp);
	}
	before = b->dp->work;
	ok(tx_run_local(b->dp), "more waits when seven guests send");
	ok(b->dp->work.bytes - before.bytes <= CORE_BATCH_BYTES + LAST_BYTES,
	   "a run ends after some bytes when seven guests send");
	bench_free(b);
}

/* A report of 180 groups, each time others. */
static void test_reports(void)
{
	static char body[8 + 180 * 8] = {0x22, [7] = (char)180};

	begin();
	flood_limit_set(&b->guest[0].ldp->flood, 1000000, 0, b->dp->now_ns);
	for (unsigned i = 0; i < 180; i++)
		memcpy(body + 8 + 8 * i, (char[]){4, 0, 0, 0, (char)0xef, 1, 1, (char)i}, 8);
	mkm_igmp(&m, (const char *)bench_mac(0), "\xe0\0\0\x16", body, sizeof(body));
	try("reports of 180 groups");
	begin();
	flood_limit_set(&b->guest[0].ldp->flood, 1000000, 0, b->dp->now_ns);
	b->guest[0].ldp->conf.mtu = 65521;
	mkm_begin(&m, (const char *)bench_mac(0), 0, "\xe0\0\0\x16");
	mk_ipv4(&m, 2, MK_IP, "\xe0\0\0\x16");
	mk_add(&m, "\x22\0\0\0\0\0\x1f\x40", 8);
	for (unsigned i = 0; i < 8000; i++)
		mk_add(&m, (char[]){4, 0, 0, 0, (char)0xef, 1, (char)(i >> 8), (char)i}, 8);
	mk_finish(&m, 1);
	mk_be16(&m, m.l4 + 2, ~mk_sum(m.b + m.l4, m.len - m.l4, 0));
	try("reports of 8000 groups");
}

/* Messages that are no frames do not keep the loop busy: the guest is failed at the first. */
static void test_no_frames(void)
{
	static const struct wire_hdr rows[] = {
		{0, 0, 0, 0},  {0, 1, 0, 0},  {0, 3, 0, 0},	     {24, 2, 0, 0},
		{26, 1, 1, 0}, {26, 1, 0, 1}, {UINT32_MAX, 1, 0, 0},
	};

	static const uint8_t body[24];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core_work before;

		begin();
		b->guest[0].chan.moment = NULL;
		before = b->dp->work;
		while (chan_room(&b->guest[0].chan) >= 32) {
			chan_write(&b->guest[0].chan, &rows[i], sizeof(rows[i]));
			chan_write(&b->guest[0].chan, body,
				   rows[i].len == sizeof(body) ? sizeof(body) : 0);
		}
		tx_scan(b->dp, b->guest[0].ldp);
		ok(b->guest[0].ldp->failed,
		   "a ring of messages of type %u and length %u fails its guest", rows[i].type,
		   rows[i].len);
		is_int(b->dp->work.pieces, before.pieces,
		       "and no message of type %u and length %u is looked at twice", rows[i].type,
		       rows[i].len);
		bench_free(b);
	}
}

/* What the uplink brings, to a group that all joined. */
static void test_uplink(void)
{
	struct core_work before;

	begin();
	b->guest[0].chan.moment = NULL;
	for (uint32_t slot = 0; slot < GUESTS; slot++)
		groups_join(b->dp->flood.groups, slot, 0,
			    &(struct mcast_addr){{[10] = 0xff, 0xff, 239, 1, 2, 3}}, b->dp->now_ns);
	datagram("\x01\0\x5e\1\2\3", MKM_G1);
	memcpy(m.b + 6, MK_OTHER, 6);
	before = b->dp->work;
	bench_come(b, &vnet, m.b, m.len);
	rx_uplink_read(b->dp);
	ok(b->dp->work.pieces - before.pieces <= CORE_BATCH_PIECES + 304 * GUESTS,
	   "a frame of the uplink for all guests is bounded by its segments for each");
	bench_free(b);
}

int main(void)
{
	test_refused();
	test_segments();
	test_many_guests();
	test_reports();
	test_no_frames();
	test_uplink();
	return done_testing();
}
