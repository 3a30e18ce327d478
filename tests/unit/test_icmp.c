/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to a packet that is too big, and to what there is none. */
#include "backend/frame/icmp.h"

#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#define MTU 1500

static struct mk m;

static uint32_t answer(uint8_t *out)
{
	uint32_t hdr_len = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX, len;
	uint8_t *copy = mk_copy(m.b, hdr_len);
	struct frame_info fi;

	frame_parse(copy, hdr_len, m.len, &fi);
	memset(out, 0x55, ICMP_TOO_BIG_MAX);
	len = icmp_too_big(out, &fi, copy, hdr_len, MTU);
	free(copy);
	return len;
}

static void finish(uint32_t payload)
{
	mk_payload(&m, payload);
	mk_finish(&m, 1);
}

static void udp4(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, 1000, 2000);
}

static void udp6(bool ext)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	if (ext)
		mk_ext(&m, 60, "\x01\x04\0\0\0\0");
	mk_udp(&m, 1000, 2000);
}

static void is_v4(unsigned tags, const char *name)
{
	uint8_t out[ICMP_TOO_BIG_MAX], *ip = out + 14 + 4 * tags;
	uint32_t len = answer(out), l3 = 14 + 4 * tags;

	ok(len > l3 + 28 + 28 && len <= m.len, "%s is answered, by no more bytes", name);
	ok(memcmp(out, MK_MAC MK_OTHER, 12) == 0 && memcmp(out + 12, m.b + 12, l3 - 12) == 0,
	   "the answer to %s goes back, in its tags", name);
	ok(memcmp(ip + 12, MK_IP2 MK_IP, 8) == 0, "the answer to %s is from the destination", name);
	is_int(mk_get16(ip + 2), len - l3, "the answer to %s has the right length", name);
	ok(ip[9] == 1 && ip[20] == 3 && ip[21] == 4, "the answer to %s is fragmentation needed",
	   name);
	is_int(mk_get16(ip + 26), MTU, "the answer to %s has the MTU", name);
	ok(mk_sum(ip, 20, 0) == 0xffff && mk_sum(ip + 20, len - l3 - 20, 0) == 0xffff,
	   "the answer to %s has right checksums", name);
	ok(memcmp(ip + 28, m.b + l3, len - l3 - 28) == 0, "the answer to %s quotes it", name);
}

static void is_v6(unsigned tags, const char *name)
{
	uint8_t out[ICMP_TOO_BIG_MAX], *ip = out + 14 + 4 * tags;
	uint32_t len = answer(out), l3 = 14 + 4 * tags;

	ok(len > l3 + 48 + 48 && len <= m.len, "%s is answered, by no more bytes", name);
	ok(memcmp(ip + 8, MK_IP6_2, 16) == 0 && memcmp(ip + 24, MK_IP6, 16) == 0,
	   "the answer to %s is from the destination", name);
	is_int(mk_get16(ip + 4), len - l3 - 40, "the answer to %s has the right length", name);
	ok(ip[6] == 58 && ip[40] == 2 && ip[41] == 0, "the answer to %s is packet too big", name);
	ok(mk_get16(ip + 44) == 0 && mk_get16(ip + 46) == MTU, "the answer to %s has the MTU",
	   name);
	is_int(mk_sum(ip + 40, len - l3 - 40, mk_pseudo(out, len, l3, l3 + 40, 1, 58)), 0xffff,
	       "the answer to %s has a right checksum", name);
	ok(memcmp(ip + 48, m.b + l3, len - l3 - 48) == 0, "the answer to %s quotes it", name);
}

static void test_answers(void)
{
	udp4();
	finish(3000);
	is_v4(0, "UDP over IPv4");
	mk_tag(&m, 0x8100, 20);
	is_v4(1, "a packet in a tag");
	mk_tag(&m, 0x88a8, 30);
	is_v4(2, "a packet in two tags");
	udp4();
	finish(100);
	is_v4(0, "a packet of 128 bytes");
	udp4();
	finish(101);
	is_v4(0, "a packet of 129 bytes");
	udp4();
	m.b[m.l3 + 6] = 0x60; /* DF, more fragments */
	finish(3000);
	is_v4(0, "a first fragment");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 1, MK_IP, MK_IP2);
	mk_add(&m, "\x08\0\0\0\0\x01\0\x01", 8);
	finish(3000);
	is_v4(0, "an echo request");
	m.b[m.l4] = 42;
	is_v4(0, "an extended echo request");
	udp6(false);
	finish(3000);
	is_v6(0, "UDP over IPv6");
	udp6(true);
	finish(3000);
	mk_tag(&m, 0x8100, 20);
	is_v6(1, "IPv6 with an extension header in a tag");
}

static void is_none(const char *name)
{
	uint8_t out[ICMP_TOO_BIG_MAX];

	is_int(answer(out), 0, "%s is not answered", name);
}

static void test_none_v4(void)
{
	static const char *const errors = "\3\4\5\13\14"; /* unreachable, quench, redirect, .. */

	udp4();
	m.b[m.l3 + 6] = 0;
	finish(3000);
	is_none("a packet without DF");
	udp4();
	m.b[m.l3 + 7] = 10;
	finish(3000);
	is_none("a fragment that is not the first");
	for (const char *type = errors; *type; type++) {
		mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
		mk_ipv4(&m, 1, MK_IP, MK_IP2);
		mk_add(&m, type, 1);
		finish(3000);
		is_none("an ICMP error");
	}
	udp4();
	memcpy(m.b + m.l3 + 16, "\xe0\0\0\xfb", 4);
	finish(3000);
	is_none("a packet to a multicast address");
	udp4();
	memcpy(m.b + m.l3 + 16, "\xff\xff\xff\xff", 4);
	finish(3000);
	is_none("a packet to the broadcast address");
	udp4();
	memcpy(m.b + m.l3 + 12, MK_ZERO, 4);
	finish(3000);
	is_none("a packet from no address");
	udp4();
	memcpy(m.b + m.l3 + 12, "\x7f\0\0\1", 4);
	finish(3000);
	is_none("a packet from the loopback address");
	udp4();
	m.b[6] |= 1;
	finish(3000);
	is_none("a frame from a group");
	udp4();
	memcpy(m.b, MK_BCAST, 6);
	finish(3000);
	is_none("a broadcast frame");
	udp4();
	m.b[m.l3] = 0x4f; /* a header of 60 bytes that contradicts the length */
	m.b[m.l3 + 3] = 30;
	is_none("a malformed packet");
	udp4();
	m.len = m.l4 + 4;
	is_none("a packet that ends in its UDP header");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x88b5);
	mk_payload(&m, 3000);
	is_none("what is not IP");
}

static void test_none_v6(void)
{
	uint8_t out[ICMP_TOO_BIG_MAX];

	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, MK_IP6, MK_IP6_2);
	mk_add(&m, "\2\0\0\0\0\0\0\0", 8);
	finish(3000);
	is_none("an ICMPv6 error");
	m.b[m.l4] = 137;
	is_none("a redirect");
	m.b[m.l4] = 128;
	is_v6(0, "an ICMPv6 echo request");
	udp6(false);
	memcpy(m.b + m.l3 + 24, "\xff\x02", 2);
	finish(3000);
	is_none("an IPv6 packet to a group");
	udp6(false);
	memset(m.b + m.l3 + 8, 0, 16);
	finish(3000);
	is_none("an IPv6 packet from ::");
	m.b[m.l3 + 23] = 1;
	is_none("an IPv6 packet from ::1");
	m.b[m.l3 + 23] = 2;
	ok(answer(out) > 0, "an IPv6 packet from ::2 is answered");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	mk_ext(&m, 44, "\x01\x01\0\0\0\x07");
	finish(3000);
	is_none("an IPv6 fragment that is not the first");
}

static void test_random(void)
{
	uint64_t state = 7;
	unsigned answered = 0, bad = 0;

	for (int i = 0; i < 20000; i++) {
		uint8_t out[ICMP_TOO_BIG_MAX];
		uint32_t len;

		if (i % 2)
			udp4();
		else
			udp6(i % 4 == 0);
		finish(mk_rand(&state) % 300);
		for (int n = 0; n < 3; n++)
			m.b[12 + mk_rand(&state) % 60] = (uint8_t)mk_rand(&state);
		m.len -= mk_rand(&state) % m.len;
		len = answer(out);
		answered += len > 0;
		bad += len > m.len || len > ICMP_TOO_BIG_MAX;
	}
	ok(answered > 100 && bad == 0, "no mutated packet gets more bytes back: %u answered",
	   answered);
}

int main(void)
{
	test_answers();
	test_none_v4();
	test_none_v6();
	test_random();
	return done_testing();
}
