/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames to groups: who gets a copy, what counts as a flood, and how much of it a receiver gets. */
#include <stdlib.h>

#include "backend/datapath/flood.h"
#include "backend/datapath/rx.h"
#include "backend/datapath/tx.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkmcast.h"
#include "tests/unit/tap.h"

#define GUESTS 4
#define SEC    NS_PER_SEC

static const struct virtio_net_hdr_v1 plain;
static struct bench *b;
static struct mk m;

/* The frame in `m` leaves guest `slot`, or comes from the uplink (-1). */
static void send_frame(int slot)
{
	if (slot < 0) {
		bench_come(b, &plain, m.b, m.len);
		bench_receive(b);
		return;
	}
	bench_give(b, (uint32_t)slot, &plain, m.b, m.len);
	bench_turn(b);
}

static const char *mac_of(int slot)
{
	return slot < 0 ? MK_OTHER : (const char *)bench_mac((uint32_t)slot);
}

/* Who got the frame in `m` from `slot`: a digit for each guest, and one for the wire. */
static const char *reach(int slot)
{
	static char text[GUESTS + 2];

	send_frame(slot);
	for (uint32_t i = 0; i < GUESTS; i++)
		text[i] = (char)('0' + bench_take_frames(b, i));
	text[GUESTS] = (char)('0' + bench_drain(b));
	return text;
}

static const char *data(int slot, const char *group)
{
	mkm_data(&m, mac_of(slot), 0, group, 100);
	return reach(slot);
}

static const char *report(int slot, uint8_t type, const char *group)
{
	mkm_single(&m, mac_of(slot), type, group, group);
	return reach(slot);
}

static void query(void)
{
	mkm_query(&m, MK_OTHER, 0, 2, 125);
	reach(-1);
}

/* Guest 0 sends, 1 and 2 are others; 3 wants no groups that nobody joined. */
static void begin(void)
{
	struct ldp_conf conf = bench_ldp_conf(3);

	b = bench_new(GUESTS);
	conf.unknown_groups = false;
	bench_configure(b, 3, &conf);
}

static void test_without_querier(void)
{
	begin();
	is_str(data(0, MKM_G1), "01101", "a group that nobody joined goes to all who want it");
	is_str(report(1, 0x16, MKM_G1), "00001", "a report goes to the uplink alone");
	is_str(data(0, MKM_G1), "01101", "without a querier a joined group is flooded as before");
	report(3, 0x16, MKM_G1);
	is_str(data(0, MKM_G1), "01111",
	       "a guest with unknown-groups=0 gets a group that it joined");
	is_str(data(3, MKM_G2), "00001",
	       "a guest with unknown-groups=0 sends groups that nobody joined to the uplink alone");
	is_str(data(-1, MKM_G2), "11100", "a group of the world that nobody joined is flooded");
	memcpy(m.b, MK_BCAST, 6);
	is_str(reach(-1), "11110", "a broadcast goes to all");
	is_str(data(0, "\xe0\0\0\xfb"), "01111", "224.0.0.251 goes to all");
	bench_free(b);
}

static void test_with_querier(void)
{
	begin();
	query();
	is_str(data(0, MKM_G1), "01101", "a querier does not end the flooding of unknown groups");
	report(1, 0x16, MKM_G1);
	is_str(data(0, MKM_G1), "01001", "with a querier a joined group goes to its members");
	is_str(data(-1, MKM_G1), "01000",
	       "with a querier a group of the world goes to its members");
	is_str(data(1, MKM_G1), "00001", "a group whose one member sends goes to the uplink alone");
	is_str(data(0, MKM_G1_2), "01101", "a group with the MAC address of another is another");
	is_str(data(0, "\xe0\0\0\xfb"), "01111", "with a querier 224.0.0.251 goes to all");
	report(1, 0x17, MKM_G1);
	is_str(data(0, MKM_G1), "01001", "a leave waits for another host's answer");
	bench_pass(b, GROUPS_LEAVE_NS);
	is_str(data(0, MKM_G1), "01101", "after a leave nobody is in the group");
	report(-1, 0x16, MKM_G1);
	is_str(data(0, MKM_G1), "00001", "a group with a member in the network is not flooded");
	mkm_query(&m, mac_of(2), 0, 2, 125);
	bench_pass(b, 256 * SEC);
	reach(2);
	report(1, 0x16, MKM_G2);
	is_str(data(0, MKM_G2), "01101", "a guest's query makes no querier");
	bench_free(b);
}

static void test_vlans(void)
{
	struct ldp_conf conf;

	begin();
	for (uint32_t slot = 0; slot < 3; slot++) {
		conf = bench_ldp_conf(slot);
		conf.vlan.mode = VLAN_TRUNK;
		bench_configure(b, slot, &conf);
	}
	mkm_query(&m, MK_OTHER, 0, 2, 125);
	mk_tag(&m, 0x8100, 5);
	reach(-1);
	mkm_single(&m, mac_of(1), 0x16, MKM_G1, MKM_G1);
	mk_tag(&m, 0x8100, 5);
	is_str(reach(1), "00001", "a report with a tag goes to the uplink alone");
	mkm_data(&m, mac_of(0), 0, MKM_G1, 50);
	mk_tag(&m, 0x8100, 5);
	is_str(reach(0), "01001", "a group in a VLAN goes to its members there");
	is_str(data(0, MKM_G1), "01101", "the same group without a tag is another");
	mkm_data(&m, mac_of(0), 0, MKM_G1, 50);
	mk_tag(&m, 0x8100, 5);
	mk_tag(&m, 0x88a8, 5);
	is_str(reach(0), "01101", "the same group with two tags is another");
	bench_free(b);
}

static void test_ipv6(void)
{
	begin();
	mkm_query(&m, MK_OTHER, 1, 2, 125);
	reach(-1);
	mkm_record(&m, mac_of(2), 1, 4, MKM_G6, 0);
	is_str(reach(2), "00001", "a report of MLDv2 goes to the uplink alone");
	mkm_data(&m, mac_of(0), 1, MKM_G6, 100);
	is_str(reach(0), "00101", "an IPv6 group goes to its members");
	mkm_data(&m, mac_of(0), 1, MKM_ALL6, 100);
	is_str(reach(0), "01111", "ff02::1 goes to all");
	is_str(data(0, MKM_G1), "01101", "a querier of MLD says nothing of IPv4");
	bench_free(b);
}

static void test_bad_message(void)
{
	begin();
	mkm_single(&m, mac_of(1), 0x16, MKM_G1, MKM_G1);
	m.b[m.l4 + 2] ^= 1;
	is_str(reach(1), "00000", "a report with a wrong checksum goes nowhere");
	is_int(b->guest[1].ldp->count.drops[FRAME_MALFORMED], 1,
	       "a report with a wrong checksum is counted as malformed");
	mkm_single(&m, MK_OTHER, 0x16, MKM_G1, MKM_G1);
	m.b[m.l4 + 2] ^= 1;
	reach(-1);
	is_int(b->dp->rx.malformed, 1, "a wrong report of the world is counted as malformed");
	/* What a relay outside sends back of a guest's own. */
	mkm_single(&m, mac_of(1), 0x16, MKM_G1, MKM_G1);
	reach(-1);
	query();
	is_str(data(0, MKM_G1), "01101", "a guest's own report that comes back is no other's");
	bench_free(b);
}

static void test_crowded(void)
{
	struct mk keep;

	begin();
	query();
	for (unsigned i = 0; i <= GROUPS_PER_MEMBER; i++)
		groups_join(b->dp->flood.groups, 2, 0,
			    &(struct mcast_addr){
				    {[10] = 0xff, 0xff, 239, 9, (uint8_t)(i >> 8), (uint8_t)i}},
			    b->dp->now_ns);
	report(1, 0x16, MKM_G1);
	is_str(data(0, MKM_G1), "01001", "a guest that joined many groups gets no others");
	report(2, 0x16, MKM_G2);
	is_str(data(0, MKM_G1), "01101", "a guest that joined too many groups gets all");
	keep = m;
	bench_pass(b, GROUPS_MEMBER_NS - SEC);
	query();
	report(1, 0x16, MKM_G1);
	m = keep;
	bench_pass(b, SEC);
	is_str(data(0, MKM_G1), "01001", "it gets its own groups again after a while");
	bench_delete(b, 2);
	is_int(b->dp->flood.crowded.count, 0, "a guest that went is not remembered");
	bench_free(b);
}

/* Tokens that guest 0's next frame takes, with a bucket of 100. */
static void takes(int64_t want, const char *what)
{
	struct flood_limit *f = &b->guest[0].ldp->flood;
	int64_t before;

	flood_limit_set(f, 1000, 0, b->dp->now_ns);
	before = f->frames.tokens_bytes;
	send_frame(0);
	is_int(before - f->frames.tokens_bytes, want, "%s", what);
	for (uint32_t i = 0; i < GUESTS; i++)
		bench_take_frames(b, i);
	bench_drain(b);
}

static void test_sender_limit(void)
{
	struct virtio_net_hdr_v1 uso = MK_VNET(1, 5, 1000, 34, 6);
	struct flood_limit *f;

	begin();
	query();
	f = &b->guest[0].ldp->flood;
	mkm_data(&m, mac_of(0), 0, MKM_G1, 100);
	takes(1, "a group that nobody joined takes a token");
	report(0, 0x16, MKM_G1);
	mkm_data(&m, mac_of(0), 0, MKM_G1, 100);
	takes(1, "a group that only the sender joined takes a token");
	report(1, 0x16, MKM_G1);
	mkm_data(&m, mac_of(0), 0, MKM_G1, 100);
	takes(0, "a group with another member takes none");
	report(-1, 0x16, MKM_G2);
	mkm_data(&m, mac_of(0), 0, MKM_G2, 100);
	takes(0, "a group with a member in the network takes none");
	mkm_single(&m, mac_of(0), 0x16, MKM_G1, MKM_G1);
	takes(1, "a report takes a token");
	m.len = 0;
	mkm_data(&m, mac_of(0), 0, "\xef\7\7\7", 30000);
	mk_finish(&m, 0);
	flood_limit_set(f, 1000, 8000000, b->dp->now_ns);
	bench_give(b, 0, &uso, m.b, m.len);
	bench_turn(b);
	is_int(f->frames.tokens_bytes, 100 - 30, "a frame of 30 segments takes 30 tokens");
	is_int(f->bytes.tokens_bytes, 100000 - 30 * (42 + 1000 + 4),
	       "a frame of 30 segments takes its bytes on the wire");
	f->bytes.tokens_bytes = 0;
	mkm_data(&m, mac_of(0), 0, "\xef\7\7\7", 100);
	send_frame(0);
	is_int(b->guest[0].ldp->count.drops[LDP_DROP_FLOOD], 1, "a flood without bytes is dropped");
	f->no_frames = true;
	mkm_data(&m, mac_of(0), 0, MKM_G1, 100);
	send_frame(0);
	is_int(b->guest[0].ldp->count.drops[LDP_DROP_FLOOD], 2,
	       "with flood-rate=0 not even a joined group passes");
	bench_free(b);
}

static void test_uplink_limit(void)
{
	begin();
	bench_link(b, &(struct link_conf){.flood_rate = 100});
	mkm_data(&m, MK_OTHER, 0, "\xe0\0\0\xfb", 10);
	for (unsigned i = 0; i < 40; i++)
		send_frame(-1);
	is_int(b->dp->flood.dropped, 24, "of 40 floods from the uplink at 100/s 16 pass at once");
	query(); /* dropped, as a flood, and so not heard */
	bench_pass(b, SEC);
	query();
	report(1, 0x16, MKM_G1);
	b->dp->flood.uplink.frames.tokens_bytes = 0;
	is_str(data(-1, MKM_G1), "01000", "a joined group is no flood from the uplink");
	bench_free(b);
}

/* A neighbour in the bridge may send any: a byte in each segment. */
static void test_uplink_segments(void)
{
	struct virtio_net_hdr_v1 uso = MK_VNET(1, 5, 1, 34, 6);

	begin();
	m.len = 0;
	mkm_data(&m, MK_OTHER, 0, "\xe0\0\0\xfb", 129);
	mk_finish(&m, 0);
	bench_come(b, &uso, m.b, m.len);
	bench_receive(b);
	is_int(bench_take_frames(b, 1), 0, "a frame to a group in 129 segments reaches nobody");
	is_int(b->dp->rx.malformed, 1, "a frame to a group in 129 segments is malformed");
	m.len = 0;
	mkm_data(&m, MK_OTHER, 0, "\xe0\0\0\xfb", 128);
	mk_finish(&m, 0);
	bench_come(b, &uso, m.b, m.len);
	bench_receive(b);
	ok(bench_take_frames(b, 1) > 0, "a frame to a group in 128 segments comes");
	bench_free(b);
}

/* --- what a receiver gets --------------------------------------------------------------------- */

static void test_share(void)
{
	struct ldp_conf conf = bench_ldp_conf(1);
	struct ldp *l;
	uint64_t bytes;

	b = bench_new(2);
	conf.rx.max_bps = 10000000;
	bench_configure(b, 1, &conf);
	l = b->guest[1].ldp;
	bytes = l->count.rx_bytes;
	for (unsigned ms = 0; ms < 4000; ms++) {
		flood_limit_set(&b->guest[0].ldp->flood, 1000000, 0, b->dp->now_ns);
		mk_eth(&m, MK_BCAST, mac_of(0), 0x88b5);
		mk_payload(&m, 1500);
		bench_pass(b, NS_PER_MS);
		rx_flood_due(b->dp);
		send_frame(0);
		bench_take_frames(b, 1);
		bench_drain(b);
	}
	bytes = l->count.rx_bytes - bytes;
	ok(bytes <= 4 * 62500 + 3 * 1518 && bytes >= 4 * 60000,
	   "of 12 Mbit/s of broadcast a guest of 10 Mbit/s gets 5 %%: %u bytes in 4 s",
	   (unsigned)bytes);
	ok(l->count.drops[LDP_DROP_RX_FLOOD] > 3000, "the rest is counted as rx-flood");
	mk_eth(&m, mac_of(1), mac_of(0), 0x88b5);
	mk_payload(&m, 1000);
	send_frame(0);
	is_int(bench_take_frames(b, 1), 1, "a unicast frame does not wait behind a flood");
	bench_free(b);
}

/* A storm fills the queue for floods while the ring is full; unicast finds room all the same. */
static void test_own_queue(void)
{
	struct ldp *l;
	struct ldp_conf conf = bench_ldp_conf(1);

	b = bench_new_with(2, NULL, NULL);
	conf = bench_ldp_conf(0);
	bench_add(b, 0, &conf, 18);
	conf = bench_ldp_conf(1);
	l = bench_add(b, 1, &conf, 12);
	flood_limit_set(&b->guest[0].ldp->flood, 1000000, 0, b->dp->now_ns);
	for (unsigned i = 0; i < 200; i++) {
		mk_eth(&m, MK_BCAST, mac_of(0), 0x88b5);
		mk_payload(&m, 1400);
		send_frame(0);
		bench_drain(b);
	}
	ok(l->count.drops[LDP_DROP_RX_FLOOD] > 100, "a storm is dropped where its queue is full");
	mk_eth(&m, mac_of(1), mac_of(0), 0x88b5);
	mk_payload(&m, 1400);
	for (unsigned i = 0; i < 30; i++)
		send_frame(0);
	is_int(l->count.drops[LDP_DROP_RX_FULL], 0, "unicast is queued beside a storm");
	bench_pass(b, FLOOD_WAIT_NS + 1);
	for (unsigned i = 0; i < 100; i++) {
		bench_take_frames(b, 1);
		rx_unblock(b->dp, l);
		bench_receive(b);
	}
	ok(flowq_empty(l->floodq) && flowq_empty(l->rxq),
	   "all that was queued is delivered or dropped");
	is_int(l->count.drops[LDP_DROP_RX_FULL] + l->count.drops[LDP_DROP_RX_CODEL], 0,
	       "all unicast is delivered");
	bench_free(b);
}

static void test_pace(void)
{
	int64_t tokens;

	begin();
	bench_link(b, &(struct link_conf){.rx_capacity_bps = 1000000000, .flood_rate = 1000});
	pace_begin(&b->dp->rx.pace, b->dp->now_ns);
	tokens = b->dp->rx.pace.bucket.tokens_bytes;
	mk_eth(&m, MK_BCAST, MK_OTHER, 0x88b5);
	mk_payload(&m, 996);
	is_str(reach(-1), "11110", "a broadcast of the world comes to all");
	is_int(tokens - b->dp->rx.pace.bucket.tokens_bytes, 1014,
	       "the receive pace counts a broadcast once");
	tokens = b->dp->rx.pace.bucket.tokens_bytes;
	memcpy(m.b + 6, mac_of(0), 6);
	is_str(reach(0), "01111", "a broadcast of a guest comes to the others and the world");
	is_int(tokens, b->dp->rx.pace.bucket.tokens_bytes,
	       "the receive pace does not count a guest's broadcast");
	is_int(b->guest[1].ldp->count.rx_bytes, 2 * 1014, "each receiver counts its own copies");
	bench_free(b);
}

/* A guest that comes is asked for its groups, in the VLANs that somebody asks in. */
static void test_ask(void)
{
	const uint8_t *body;
	struct ldp_conf conf = bench_ldp_conf(0);
	struct wire_hdr hdr;
	struct frame_info fi;
	unsigned n[3] = {0};

	b = bench_new_with(1, NULL, NULL);
	conf.vlan.mode = VLAN_LIST;
	conf.vlan.ids[0] = 1u << 7 | 1; /* and untagged */
	bench_add(b, 0, &conf, 18);
	for (int vid = 6; vid < 9; vid++) {
		mkm_query(&m, MK_OTHER, 0, 2, 125);
		mk_tag(&m, 0x8100, (uint16_t)vid);
		send_frame(-1);
	}
	bench_take_frames(b, 0);
	rx_ask_members(b->dp, b->guest[0].ldp);
	bench_receive(b);
	while (bench_take(b, 0, &hdr, &body)) {
		if (hdr.type != WIRE_DATA)
			continue;
		frame_parse(body + 12, hdr.len - 12, hdr.len - 12, &fi);
		n[0] += fi.vid == -1 && fi.l3 == FRAME_L3_IPV4;
		n[1] += fi.vid == -1 && fi.l3 == FRAME_L3_IPV6;
		n[2] += fi.vid == 7;
	}
	ok(n[0] == 1 && n[1] == 1, "a guest is asked for IPv4 and IPv6 groups: %u, %u", n[0], n[1]);
	is_int(n[2], 1, "a guest is asked in its VLAN");
	bench_free(b);
}

int main(void)
{
	test_without_querier();
	test_with_querier();
	test_vlans();
	test_ipv6();
	test_bad_message();
	test_crowded();
	test_sender_limit();
	test_uplink_limit();
	test_uplink_segments();
	test_share();
	test_own_queue();
	test_pace();
	test_ask();
	return done_testing();
}
