/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spoof check of ARP, IPv4, IPv6 and ND, and random bytes. */
#include "backend/frame/frame_spoof.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

static struct mk m;

static enum frame_verdict check(const char *list_text)
{
	struct frame_info fi;
	struct ip_list list;
	size_t n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
	uint8_t *copy = mk_copy(m.b, n);
	enum frame_verdict v;

	ip_list_parse(list_text, &list, NULL, 0);
	v = frame_parse(copy, n, m.len, &fi)
		    ? FRAME_MALFORMED
		    : frame_spoof_check(&fi, copy, n, (const uint8_t *)MK_MAC, &list, NULL);
	free(copy);
	return v;
}

#define LIST "10.0.0.1 fd00::1"

static void verdict(enum frame_verdict without, enum frame_verdict with, const char *name)
{
	is_str(frame_verdict_name(check("")), frame_verdict_name(without),
	       "without allowed-ip %s gives %s", name, frame_verdict_name(without));
	is_str(frame_verdict_name(check(LIST)), frame_verdict_name(with),
	       "with allowed-ip %s gives %s", name, frame_verdict_name(with));
}

static void arp(uint8_t op, const char *mac, const char *sender, const char *target)
{
	mk_eth(&m, MK_BCAST, MK_MAC, 0x0806);
	mk_add(&m, "\0\1\10\0\6\4\0", 7);
	mk_add(&m, &op, 1);
	mk_add(&m, mac, 6);
	mk_add(&m, sender, 4);
	mk_add(&m, MK_ZERO, 6);
	mk_add(&m, target, 4);
}

static void test_spoof_arp(void)
{
	uint8_t rarp[64];

	arp(1, MK_MAC, MK_IP, MK_IP2);
	verdict(FRAME_OK, FRAME_OK, "an ARP request");
	m.len--;
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "an ARP frame cut short by one byte");
	arp(2, MK_MAC, MK_IP2, MK_IP);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "an ARP reply for another's address");
	arp(1, MK_OTHER, MK_IP, MK_IP2);
	verdict(FRAME_SPOOF_MAC, FRAME_SPOOF_MAC, "an ARP frame with another's MAC inside");
	arp(1, MK_MAC, MK_ZERO, MK_IP);
	verdict(FRAME_OK, FRAME_OK, "an ARP probe for one's own address");
	arp(1, MK_MAC, MK_ZERO, MK_IP2);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "an ARP probe for another's address");
	arp(2, MK_MAC, MK_ZERO, MK_IP);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "an ARP reply from 0.0.0.0");
	arp(1, MK_MAC, MK_IP, MK_IP2);
	m.b[18] = 8;
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "an ARP frame with 8-byte hardware addresses");
	arp(1, MK_MAC, MK_IP, MK_IP2);
	memcpy(m.b + 6, MK_OTHER, 6);
	verdict(FRAME_SPOOF_MAC, FRAME_SPOOF_MAC, "a frame with another's source MAC");
	mk_eth(&m, MK_BCAST, MK_MAC, 0);
	m.len = (uint32_t)frame_build_rarp(rarp, (const uint8_t *)MK_MAC, -1);
	memcpy(m.b, rarp, m.len);
	verdict(FRAME_OK, FRAME_SPOOF_TYPE, "a RARP frame");
}

static void test_spoof_ipv4(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 1, 0x10);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_OK, "IPv4 from one's own address");
	m.len = 14 + 19;
	verdict(FRAME_OK, FRAME_MALFORMED, "an IPv4 header cut short");
	m.len = 14;
	verdict(FRAME_OK, FRAME_MALFORMED, "IPv4 with nothing behind Ethernet");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_payload(&m, 3);
	mk_finish(&m, 1);
	m.b[m.l3] = 0x46;
	mk_be16(&m, m.l3 + 2, 24);
	verdict(FRAME_OK, FRAME_MALFORMED, "an IPv4 header with options cut short");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_tag(&m, 0x8100, 7);
	mk_ipv4(&m, 17, MK_IP2, MK_IP);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "IPv4 from another's address behind a tag");

	mk_eth(&m, MK_BCAST, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_ZERO, "\xff\xff\xff\xff");
	mk_udp(&m, 68, 67);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_OK, "DHCP from 0.0.0.0");
	m.b[m.l4 + 3] = 68;
	verdict(FRAME_OK, FRAME_SPOOF_IP, "other UDP from 0.0.0.0");
	m.b[m.l4 + 3] = 67;
	m.b[m.l3 + 6] = 0x20;
	verdict(FRAME_OK, FRAME_SPOOF_IP, "a fragment from 0.0.0.0");

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_tag(&m, 0x8100, 1);
	mk_tag(&m, 0x8100, 1);
	mk_tag(&m, 0x8100, 1);
	mk_ipv4(&m, 6, MK_IP2, MK_IP);
	verdict(FRAME_OK, FRAME_SPOOF_TYPE, "IPv4 hidden behind three tags");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x88cc);
	verdict(FRAME_OK, FRAME_SPOOF_TYPE, "an LLDP frame");
}

static void icmpv6(const char *src, uint8_t type, const char *target, uint8_t opt, const char *mac)
{
	mk_eth(&m, "\x33\x33\0\0\0\1", MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, src, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	mk_add(&m, &type, 1);
	mk_add(&m, MK_ZERO, 7);
	if (target)
		mk_add(&m, target, 16);
	if (opt && mac) {
		mk_add(&m, &opt, 1);
		mk_add(&m, "\1", 1);
		mk_add(&m, mac, 6);
	}
	mk_finish(&m, 1);
}

static void test_spoof_nd(void)
{
	static const struct {
		const char *name, *src;
		uint8_t type;
		const char *target;
		uint8_t opt;
		const char *mac;
		enum frame_verdict with;
	} rows[] = {
		{"NA, own", MK_IP6, 136, MK_IP6, 2, MK_MAC, FRAME_OK},
		{"NA, own link-local", MK_LOCAL, 136, MK_LOCAL, 2, MK_MAC, FRAME_OK},
		{"NA, no option", MK_IP6, 136, MK_IP6, 0, NULL, FRAME_OK},
		{"NA, another's target", MK_IP6, 136, MK_IP6_2, 2, MK_MAC, FRAME_SPOOF_IP},
		{"NA, another's local", MK_LOCAL, 136, MK_LOCAL2, 2, MK_MAC, FRAME_SPOOF_IP},
		{"NA, another's MAC", MK_IP6, 136, MK_IP6, 2, MK_OTHER, FRAME_SPOOF_MAC},
		{"NA, no target", MK_IP6, 136, NULL, 0, NULL, FRAME_MALFORMED},
		{"NA from ::", MK_ZERO, 136, MK_IP6, 2, MK_MAC, FRAME_SPOOF_IP},
		{"NS", MK_IP6, 135, MK_IP6_2, 1, MK_MAC, FRAME_OK},
		{"NS, another's MAC", MK_IP6, 135, MK_IP6_2, 1, MK_OTHER, FRAME_SPOOF_MAC},
		{"NS from another", MK_IP6_2, 135, MK_IP6, 1, MK_MAC, FRAME_SPOOF_IP},
		{"DAD", MK_ZERO, 135, MK_IP6, 0, NULL, FRAME_OK},
		{"DAD, link-local", MK_ZERO, 135, MK_LOCAL, 0, NULL, FRAME_OK},
		{"DAD, another's", MK_ZERO, 135, MK_IP6_2, 0, NULL, FRAME_SPOOF_IP},
		{"RS", MK_LOCAL, 133, NULL, 1, MK_MAC, FRAME_OK},
		{"RS from ::", MK_ZERO, 133, NULL, 0, NULL, FRAME_OK},
		{"MLDv2 from ::", MK_ZERO, 143, NULL, 0, NULL, FRAME_OK},
		{"echo", MK_IP6, 128, NULL, 0, NULL, FRAME_OK},
		{"echo from ::", MK_ZERO, 128, NULL, 0, NULL, FRAME_SPOOF_IP},
		{"echo, own link-local", MK_LOCAL, 128, NULL, 0, NULL, FRAME_OK},
		{"echo, another's link-local", MK_LOCAL2, 128, NULL, 0, NULL, FRAME_SPOOF_IP},
		{"redirect", MK_LOCAL, 137, MK_IP6, 2, MK_MAC, FRAME_MALFORMED},
		{"RS, another's MAC", MK_LOCAL, 133, NULL, 1, MK_OTHER, FRAME_SPOOF_MAC},
	};
	char name[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		icmpv6(rows[i].src, rows[i].type, rows[i].target, rows[i].opt, rows[i].mac);
		snprintf(name, sizeof(name), "IPv6 %s", rows[i].name);
		/* MAC addresses are checked without a list, too. */
		verdict(rows[i].with == FRAME_SPOOF_IP ? FRAME_OK : rows[i].with, rows[i].with,
			name);
	}
}

static void test_spoof_nd_options(void)
{
	icmpv6(MK_LOCAL, 137, MK_IP6, 0, NULL);
	mk_add(&m, MK_IP6_2, 16);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_OK, "a whole IPv6 redirect");
	icmpv6(MK_IP6, 136, MK_IP6, 2, MK_MAC);
	m.b[m.l4 + 25] = 0;
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "NA with an option of length 0");
	icmpv6(MK_IP6, 136, MK_IP6, 14, MK_MAC);
	m.b[m.l4 + 25] = 2;
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "NA with an option past the end");
	icmpv6(MK_IP6, 136, MK_IP6, 2, MK_MAC);
	m.len--;
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "NA shorter than IPv6 says");
	icmpv6(MK_IP6, 136, MK_IP6, 14, "\0\0\0\0\0\0");
	m.b[m.l4 + 25] = 23;
	mk_payload(&m, 22 * 8);
	mk_add(&m, "\2\1" MK_OTHER, 8);
	mk_finish(&m, 1);
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "NA with another's MAC behind the copied bytes");
}

static void test_spoof_nd_hidden(void)
{
	/* A forged advertisement for another's address behind headers that a lazy check does not
	 * walk. */
	static const uint8_t na[24] = {136, 0, 0, 0, 0x60, 0, 0, 0, 0xfd, [23] = 2};

	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, MK_IP6, MK_IP6_2);
	mk_ext(&m, 0, "\1\4\0\0\0\0");
	mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_add(&m, na, sizeof(na));
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "NA for another behind extension headers");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, MK_IP6, MK_IP6_2);
	for (int i = 0; i < 9; i++)
		mk_ext(&m, 60, "\1\4\0\0\0\0");
	mk_add(&m, na, sizeof(na));
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_MALFORMED, "NA for another behind too many extension headers");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, MK_IP6, MK_IP6_2);
	mk_ext(&m, 44, "\0\1\0\0\0\1");
	mk_add(&m, na, sizeof(na));
	mk_finish(&m, 1);
	verdict(FRAME_MALFORMED, FRAME_MALFORMED, "NA for another in a first fragment");
	mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
	mk_ipv6(&m, 58, MK_IP6, MK_IP6_2);
	m.len -= 1;
	verdict(FRAME_OK, FRAME_MALFORMED, "an IPv6 header cut short");
}

static void seed_frame(uint32_t r)
{
	switch (r % 6) {
	case 0:
		arp(1, MK_MAC, MK_IP, MK_IP2);
		break;
	case 1:
		icmpv6(MK_IP6, 136, MK_IP6, 2, MK_MAC);
		break;
	case 2:
		icmpv6(MK_ZERO, 135, MK_IP6, 0, NULL);
		break;
	case 3:
		mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
		mk_ipv4(&m, 6, MK_IP, MK_IP2);
		mk_tcp(&m, 1, 0x10);
		mk_finish(&m, 1);
		break;
	case 4:
		mk_eth(&m, MK_OTHER, MK_MAC, 0x86dd);
		mk_tag(&m, 0x8100, 3);
		mk_ipv6(&m, 17, MK_IP6, MK_IP6_2);
		mk_ext(&m, 0, "\1\4\0\0\0\0");
		mk_ext(&m, 44, "\0\0\0\0\0\1");
		mk_udp(&m, 1, 2);
		mk_finish(&m, 1);
		break;
	default:
		mk_eth(&m, MK_BCAST, MK_MAC, 0x0800);
		mk_tag(&m, 0x8100, 3);
		mk_tag(&m, 0x88a8, 3);
		mk_ipv4(&m, 17, MK_ZERO, MK_IP2);
		mk_udp(&m, 68, 67);
		mk_finish(&m, 1);
	}
	mk_payload(&m, r % 300);
}

/* Whatever the bytes: nothing is read outside, and all offsets that come out lie inside. */
static void test_fuzz(void)
{
	uint64_t rng = 20240607;
	struct frame_info fi;
	struct ip_list list;
	unsigned int passed = 0, wrong = 0;

	ip_list_parse(LIST, &list, NULL, 0);
	for (int i = 0; i < 200000; i++) {
		uint32_t n, len;
		uint8_t *copy;

		seed_frame(mk_rand(&rng));
		for (uint32_t k = mk_rand(&rng) % 4; k > 0; k--)
			m.b[mk_rand(&rng) % 128] = (uint8_t)mk_rand(&rng);
		n = mk_rand(&rng) % 3 ? m.len : mk_rand(&rng) % (m.len + 1);
		n = n < FRAME_HDR_MAX ? n : FRAME_HDR_MAX;
		len = mk_rand(&rng) % 3 ? m.len : mk_rand(&rng) % 70000;
		copy = mk_copy(m.b, n);
		if (frame_parse(copy, n, len, &fi) == 0) {
			uint32_t end = (uint32_t)fi.l4_off + fi.l4_len;

			wrong += end > n || end > len || fi.l3_off > n ||
				 (fi.l4_off && fi.l4_off < fi.l3_off + 20);
			wrong += frame_wire_bytes(&fi, (uint16_t)mk_rand(&rng)) < 64;
			passed += frame_spoof_check(&fi, copy, n, (const uint8_t *)MK_MAC, &list,
						    NULL) == FRAME_OK;
		}
		free(copy);
	}
	is_int(wrong, 0, "in fuzzed frames every offset lies in the header that was given");
	ok(passed > 20000 && passed < 180000,
	   "of fuzzed frames some pass and some do not (%u passed)", passed);
}

int main(void)
{
	test_spoof_arp();
	test_spoof_ipv4();
	test_spoof_nd();
	test_spoof_nd_options();
	test_spoof_nd_hidden();
	test_fuzz();
	return done_testing();
}
