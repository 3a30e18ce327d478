/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that a guest has flagged as those of a light flow leave before its other frames, and
 * before nobody else's. Time stands still, so a turn is one batch of draws.
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

static struct bench *b;
static struct mk m;

/* `guests` that may flag frames, or may not. */
static void begin(unsigned guests, bool sparse)
{
	struct ldp_conf conf;

	b = bench_new_with(guests, NULL, NULL);
	for (uint32_t slot = 0; slot < guests; slot++) {
		conf = bench_ldp_conf(slot);
		conf.sparse = sparse;
		bench_add(b, slot, &conf, BENCH_RING_ORDER);
	}
}

/* A plain frame of `len` bytes with the number n. */
static void give(uint32_t slot, const void *dst, uint32_t len, uint8_t n, bool sparse)
{
	static const struct virtio_net_hdr_v1 plain;

	mk_eth(&m, dst, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, len - FRAME_ETH_LEN);
	m.b[FRAME_ETH_LEN] = n;
	(sparse ? bench_give_sparse : bench_give)(b, slot, &plain, m.b, m.len);
}

/* The numbers of what has left, as letters; those of guest 1 as capitals, a part of a frame as '.'.
 */
static const char *left(void)
{
	static uint8_t frame[WIRE_FRAME_MAX];
	static char text[4096];
	struct virtio_net_hdr_v1 vnet;
	size_t n = 0;

	while (bench_left(b, &vnet, frame) > 0 && n < sizeof(text) - 1) {
		if (frame[12] == 0x08)
			text[n++] = '.';
		else
			text[n++] = (char)((frame[11] == bench_mac(1)[5] ? 'A' : 'a') +
					   frame[FRAME_ETH_LEN]);
	}
	text[n] = '\0';
	return text;
}

static void test_first(void)
{
	begin(1, true);
	give(0, MK_OTHER, 1000, 0, false);
	give(0, MK_OTHER, 1000, 1, false);
	give(0, MK_OTHER, 100, 2, true);
	give(0, MK_OTHER, 1000, 3, false);
	give(0, MK_OTHER, 100, 4, true);
	bench_turn(b);
	is_str(left(), "ceabd", "flagged frames leave first, all others in order");
	is_int(bench_given(b, 0), 0, "all are out of the ring");
	is_int(b->guest[0].ldp->count.tx_frames, 5, "each is counted once");
	give(0, MK_OTHER, 1000, 5, false);
	give(0, MK_OTHER, 100, 6, true);
	bench_turn(b);
	is_str(left(), "gf", "so do frames that come later");
	bench_free(b);
}

static void test_not_negotiated(void)
{
	begin(1, false);
	give(0, MK_OTHER, 1000, 0, false);
	give(0, MK_OTHER, 100, 1, true);
	bench_turn(b);
	is_str(left(), "a", "without feature-sparse the frame before a flagged one leaves");
	ok(b->guest[0].ldp->failed, "without feature-sparse a flagged frame fails its LDP");
	bench_free(b);
}

/* The uplink is full: the ring is freed only up to the first frame that waits. */
static void test_freed(void)
{
	uint32_t before, all;

	begin(1, true);
	bench_hold(b, LINK_HOLD_ALL);
	for (uint8_t i = 0; i < 3; i++)
		give(0, MK_OTHER, 1000, i, false);
	give(0, bench_mac(0), 100, 3, true); /* refused at once, or sent: it is done first */
	bench_turn(b);
	all = bench_given(b, 0);
	bench_hold(b, LINK_HOLD_NONE);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){1}, sizeof(int));
	bench_turn(b);
	before = bench_given(b, 0);
	ok(b->dp->tx.blocked, "the uplink is full");
	ok(before % 8 == 0 && before <= all, "what is freed is whole messages");
	while (b->dp->tx.blocked) {
		left();
		tx_unblock(b->dp);
		bench_turn(b);
	}
	is_int(bench_given(b, 0), 0, "in the end all is free");
	is_int(b->guest[0].ldp->count.tx_frames, 4, "no frame is lost or sent twice");
	bench_free(b);
}

/* A flagged frame is sent and the one before it waits: the guest cannot have its room yet. */
static void test_freed_in_order(void)
{
	begin(2, true);
	bench_hold(b, LINK_HOLD_ALL);
	give(0, MK_OTHER, 1000, 0, false);
	give(0, bench_mac(1), 100, 1, true);
	bench_turn(b);
	is_int(bench_take_frames(b, 1), 1, "a flagged frame passes one that must wait");
	is_int(bench_given(b, 0), wire_size(WIRE_VNET_LEN + 1000) + wire_size(WIRE_VNET_LEN + 100),
	       "the room of a frame is not free before that of the frame before it");
	bench_hold(b, LINK_HOLD_NONE);
	bench_turn(b);
	is_str(left(), "a", "the frame that waited leaves");
	is_int(bench_given(b, 0), 0, "then both are free");
	bench_free(b);
}

static struct virtio_net_hdr_v1 make_gso(unsigned segments, const void *dst)
{
	mk_eth(&m, dst, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, segments * 1000);
	mk_finish(&m, 0);
	return MK_VNET(CSUM, TCP4, 1000, m.l4, 16);
}

/* The frame in m leaves in 60 parts; a flagged frame comes after the first ones. */
static void test_between_parts(const void *dst, const char *what)
{
	struct virtio_net_hdr_v1 in = make_gso(60, dst);
	unsigned parts = 0, rounds = 0;
	const char *got, *light = NULL;
	static struct mk gso;

	gso = m;
	begin(1, true);
	sched_set_capacity(b->dp->tx_sched, 16000000);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){20000}, sizeof(int));
	bench_give(b, 0, &in, gso.b, gso.len);
	bench_turn(b);
	ok(b->guest[0].ldp->cut.done > 0, "the uplink is full in the middle of %s", what);
	give(0, MK_OTHER, 100, 1, true);
	while (rounds++ < 200 && (parts < 60 || !light)) {
		bench_pass(b, NS_PER_MS);
		got = left();
		for (const char *p = got; *p; p++)
			parts += *p == '.';
		if (!light && strchr(got, 'b')) {
			light = got;
			ok(parts < 60, "a flagged frame leaves between the parts of %s: after %u",
			   what, parts);
		}
		tx_unblock(b->dp);
		tx_rejudge(b->dp); /* which must not forget the rest */
		bench_turn(b);
	}
	is_int(parts, 60, "all parts of %s leave", what);
	is_int(bench_given(b, 0), 0, "%s and the flagged frame are out of the ring", what);
	is_int(b->guest[0].ldp->count.tx_frames, 2, "%s counts as one frame", what);
	is_int(b->guest[0].ldp->count.tx_bytes, 60 * (14 + 20 + 20 + 1000 + 4) + 104,
	       "%s and the flagged frame are charged what they take on the wire", what);
	is_int(bench_drops(b->guest[0].ldp), 0, "no part of %s is dropped", what);
	bench_free(b);
}

/* The guest writes over a header that was looked at. */
static void test_read_once(void)
{
	struct chan *c;

	begin(1, true);
	c = &b->guest[0].chan;
	bench_hold(b, LINK_HOLD_ALL);
	give(0, MK_OTHER, 1000, 0, false);
	give(0, MK_OTHER, 500, 1, false);
	give(0, MK_OTHER, 600, 2, false);
	bench_turn(b); /* all are looked at, the first is the head */
	for (uint32_t i = 0; i < 8; i++)
		c->out_bytes[(c->out->cons + wire_size(WIRE_VNET_LEN + 1000) + i) % c->size] = 0xff;
	bench_hold(b, LINK_HOLD_NONE);
	bench_turn(b);
	is_str(left(), "abc", "what a header says after it was looked at does not count");
	ok(!b->guest[0].ldp->failed && bench_given(b, 0) == 0,
	   "what a header says after it was looked at harms nobody");
	bench_free(b);
}

/* Behind the messages that were looked at there are still others. */
static void test_many(void)
{
	unsigned rounds = 0;
	size_t n = 0;
	bool last_first = false;

	begin(1, true);
	for (unsigned i = 0; i < 1000; i++)
		give(0, MK_OTHER, 60, 0, false);
	give(0, MK_OTHER, 60, 1, true);
	while (n < 1001 && rounds++ < 100) {
		const char *got;

		bench_turn(b);
		got = left();
		n += strlen(got);
		if (strchr(got, 'b'))
			last_first = n < 1001 || got[strlen(got) - 1] != 'b';
	}
	is_int(n, 1001, "more messages than are looked at leave all the same");
	ok(last_first, "a flagged one is found as soon as there is room to look at it");
	bench_free(b);
}

static void test_index_back(void)
{
	begin(1, true);
	bench_hold(b, LINK_HOLD_ALL);
	give(0, MK_OTHER, 1000, 0, false);
	give(0, MK_OTHER, 1000, 1, false);
	bench_turn(b);
	b->guest[0].chan.out->prod -= 8;
	bench_pass(b, NS_PER_SEC);
	bench_hold(b, LINK_HOLD_NONE);
	bench_turn(b);
	ok(b->guest[0].ldp->failed,
	   "an index that goes back behind what was looked at fails the LDP");
	bench_free(b);
}

/*
 * Two guests, of which the first flags every third frame or none. All frames of it are of the same
 * length, so the order of draws must be the same, too.
 */
static void play(bool flag, uint32_t light_len, char *order, uint64_t bytes[2])
{
	unsigned rounds = 0;

	begin(2, true);
	sched_set_capacity(b->dp->tx_sched, 100000000);
	setsockopt(b->up.fd, SOL_SOCKET, SO_SNDBUF, &(int){20000}, sizeof(int));
	for (unsigned i = 0; i < 100; i++) {
		give(0, MK_OTHER, i % 3 ? 1000 : light_len, i % 3 == 0, flag && i % 3 == 0);
		give(1, MK_OTHER, 700, 0, false);
	}
	*order = '\0';
	do {
		bench_turn(b);
		strcat(order, left());
		bytes[0] = b->guest[0].ldp->count.tx_bytes;
		bytes[1] = b->guest[1].ldp->count.tx_bytes;
		bench_pass(b, NS_PER_MS);
		tx_unblock(b->dp);
	} while (strlen(order) < 200 && rounds++ < 1000);
	bench_free(b);
}

/* While both have frames: how far apart they were at most, in bytes on the wire. */
static int64_t apart(const char *order, uint32_t light_len)
{
	int64_t ahead = 0, most = 0;
	unsigned left0 = 100, left1 = 100;

	for (; *order && left0 && left1; order++) {
		bool second = *order == 'A';

		*(second ? &left1 : &left0) -= 1;
		ahead += second ? -704 : *order == 'b' ? (int64_t)light_len + 4 : 1004;
		if (ahead > most || -ahead > most)
			most = ahead < 0 ? -ahead : ahead;
	}
	return most;
}

/* As which of the two it goes: all frames of the first are alike here. */
static void blur(char *order)
{
	for (; *order; order++)
		*order = *order == 'b' ? 'a' : *order;
}

static void test_others(void)
{
	static char with[8192], without[8192];
	uint64_t a[2], o[2];

	play(true, 1000, with, a);
	play(false, 1000, without, o);
	ok(apart(with, 1000) < 4 * 1004,
	   "with flags no guest is ahead by more than some frames: %lld",
	   (long long)apart(with, 1000));
	blur(with);
	blur(without);
	is_int(strlen(with), 200, "all frames of two guests leave");
	is_str(with, without, "flags of one guest move no frame of another one");
	play(true, 100, with, a);
	play(false, 100, without, o);
	ok(apart(with, 100) < 4 * 1004,
	   "with flags on short frames no guest is ahead by more than some frames: %lld",
	   (long long)apart(with, 100));
	ok(a[0] == o[0] && a[1] == o[1],
	   "with flags two guests send the same bytes as without, whatever is flagged");
}

int main(void)
{
	test_first();
	test_not_negotiated();
	test_freed();
	test_freed_in_order();
	test_between_parts(MK_OTHER, "a long frame");
	test_between_parts(MK_BCAST, "a long broadcast");
	test_read_once();
	test_many();
	test_index_back();
	test_others();
	return done_testing();
}
