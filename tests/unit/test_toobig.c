/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that are too big for the uplink or for another guest: dropped, counted for the sender,
 * and answered, not too often. Guest 0 has an MTU of 9000, the uplink one of 1500.
 */
#include "backend/datapath/toobig.h"

#include "backend/datapath/rx.h"
#include "tests/fake/bench.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4

static const struct virtio_net_hdr_v1 plain;
static struct bench *b;
static struct mk m;

static void set_mtu(uint32_t slot, uint32_t mtu)
{
	struct ldp_conf conf = bench_ldp_conf(slot);

	conf.mtu = mtu;
	vlan_policy_parse("trunk", &conf.vlan, NULL, 0);
	bench_configure(b, slot, &conf);
}

static void begin(void)
{
	const struct link_conf link = {.mtu = 1500};

	b = bench_new(3);
	bench_link(b, &link);
	set_mtu(0, 9000);
}

/* A packet of `bytes` of IP, from guest 0. */
static void udp4(const void *dst, uint32_t bytes)
{
	mk_eth(&m, dst, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, 1000, 2000);
	mk_payload(&m, bytes - 28);
	mk_finish(&m, 1);
}

static void udp6(const void *dst, uint32_t bytes)
{
	mk_eth(&m, dst, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	mk_udp(&m, 1000, 2000);
	mk_payload(&m, bytes - 48);
	mk_finish(&m, 1);
}

static struct virtio_net_hdr_v1 tcp4(const void *dst, uint32_t payload, uint16_t size)
{
	mk_eth(&m, dst, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1000, 0x18);
	mk_payload(&m, payload);
	mk_finish(&m, 0);
	return MK_VNET(CSUM, TCP4, size, m.l4, 16);
}

/* Guest 0 sends what is in m. How many frames leave. */
static unsigned sends(const struct virtio_net_hdr_v1 *vnet)
{
	bench_give(b, 0, vnet, m.b, m.len);
	while (bench_turn(b))
		;
	return bench_drain(b);
}

static uint64_t counted(void)
{
	return b->guest[0].ldp->count.drops[LDP_DROP_MTU];
}

/* The MTU that an answer in guest 0's ring tells; 0: there is none. */
static unsigned told(unsigned tags)
{
	struct wire_hdr hdr;
	const uint8_t *ip;

	do {
		if (!bench_take(b, 0, &hdr, &ip))
			return 0;
	} while (hdr.type != WIRE_DATA);
	ip += WIRE_VNET_LEN + 14 + 4 * tags;
	if (ip[0] >> 4 == 4 && ip[9] == 1 && ip[20] == 3 && ip[21] == 4)
		return mk_get16(ip + 26);
	if (ip[0] >> 4 == 6 && ip[6] == 58 && ip[40] == 2)
		return mk_get16(ip + 46);
	return 0;
}

static void test_uplink(void)
{
	begin();
	udp4(MK_OTHER, 1500);
	is_int(sends(&plain), 1, "a packet that the uplink carries leaves");
	udp4(MK_OTHER, 1501);
	is_int(sends(&plain), 0, "a packet of a byte more than the uplink carries does not leave");
	is_int(counted(), 1, "a packet that is too big for the uplink is counted");
	is_int(told(0), 1500, "its sender is told what the uplink carries");
	mk_tag(&m, 0x8100, 5);
	sends(&plain);
	is_int(told(1), 1500, "the answer to a tagged packet is tagged");
	udp4(MK_OTHER, 1500);
	mk_tag(&m, 0x88a8, 5);
	mk_tag(&m, 0x8100, 5);
	is_int(sends(&plain), 1, "tags do not count for the MTU");
	udp6(MK_OTHER, 1501);
	is_int(sends(&plain), 0, "an IPv6 packet that is too big does not leave");
	is_int(told(0), 1500, "the sender of an IPv6 packet that is too big is told");
	udp4(MK_OTHER, 1501);
	m.b[m.l3 + 6] = 0;
	is_int(sends(&plain), 0, "a packet without DF that is too big does not leave");
	is_int(told(0), 0, "a packet without DF is not answered");
	is_int(counted(), 4, "each of them is counted");
	bench_free(b);
}

static void test_gso(void)
{
	struct virtio_net_hdr_v1 gso;

	begin();
	gso = tcp4(MK_OTHER, 30000, 1460);
	is_int(sends(&gso), 1, "a GSO frame of segments that the uplink carries leaves");
	gso = tcp4(MK_OTHER, 30000, 1461);
	is_int(sends(&gso), 0, "a GSO frame of larger segments does not leave");
	is_int(told(0), 1500, "the sender of segments that are too big is told");
	is_int(counted(), 1, "a GSO frame of segments that are too big is counted once");
	bench_free(b);
}

static void test_guest(void)
{
	begin();
	set_mtu(1, 4000);
	udp4(bench_mac(1), 4000);
	sends(&plain);
	is_int(bench_take_frames(b, 1), 1,
	       "a packet that another guest takes comes, though the uplink carries less");
	udp4(bench_mac(1), 4001);
	sends(&plain);
	is_int(bench_take_frames(b, 1), 0, "a packet of a byte more does not come");
	is_int(told(0), 4000, "its sender is told what the other guest takes");
	is_int(counted(), 1, "a packet that is too big for another guest is counted");
	is_int(bench_drops(b->guest[1].ldp), 0, "it is not counted for the other guest");
	bench_free(b);
}

/* A guest chooses its rings, and they may be too small for its MTU. */
static void small_rings(uint32_t features)
{
	struct ldp_conf conf = bench_ldp_conf(1);

	begin();
	bench_delete(b, 1);
	conf.mtu = 9000;
	conf.rx_features = features;
	vlan_policy_parse("trunk", &conf.vlan, NULL, 0);
	bench_add(b, 1, &conf, 12);
}

static void test_small_rings(void)
{
	struct virtio_net_hdr_v1 gso;
	unsigned mtu;

	small_rings(0);
	udp4(bench_mac(1), 9000);
	sends(&plain);
	mtu = told(0);
	ok(mtu > 3900 && mtu < 4096, "the sender is told what the other guest's rings take: %u",
	   mtu);
	udp4(bench_mac(1), mtu);
	mk_tag(&m, 0x88a8, 5);
	mk_tag(&m, 0x8100, 5);
	sends(&plain);
	is_int(bench_take_frames(b, 1), 1, "a packet of that size comes, in two tags too");
	gso = tcp4(bench_mac(1), 30000, 8000);
	sends(&gso);
	is_int(told(0), mtu, "segments that the rings do not take are answered");
	udp4(bench_mac(1), 100);
	sends(&plain);
	is_int(bench_take_frames(b, 1), 1, "then frames that the rings take come");
	bench_free(b);
}

/* The same from outside, to a guest that takes offloads and to one that takes none. */
static void come_too_big(uint32_t features, const char *who)
{
	struct virtio_net_hdr_v1 gso;

	small_rings(features);
	gso = tcp4(bench_mac(1), 30000, 8000);
	memcpy(m.b + 6, MK_OTHER, 6);
	bench_come(b, &gso, m.b, m.len);
	bench_receive(b);
	is_int(bench_take_frames(b, 1), 0, "segments that the rings do not take do not come %s",
	       who);
	is_int(b->guest[1].ldp->count.drops[LDP_DROP_RX_OVERSIZE], 1,
	       "a frame of segments that the rings do not take is counted once %s", who);
	udp4(bench_mac(1), 100);
	memcpy(m.b + 6, MK_OTHER, 6);
	bench_come(b, &plain, m.b, m.len);
	bench_receive(b);
	is_int(bench_take_frames(b, 1), 1, "then frames that the rings take come %s", who);
	bench_free(b);
}

/* As many as a burst holds, then a hundred a second. */
static void test_rate(void)
{
	unsigned n = 0;

	begin();
	udp4(MK_OTHER, 2000);
	for (unsigned i = 0; i < 200; i++) {
		sends(&plain);
		n += told(0) == 1500;
	}
	is_int(n, 20, "a burst of packets that are too big gets 20 answers");
	is_int(counted(), 200, "a packet that gets no answer is counted all the same");
	bench_pass(b, NS_PER_SEC / 10);
	for (unsigned i = n = 0; i < 200; i++) {
		sends(&plain);
		n += told(0) == 1500;
	}
	is_int(n, 10, "a tenth of a second later there are answers for a tenth of a second");
	bench_free(b);
}

/* The guests that take it get it. */
static void test_group(void)
{
	begin();
	set_mtu(1, 9000);
	udp4(MK_BCAST, 3000);
	is_int(sends(&plain), 0, "a broadcast that is too big does not leave");
	is_int(bench_take_frames(b, 1), 1, "a broadcast comes to a guest that takes it");
	is_int(bench_take_frames(b, 2), 0, "a broadcast that is too big for a guest does not come");
	is_int(told(0), 0, "a broadcast is not answered");
	is_int(counted(), 1, "a broadcast that is too big for the uplink is counted");
	bench_free(b);
}

int main(void)
{
	test_uplink();
	test_gso();
	test_guest();
	test_small_rings();
	come_too_big(0, "to a guest without offloads");
	come_too_big(bench_ldp_conf(1).rx_features, "to a guest with offloads");
	test_rate();
	test_group();
	return done_testing();
}
