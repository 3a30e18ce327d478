/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN policy, allowed addresses, the spoof check of ARP, IPv4, IPv6 and ND, and random bytes. */
#include "backend/frame/frame_check.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#include <errno.h>

static struct mk m;

static void test_vlan_parse(void)
{
	static const struct {
		const char *text;
		int ret;
		enum vlan_mode mode;
		const char *err;
	} rows[] = {
		{"none", 0, VLAN_NONE, ""},
		{"trunk", 0, VLAN_TRUNK, ""},
		{"10,20,30-40", 0, VLAN_LIST, ""},
		{"untagged", 0, VLAN_LIST, ""},
		{"10 , untagged ,12", 0, VLAN_LIST, ""},
		{" 1 , 4094 , 7 - 9 ", 0, VLAN_LIST, ""},
		{"", -EINVAL, 0, "\"\" is not"},
		{"10,", -EINVAL, 0, "\"\" is not"},
		{"0", -EINVAL, 0, "\"0\" is not"},
		{"10,4095", -EINVAL, 0, "\"4095\" is not"},
		{"40-30", -EINVAL, 0, "\"40-30\" is not"},
		{"10,1O", -EINVAL, 0, "\"1O\" is not"},
		{"-5", -EINVAL, 0, "\"-5\" is not"},
		{"10 20", -EINVAL, 0, "\"10 20\" is not"},
		{"99999999999999999999", -EINVAL, 0, "\"99999999999999999999\" is not"},
		{"untagged-7", -EINVAL, 0, "\"untagged-7\" is not"},
		{"7-untagged", -EINVAL, 0, "\"7-untagged\" is not"},
		{"untaggedly", -EINVAL, 0, "\"untaggedly\" is not"},
		{"10,none", -EINVAL, 0, "\"none\" is not"},
		{"nonesuch", -EINVAL, 0, "\"nonesuch\" is not"},
	};
	struct vlan_policy p;
	char err[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&p, 0x55, sizeof(p));
		err[0] = '\0';
		is_int(vlan_policy_parse(rows[i].text, &p, err, sizeof(err)), rows[i].ret,
		       "vlan \"%s\" is %s", rows[i].text, rows[i].ret ? "refused" : "taken");
		if (rows[i].ret == 0)
			ok(p.mode == rows[i].mode && !err[0],
			   "vlan \"%s\" gives its mode and no error", rows[i].text);
		else if (!ok(strncmp(err, rows[i].err, strlen(rows[i].err)) == 0 &&
				     p.ids[0] == UINT64_C(0x5555555555555555),
			     "the refusal of vlan \"%s\" names it and changes nothing",
			     rows[i].text))
			diag("%s", err);
	}
	is_int(vlan_policy_parse("bad", &p, NULL, 0), -EINVAL,
	       "a refusal without room for its sentence is fine");
}

static void test_vlan_allows(void)
{
	static const struct {
		const char *name;
		uint16_t tag[3][2]; /* TPID, TCI; outermost first */
		bool none, list, both, trunk;
	} rows[] = {
		{"untagged", {{0}}, true, false, true, true},
		{"priority tag", {{0x8100, 0xe000}}, true, false, true, true},
		{"listed", {{0x8100, 20}}, false, true, true, true},
		{"listed, 802.1ad", {{0x88a8, 0x6000 | 35}}, false, true, true, true},
		{"not listed", {{0x8100, 41}}, false, false, false, true},
		{"id 4095", {{0x8100, 4095}}, false, false, false, true},
		{"two tags, both listed", {{0x88a8, 20}, {0x8100, 20}}, false, false, false, true},
		{"listed id behind a priority tag",
		 {{0x8100, 0}, {0x8100, 20}},
		 false,
		 false,
		 false,
		 true},
		{"three tags", {{0x8100, 0}, {0x8100, 0}, {0x8100, 20}}, false, false, false, true},
	};
	struct vlan_policy none = {0}, list, both, trunk;
	struct frame_info fi;
	uint8_t *copy;

	vlan_policy_parse("10,20,30-40", &list, NULL, 0);
	vlan_policy_parse("untagged,10,20,30-40", &both, NULL, 0);
	vlan_policy_parse("trunk", &trunk, NULL, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
		for (int t = 2; t >= 0; t--)
			if (rows[i].tag[t][0])
				mk_tag(&m, rows[i].tag[t][0], rows[i].tag[t][1]);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		frame_parse(m.b, m.len, m.len, &fi);
		ok(vlan_allows(&none, &fi) == rows[i].none, "vlan none %s a frame: %s",
		   rows[i].none ? "takes" : "refuses", rows[i].name);
		ok(vlan_allows(&list, &fi) == rows[i].list, "vlan list %s a frame: %s",
		   rows[i].list ? "takes" : "refuses", rows[i].name);
		ok(vlan_allows(&both, &fi) == rows[i].both,
		   "vlan list with untagged %s a frame: %s", rows[i].both ? "takes" : "refuses",
		   rows[i].name);
		ok(vlan_allows(&trunk, &fi) == rows[i].trunk, "vlan trunk %s a frame: %s",
		   rows[i].trunk ? "takes" : "refuses", rows[i].name);
	}
	mk_eth(&m, MK_OTHER, MK_MAC, 0x8100);
	mk_add(&m, "\0", 1);
	copy = mk_copy(m.b, m.len);
	frame_parse(copy, m.len, m.len, &fi);
	free(copy);
	ok(!vlan_allows(&none, &fi) && !vlan_allows(&list, &fi) && !vlan_allows(&both, &fi),
	   "a tag that is cut short is no VLAN 0");
	is_int(vlan_first(&none), -1, "a device without VLANs announces itself untagged");
	is_int(vlan_first(&both), -1, "a device that may send untagged frames announces itself so");
	is_int(vlan_first(&list), 10,
	       "a device confined to VLANs announces itself in the first one");
}

static void test_ip_list(void)
{
	static const struct {
		const char *text;
		int ret;
		unsigned int n;
		const char *err;
	} rows[] = {
		{"", 0, 0, ""},
		{" , ,", 0, 0, ""},
		{"10.0.0.1, 10.1.0.0/16 fd00::1", 0, 3, ""},
		{"::/0\t0.0.0.0/0", 0, 2, ""},
		{"10.0.0.1 10.0.0.300", -EINVAL, 0, "\"10.0.0.300\" is not"},
		{"10.0.0.1/33", -EINVAL, 0, "\"10.0.0.1/33\" is not"},
		{"fd00::/129", -EINVAL, 0, "\"fd00::/129\" is not"},
		{"10.0.0.1/", -EINVAL, 0, "\"10.0.0.1/\" is not"},
		{"10.0.0.1/8/8", -EINVAL, 0, "\"10.0.0.1/8/8\" is not"},
		{"10.0.0.1/+8", -EINVAL, 0, "\"10.0.0.1/+8\" is not"},
		{"10.0.0", -EINVAL, 0, "\"10.0.0\" is not"},
		{"banana", -EINVAL, 0, "\"banana\" is not"},
		{"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 1.1.1.8 1.1.1.9 "
		 "1.1.1.10 1.1.1.11 1.1.1.12 1.1.1.13 1.1.1.14 1.1.1.15 1.1.1.16 1.1.1.17",
		 -E2BIG, 0, "more than 16 "},
	};
	struct ip_list list;
	char err[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list.n = 99;
		err[0] = '\0';
		is_int(ip_list_parse(rows[i].text, &list, err, sizeof(err)), rows[i].ret,
		       "allowed-ip \"%.40s\" is %s", rows[i].text,
		       rows[i].ret ? "refused" : "taken");
		is_int(list.n, rows[i].ret ? 99 : rows[i].n,
		       "allowed-ip \"%.40s\" gives as many entries as it should", rows[i].text);
		ok(strncmp(err, rows[i].err, strlen(rows[i].err)) == 0,
		   "allowed-ip \"%.40s\" gives the right sentence", rows[i].text);
	}
	ip_list_parse("10.1.2.3/15 fd00:0:0:1:8000::/65", &list, NULL, 0);
	ok(ip_list_has(&list, false, (const uint8_t *)"\x0a\x00\xff\xff"),
	   "10.0.255.255 is in the listed 10.1.2.3/15");
	ok(!ip_list_has(&list, false, (const uint8_t *)"\x0a\x02\x00\x00"),
	   "10.2.0.0 is not in the listed 10.1.2.3/15");
	ok(ip_list_has(&list, true, (const uint8_t *)"\xfd\0\0\0\0\0\0\1\xff\0\0\0\0\0\0\0"),
	   "fd00:0:0:1:ff00:: is in the listed fd00:0:0:1:8000::/65");
	ok(!ip_list_has(&list, true, (const uint8_t *)"\xfd\0\0\0\0\0\0\1\x7f\0\0\0\0\0\0\0"),
	   "fd00:0:0:1:7f00:: is not in the listed fd00:0:0:1:8000::/65");
	ok(!ip_list_has(&list, true, (const uint8_t *)"\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0"),
	   "an IPv6 address that begins like a listed IPv4 one is not in the list");
}

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
		    : frame_spoof_check(&fi, copy, n, (const uint8_t *)MK_MAC, &list);
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
	};
	char name[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		icmpv6(rows[i].src, rows[i].type, rows[i].target, rows[i].opt, rows[i].mac);
		snprintf(name, sizeof(name), "IPv6 %s", rows[i].name);
		verdict(FRAME_OK, rows[i].with, name);
	}
	icmpv6(MK_LOCAL, 137, MK_IP6, 0, NULL);
	mk_add(&m, MK_IP6_2, 16);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_SPOOF_IP, "a whole IPv6 redirect");
	icmpv6(MK_IP6, 136, MK_IP6, 2, MK_MAC);
	m.b[m.l4 + 25] = 0;
	verdict(FRAME_OK, FRAME_MALFORMED, "NA with an option of length 0");
	icmpv6(MK_IP6, 136, MK_IP6, 14, MK_MAC);
	m.b[m.l4 + 25] = 2;
	verdict(FRAME_OK, FRAME_MALFORMED, "NA with an option past the end");
	icmpv6(MK_IP6, 136, MK_IP6, 2, MK_MAC);
	m.len--;
	verdict(FRAME_OK, FRAME_MALFORMED, "NA shorter than IPv6 says");
	icmpv6(MK_IP6, 136, MK_IP6, 14, "\0\0\0\0\0\0");
	m.b[m.l4 + 25] = 23;
	mk_payload(&m, 22 * 8);
	mk_add(&m, "\2\1" MK_OTHER, 8);
	mk_finish(&m, 1);
	verdict(FRAME_OK, FRAME_MALFORMED, "NA with another's MAC behind the copied bytes");
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
	verdict(FRAME_OK, FRAME_MALFORMED, "NA for another in a first fragment");
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
			passed += frame_spoof_check(&fi, copy, n, (const uint8_t *)MK_MAC, &list) ==
				  FRAME_OK;
		}
		free(copy);
	}
	is_int(wrong, 0, "in fuzzed frames every offset lies in the header that was given");
	ok(passed > 20000 && passed < 180000,
	   "of fuzzed frames some pass and some do not (%u passed)", passed);
}

int main(void)
{
	test_vlan_parse();
	test_vlan_allows();
	test_ip_list();
	test_spoof_arp();
	test_spoof_ipv4();
	test_spoof_nd();
	test_spoof_nd_hidden();
	is_str(frame_verdict_name(FRAME_VERDICTS), "?", "a verdict out of range has a name too");
	test_fuzz();
	return done_testing();
}
