/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsing, wire bytes, MACs. */
#include "backend/frame/frame.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#include <errno.h>

static struct mk m;

static int parse(struct frame_info *fi)
{
	size_t n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
	uint8_t *copy = mk_copy(m.b, n);
	int ret = frame_parse(copy, n, m.len, fi);

	free(copy);
	return ret;
}

static void test_parse(void)
{
	struct frame_info fi;

	mk_eth(&m, MK_BCAST, MK_MAC, 0x1234);
	is_int(parse(&fi), 0, "a bare Ethernet header parses");
	ok(fi.is_group && fi.vid == -1 && fi.tags == 0 && fi.l3 == FRAME_L3_OPAQUE,
	   "a bare Ethernet header is broadcast, untagged and opaque");
	m.len = 13;
	is_int(parse(&fi), -EINVAL, "13 bytes are no frame");

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_tag(&m, 0x8100, 0xe005);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	m.b[m.l3] = 0x46;
	mk_add(&m, "\1\1\1\0", 4);
	mk_tcp(&m, 1, 0x10);
	m.b[m.l4 + 12] = 0x80;
	mk_payload(&m, 12 + 100);
	mk_finish(&m, 1);
	is_int(parse(&fi), 0, "tagged IPv4 with options and TCP with options parses");
	ok(fi.vid == 5 && fi.tags == 1 && !fi.is_group && fi.ethertype == 0x0800,
	   "a tag gives its VLAN and the ethertype behind it");
	ok(!fi.l3_bad && fi.l3_off == 18 && fi.l4_off == 42 && fi.l4_len == 32 && fi.l4_proto == 6,
	   "the offsets of IPv4 with options and TCP with options are right");
	m.b[m.l4 + 12] = 0x40;
	parse(&fi);
	ok(fi.l4_off == 42 && fi.l4_len == 0, "a TCP header of 16 bytes is none");
	m.b[m.l3] = 0x44;
	parse(&fi);
	ok(fi.l3_bad && fi.l4_off == 0, "an IPv4 header of 16 bytes is bad");

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, 1, 2);
	mk_finish(&m, 1);
	m.b[m.l3 + 6] = 0x20;
	parse(&fi);
	ok(fi.fragment && fi.l4_off == 34, "UDP is seen in a first fragment");
	m.b[m.l3 + 7] = 1;
	parse(&fi);
	ok(fi.fragment && fi.l4_off == 0, "what looks like UDP in a later fragment is not");
}

static void test_parse_ipv6(void)
{
	struct frame_info fi;

	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	mk_ext(&m, 0, "\1\4\0\0\0\0");
	mk_ext(&m, 44, "\0\0\0\0\0\1");
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_udp(&m, 1, 2);
	mk_finish(&m, 1);
	parse(&fi);
	ok(!fi.l3_bad && !fi.fragment && fi.l4_off == 78 && fi.l4_proto == 17 && fi.l4_len == 8,
	   "hop-by-hop, atomic fragment and destination options are walked");
	m.b[14 + 40 + 8 + 3] = 1;
	parse(&fi);
	ok(fi.fragment && fi.l4_off == 78, "UDP is seen in a first fragment of IPv6");
	m.b[14 + 40 + 8 + 3] = 8;
	parse(&fi);
	ok(fi.fragment && !fi.l3_bad && fi.l4_off == 0,
	   "what looks like UDP in a later fragment of IPv6 is not");
	m.b[14 + 40 + 1] = 200;
	parse(&fi);
	ok(fi.l3_bad && fi.l4_off == 0, "an extension header that ends outside the copy is bad");

	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	for (int i = 0; i < 8; i++)
		mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_udp(&m, 1, 2);
	mk_finish(&m, 1);
	parse(&fi);
	ok(!fi.l3_bad && fi.l4_off == 118, "8 extension headers are walked");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
	for (int i = 0; i < 9; i++)
		mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_udp(&m, 1, 2);
	parse(&fi);
	ok(fi.l3_bad, "9 extension headers are bad");
}

static void test_wire(void)
{
	struct frame_info fi;

	mk_eth(&m, MK_OTHER, MK_MAC, 0x1234);
	parse(&fi);
	is_int(frame_wire_bytes(&fi, 0), 64, "14 bytes take 64 on the wire");
	mk_payload(&m, 1500);
	parse(&fi);
	is_int(frame_wire_bytes(&fi, 0), 1518, "a full frame takes 1518 bytes on the wire");
	is_int(frame_wire_bytes(&fi, 1000), 1518, "the GSO size of an opaque frame is ignored");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1, 0x10);
	mk_payload(&m, 10 * 1448 + 1);
	mk_finish(&m, 0);
	parse(&fi);
	is_int(frame_wire_bytes(&fi, 1448), 10 * (54 + 1448 + 4) + 64,
	       "10 segments and one of a byte take their wire bytes");
	m.len--;
	parse(&fi);
	is_int(frame_wire_bytes(&fi, 1448), 10 * (54 + 1448 + 4),
	       "10 full segments take their wire bytes");
	is_int(frame_wire_bytes(&fi, 1), 14480 * 64, "a segment is never below 64 bytes");
}

static void test_mac(void)
{
	uint8_t mac[6] = {0, 0x16, 0x3e, 10, 11, 12}, again[6], uuid[16] = {0}, rarp[64];
	char text[FRAME_MAC_STR];

	is_str(frame_mac_format(mac, text), "00:16:3e:0a:0b:0c", "a MAC is formatted as text");
	frame_mac_default(mac, uuid, 0);
	is_str(frame_mac_format(mac, text), "00:16:3e:fe:e4:ec",
	       "the default MAC of a device never changes");
	frame_mac_default(again, uuid, 1);
	ok(memcmp(mac, again, 6) != 0, "another device has another default MAC");
	uuid[15] = 1;
	frame_mac_default(again, uuid, 0);
	ok(memcmp(mac, again, 6) != 0, "another domain has another default MAC");

	memset(rarp, 0x55, sizeof(rarp));
	is_int(frame_build_rarp(rarp, (const uint8_t *)MK_MAC, -1), 60,
	       "a RARP frame has 60 bytes");
	ok(memcmp(rarp,
		  MK_BCAST MK_MAC "\x80\x35\0\1\10\0\6\4\0\3" MK_MAC "\0\0\0\0" MK_MAC "\0\0\0\0",
		  42) == 0,
	   "a RARP frame is byte for byte the golden one");
	ok(memcmp(rarp + 42, MK_ZERO MK_ZERO, 22) == 0, "a RARP frame is padded with zeros");
	is_int(frame_build_rarp(rarp, (const uint8_t *)MK_MAC, 0x123), 64,
	       "a RARP frame with a tag is four bytes longer");
	ok(memcmp(rarp,
		  MK_BCAST MK_MAC "\x81\0\x01\x23\x80\x35\0\1\10\0\6\4\0\3" MK_MAC "\0\0\0\0" MK_MAC
				  "\0\0\0\0",
		  46) == 0,
	   "a RARP frame with a tag is byte for byte the golden one");
}

int main(void)
{
	test_parse();
	test_parse_ipv6();
	test_wire();
	test_mac();
	return done_testing();
}
