/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router advertisements and DHCP answers, and headers that hide what a packet is. */
#include "backend/frame/frame_service.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct mk m;

enum what { PLAIN, SERVICE, HIDDEN };

static enum what judge(void)
{
	size_t n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
	uint8_t *copy = mk_copy(m.b, n);
	struct frame_info fi, inner, *seen = &fi;
	enum what what = PLAIN;

	frame_parse(copy, n, m.len, &fi);
	if (frame_unwrap(copy, n, &fi, &inner))
		seen = &inner;
	if (frame_is_hidden(seen, copy, n))
		what = HIDDEN;
	else if (frame_is_service(seen, copy, n))
		what = SERVICE;
	free(copy);
	return what;
}

static void is(enum what want, const char *name)
{
	static const char *const words[] = {"passes", "is a service", "is hidden"};

	is_str(words[judge()], words[want], "%s %s", name, words[want]);
}

/* IPv6 from the guest's link-local address; what follows is `proto`. */
static void ipv6(uint8_t proto)
{
	mk_eth(&m, "\x33\x33\0\0\0\1", MK_MAC, 0x86dd);
	mk_ipv6(&m, proto, MK_LOCAL, MK_IP6_2);
}

static void icmp(uint8_t type)
{
	m.l4 = m.len;
	mk_add(&m, &type, 1);
	mk_add(&m, MK_ZERO, 15);
	mk_finish(&m, 1);
}

static void udp(uint16_t from, uint16_t to)
{
	mk_udp(&m, from, to);
	mk_payload(&m, 40);
	mk_finish(&m, 1);
}

static void ipv4(uint8_t proto)
{
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0800);
	mk_ipv4(&m, proto, MK_IP, "\xff\xff\xff\xff");
}

static void test_icmp(void)
{
	static const struct {
		uint8_t type;
		enum what v6, v4;
	} rows[] = {
		{134, SERVICE, PLAIN}, {137, SERVICE, PLAIN}, {133, PLAIN, PLAIN},
		{135, PLAIN, PLAIN},   {136, PLAIN, PLAIN},   {128, PLAIN, PLAIN},
		{9, PLAIN, SERVICE},   {5, PLAIN, SERVICE},   {8, PLAIN, PLAIN},
	};
	char name[40];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "ICMPv6 type %u", rows[i].type);
		ipv6(58);
		icmp(rows[i].type);
		is(rows[i].v6, name);
		ipv4(1);
		icmp(rows[i].type);
		snprintf(name, sizeof(name), "ICMP type %u", rows[i].type);
		is(rows[i].v4, name);
	}
}

static void test_dhcp(void)
{
	static const struct {
		uint16_t from, to;
		enum what v4, v6;
	} rows[] = {
		{67, 68, SERVICE, PLAIN},   {67, 67, SERVICE, PLAIN},	 {4011, 68, SERVICE, PLAIN},
		{67, 9999, SERVICE, PLAIN}, {68, 67, PLAIN, PLAIN},	 {547, 546, PLAIN, SERVICE},
		{547, 547, PLAIN, SERVICE}, {9999, 546, PLAIN, SERVICE}, {546, 547, PLAIN, PLAIN},
		{53, 5353, PLAIN, PLAIN},
	};
	char name[60];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(name, sizeof(name), "UDP over IPv4 from %u to %u", rows[i].from,
			 rows[i].to);
		ipv4(17);
		udp(rows[i].from, rows[i].to);
		is(rows[i].v4, name);
		snprintf(name, sizeof(name), "UDP over IPv6 from %u to %u", rows[i].from,
			 rows[i].to);
		ipv6(17);
		udp(rows[i].from, rows[i].to);
		is(rows[i].v6, name);
	}
}

static void test_ipv4_options(void)
{
	ipv4(17);
	m.b[m.l3] = 0x4f;
	mk_payload(&m, 40);
	udp(67, 68);
	is(SERVICE, "a DHCP answer behind 40 bytes of IPv4 options");
	ipv4(17);
	mk_tag(&m, 0x8100, 0);
	m.l4 += 4;
	udp(67, 68);
	is(SERVICE, "a DHCP answer with a priority tag");
	ipv4(17);
	mk_tag(&m, 0x8100, 7);
	mk_tag(&m, 0x8100, 7);
	mk_tag(&m, 0x88a8, 7);
	udp(67, 68);
	is(SERVICE, "a DHCP answer with three tags");
}

static void test_snap(void)
{
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0100);
	mk_add(&m, "\xaa\xaa\x03\0\0\0\x86\xdd", 8);
	mk_ipv6(&m, 58, MK_LOCAL, MK_IP6_2);
	icmp(134);
	is(SERVICE, "a router advertisement in LLC/SNAP");
	mk_tag(&m, 0x8100, 0);
	is(SERVICE, "a router advertisement in LLC/SNAP with a priority tag");
	mk_eth(&m, MK_BCAST, MK_MAC, 0x8100);
	for (int i = 0; i < 60; i++)
		mk_add(&m, "\0\0\x81\0", 4);
	mk_add(&m, "\0\0\x86\xdd", 4);
	mk_ipv6(&m, 58, MK_LOCAL, MK_IP6_2);
	icmp(134);
	is(HIDDEN, "a router advertisement behind more tags than are looked at");
	mk_eth(&m, MK_BCAST, MK_MAC, 0x8100);
	for (int i = 0; i < 55; i++)
		mk_add(&m, "\0\0\x81\0", 4);
	mk_add(&m, "\0\0\x08\0", 4);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	udp(67, 68);
	is(HIDDEN, "a DHCP answer whose IPv4 header is not looked at as a whole");
	ipv4(17);
	m.b[m.l3] = 0x4f;
	is(PLAIN, "an IPv4 header that is cut short, as no receiver takes it,");
}

static void test_ipv6_chain(void)
{
	ipv6(58);
	mk_ext(&m, 0, "\1\4\0\0\0\0");
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_ext(&m, 43, "\0\0\0\0\0\0");
	icmp(134);
	is(SERVICE, "a router advertisement behind three extension headers");
	ipv6(17);
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	udp(547, 546);
	is(SERVICE, "a DHCPv6 answer behind an extension header");
	ipv6(58);
	for (int i = 0; i < 9; i++)
		mk_ext(&m, 60, "\1\4\0\0\0\0");
	icmp(134);
	is(HIDDEN, "a router advertisement behind nine extension headers");
	ipv6(58);
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	m.b[m.l3 + 41] = 30;
	mk_payload(&m, 240);
	icmp(134);
	is(HIDDEN, "a router advertisement behind an extension header of 248 bytes");
	ipv6(58);
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	m.b[m.l3 + 41] = 1;
	mk_finish(&m, 0);
	is(HIDDEN, "an extension header that is cut short");
	ipv6(59);
	mk_finish(&m, 0);
	is(PLAIN, "an IPv6 packet with nothing in it");
}

static void test_ipv6_fragments(void)
{
	ipv6(58);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	icmp(134);
	is(HIDDEN, "a router advertisement in a first fragment");
	ipv6(58);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	icmp(136);
	is(HIDDEN, "a neighbour advertisement in a first fragment");
	ipv6(58);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	icmp(128);
	is(PLAIN, "a first fragment of an echo request");
	ipv6(58);
	mk_ext(&m, 44, "\0\0\0\0\0\7");
	icmp(134);
	is(SERVICE, "a router advertisement in an atomic fragment");
	ipv6(58);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	mk_finish(&m, 0);
	mk_payload(&m, 10);
	is(HIDDEN, "a first fragment of ICMPv6 with padding alone");
	ipv6(60);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	mk_add(&m, "\x3a\4\1\4\0\0\0\0", 8);
	mk_finish(&m, 0);
	is(HIDDEN, "a first fragment that ends within its extension headers");
	ipv6(6);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	mk_payload(&m, 16);
	mk_finish(&m, 0);
	is(HIDDEN, "a first fragment with 16 bytes of TCP");
	ipv6(58);
	mk_ext(&m, 44, "\0\x58\0\0\0\7");
	icmp(134);
	is(PLAIN, "a later fragment");
	ipv6(17);
	mk_ext(&m, 44, "\0\1\0\0\0\7");
	udp(547, 546);
	is(SERVICE, "a first fragment of a DHCPv6 answer");
}

static void test_ipv4_fragments(void)
{
	ipv4(17);
	m.b[m.l3 + 6] = 0x20;
	udp(67, 68);
	is(SERVICE, "a first fragment of a DHCP answer");
	ipv4(17);
	m.b[m.l3 + 6] = 0x20;
	mk_finish(&m, 0);
	mk_be16(&m, m.l3 + 2, 20);
	mk_add(&m, "\x27\x10\x27\x10\0\0\0\0\0\0", 10);
	is(HIDDEN, "a first fragment of UDP whose ports are padding");
	ipv4(17);
	m.b[m.l3 + 6] = 0x20;
	mk_add(&m, "\x27\x10\0", 3);
	mk_be16(&m, m.l3 + 2, 23);
	is(HIDDEN, "a first fragment of UDP that is cut short");
	ipv4(17);
	m.b[m.l3 + 6] = 0x20;
	m.b[m.l3 + 7] = 1;
	udp(67, 68);
	is(PLAIN, "a later fragment of IPv4");
	ipv4(17);
	m.b[m.l3 + 6] = 0x20;
	udp(5000, 6000);
	is(PLAIN, "a first fragment of other UDP");
	ipv4(6);
	mk_tcp(&m, 1, 0x10);
	mk_finish(&m, 1);
	is(PLAIN, "TCP");
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0806);
	mk_add(&m, "\0\1\10\0\6\4\0\1", 8);
	is(PLAIN, "an ARP frame");
}

int main(void)
{
	test_icmp();
	test_dhcp();
	test_ipv4_options();
	test_snap();
	test_ipv6_chain();
	test_ipv6_fragments();
	test_ipv4_fragments();
	return done_testing();
}
