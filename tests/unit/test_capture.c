/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures in the frame loop: each frame once, whichever way it goes and whatever becomes of it. */
#include "backend/datapath/capture.h"

#include "backend/datapath/members.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct bench *b;
static struct mk m;
static const struct virtio_net_hdr_v1 plain;
static void *mem[CAPRING_MAX];
static struct capring_reader reader[CAPRING_MAX];
static uint8_t bytes[CAPRING_FRAME_MAX];

/* A ring that gets the frames of the guest in this slot. */
static void begin(unsigned number, uint32_t slot, const uint8_t *uuid)
{
	struct msg order = {.type = MSG_CAPTURE, .slot = LDP_SLOT_NONE};

	mem[number] = calloc(1, capring_bytes());
	order.capture.number = number;
	order.capture.mem = mem[number];
	order.capture.wanted.domid = slot + 1;
	if (uuid)
		memcpy(order.capture.wanted.uuid, uuid, 16);
	members_obey(b->dp, &order);
	if (capring_attach(&reader[number], mem[number], capring_bytes()) < 0)
		abort();
}

/* It ends. Was that answered? */
static bool end(unsigned number)
{
	struct msg order = {.type = MSG_CAPTURE_END, .slot = LDP_SLOT_NONE}, *answer;
	bool answered = false;

	order.capture.number = number;
	members_obey(b->dp, &order);
	while ((answer = bench_mail(b))) {
		answered |= answer->type == MSG_CAPTURE_ENDED && answer->capture.number == number;
		free(answer);
	}
	free(mem[number]);
	return answered;
}

/* What was captured since the last call. */
struct seen {
	unsigned tx, rx, dropped;
	struct capring_record last;
};

static struct seen look(unsigned number)
{
	struct seen s = {0};

	while (capring_get(&reader[number], &s.last, bytes) > 0) {
		if (s.last.reason)
			s.dropped++;
		else if (s.last.dir == CAPRING_TX)
			s.tx++;
		else
			s.rx++;
	}
	return s;
}

static bool sees(unsigned number, unsigned tx, unsigned rx, unsigned dropped)
{
	struct seen s = look(number);

	if (s.tx != tx || s.rx != rx || s.dropped != dropped)
		diag("tx %u, rx %u, dropped %u", s.tx, s.rx, s.dropped);
	return s.tx == tx && s.rx == rx && s.dropped == dropped;
}

static void turn(void)
{
	bool more = true;

	for (unsigned i = 0; i < 100 && more; i++)
		more = bench_turn(b);
}

static void give(uint32_t slot, const void *dst, uint32_t payload)
{
	mk_eth(&m, dst, (const char *)bench_mac(slot), 0x88b5);
	mk_payload(&m, payload);
	bench_give(b, slot, &plain, m.b, m.len);
	turn();
}

static void come(const void *dst, uint32_t payload)
{
	mk_eth(&m, dst, MK_OTHER, 0x88b5);
	mk_payload(&m, payload);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	turn();
}

static void test_ways(void)
{
	char name[CAPRING_REASON_MAX + 1];
	struct seen s;

	b = bench_new(3);
	turn();
	begin(0, 0, NULL);
	begin(1, 1, NULL);
	give(0, MK_OTHER, 100);
	ok(memcmp(bytes, bytes, 1) == 0 && sees(0, 1, 0, 0),
	   "a frame to the uplink is captured once");
	come(bench_mac(0), 1000);
	ok(sees(0, 0, 1, 0), "a frame from the uplink is captured once");
	ok(memcmp(bytes, m.b, m.len) == 0, "with all its bytes");
	give(0, bench_mac(1), 200);
	ok(sees(0, 1, 0, 0), "a frame to another guest is captured once at its sender");
	ok(sees(1, 0, 1, 0), "and once at its receiver");
	ok(memcmp(bytes, m.b, m.len) == 0, "with the same bytes");
	give(1, MK_BCAST, 100);
	ok(sees(1, 1, 0, 0) && sees(0, 0, 1, 0), "a broadcast is captured once at each");
	give(2, MK_OTHER, 100);
	come(bench_mac(2), 100);
	ok(sees(0, 0, 0, 0) && sees(1, 0, 0, 0), "frames of other guests are not captured");
	mk_eth(&m, MK_OTHER, MK_OTHER, 0x88b5);
	mk_payload(&m, 100);
	bench_give(b, 0, &plain, m.b, m.len);
	turn();
	s = look(0);
	ok(s.dropped == 1 && s.last.dir == CAPRING_TX &&
		   strcmp(capring_reason(&reader[0], s.last.reason, name), "spoof-mac") == 0,
	   "a frame that is dropped is captured with the reason");
	ok(end(0), "the end of a capture is answered");
	give(0, bench_mac(1), 100);
	ok(sees(1, 0, 1, 0), "the other goes on");
	end(1);
	bench_free(b);
}

static void make_gso(uint32_t payload)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, payload);
	mk_finish(&m, 0);
}

/* On a slow link it leaves in parts. */
static void test_gso(void)
{
	struct virtio_net_hdr_v1 vnet;
	struct link_conf link;
	struct seen s;

	b = bench_new(1);
	link = b->dp->link;
	link.tx_capacity_bps = 100000000;
	bench_link(b, &link);
	turn();
	begin(0, 0, NULL);
	make_gso(30000);
	vnet = MK_VNET(VIRTIO_NET_HDR_F_NEEDS_CSUM, VIRTIO_NET_HDR_GSO_TCPV4, 1448, m.l4, 16);
	bench_give(b, 0, &vnet, m.b, m.len);
	for (unsigned i = 0; i < 10; i++) { /* 2.4 ms of the link */
		turn();
		bench_pass(b, NS_PER_MS);
	}
	s = look(0);
	ok(s.tx == 1 && s.last.len == m.len && memcmp(bytes, m.b, m.len) == 0,
	   "a frame that leaves in parts is captured once, whole");
	end(0);
	bench_free(b);
}

/* Nobody reads. */
static void test_slow_reader(void)
{
	unsigned n = 0;

	b = bench_new(2);
	turn();
	begin(0, 0, NULL);
	while (capring_lost(&reader[0]) < 100 && n++ < 20000) {
		give(0, bench_mac(1), 1480);
		bench_take_frames(b, 1);
	}
	is_int((int)capring_lost(&reader[0]), 100, "frames are lost when nobody reads");
	is_int((long)b->guest[0].ldp->count.tx_frames, n, "and all of them are sent");
	is_int((int)bench_drops(b->guest[0].ldp) + (int)bench_drops(b->guest[1].ldp), 0,
	       "none is dropped for that");
	end(0);
	bench_free(b);
}

/* It is known by its UUID, or else by its number. */
static void test_who(void)
{
	const uint8_t uuid[16] = {7}, other[16] = {8};
	struct credit_id id = {.ldp = record_ldp(41, 0), .uuid = {7}};

	b = bench_new_with(2, &(struct dpath_conf){.epoch_ns = BENCH_EPOCH_NS}, NULL);
	begin(0, 0, uuid);
	begin(1, 40, NULL);
	begin(2, 40, other);
	bench_add_as(b, 0, &id);
	ok(b->guest[0].ldp->captures == 3, "a guest that comes is found by its UUID, or its domid");
	bench_delete(b, 0);
	id.ldp = record_ldp(42, 0);
	bench_add_as(b, 0, &id);
	ok(b->guest[0].ldp->captures == 1, "after a reboot it is found by its UUID");
	id.ldp = record_ldp(42, 1);
	bench_add_as(b, 1, &id);
	ok(b->guest[1].ldp->captures == 0, "another device of it is not captured");
	end(0);
	ok(b->guest[0].ldp->captures == 0, "after the end it is not captured");
	end(1);
	end(2);
	bench_free(b);
}

int main(void)
{
	test_ways();
	test_gso();
	test_slow_reader();
	test_who();
	return done_testing();
}
