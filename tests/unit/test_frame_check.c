/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN policy, and lists of allowed addresses. */
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

static const struct {
	const char *name;
	uint16_t tag[3][2]; /* TPID, TCI; outermost first */
	bool none, list, both, trunk;
} tagged[] = {
	{"untagged", {{0}}, true, false, true, true},
	{"priority tag", {{0x8100, 0xe000}}, true, false, true, true},
	{"listed", {{0x8100, 20}}, false, true, true, true},
	{"listed, 802.1ad", {{0x88a8, 0x6000 | 35}}, false, false, false, true},
	{"priority tag, 802.1ad", {{0x88a8, 0}}, false, false, false, true},
	{"0x9100", {{0x9100, 20}}, false, false, false, true},
	{"0x9200 with id 0", {{0x9200, 0}}, false, false, false, true},
	{"0x9300", {{0x9300, 20}}, false, false, false, true},
	{"802.1ah", {{0x88e7, 20}}, false, false, false, true},
	{"E-tag of 802.1BR", {{0x893f, 20}}, false, false, false, true},
	{"VN-Tag", {{0x8926, 20}}, false, false, false, true},
	{"listed, with 0x9100 behind", {{0x8100, 20}, {0x9100, 20}}, false, false, false, true},
	{"priority tag with 802.1ad behind",
	 {{0x8100, 0}, {0x88a8, 20}},
	 false,
	 false,
	 false,
	 true},
	{"not listed", {{0x8100, 41}}, false, false, false, true},
	{"id 4095", {{0x8100, 4095}}, false, false, false, true},
	{"two tags, both listed", {{0x88a8, 20}, {0x8100, 20}}, false, false, false, true},
	{"listed id behind a priority tag", {{0x8100, 0}, {0x8100, 20}}, false, false, false, true},
	{"three tags", {{0x8100, 0}, {0x8100, 0}, {0x8100, 20}}, false, false, false, true},
};

static void test_vlan_allows(void)
{
	struct vlan_policy none = {0}, list, both, trunk;
	struct frame_info fi;
	uint8_t *copy;

	vlan_policy_parse("10,20,30-40", &list, NULL, 0);
	vlan_policy_parse("untagged,10,20,30-40", &both, NULL, 0);
	vlan_policy_parse("trunk", &trunk, NULL, 0);
	for (size_t i = 0; i < sizeof(tagged) / sizeof(tagged[0]); i++) {
		mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
		for (int t = 2; t >= 0; t--)
			if (tagged[i].tag[t][0])
				mk_tag(&m, tagged[i].tag[t][0], tagged[i].tag[t][1]);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		frame_parse(m.b, m.len, m.len, &fi);
		ok(vlan_allows(&none, &fi) == tagged[i].none, "vlan none %s a frame: %s",
		   tagged[i].none ? "takes" : "refuses", tagged[i].name);
		ok(vlan_allows(&list, &fi) == tagged[i].list, "vlan list %s a frame: %s",
		   tagged[i].list ? "takes" : "refuses", tagged[i].name);
		ok(vlan_allows(&both, &fi) == tagged[i].both,
		   "vlan list with untagged %s a frame: %s", tagged[i].both ? "takes" : "refuses",
		   tagged[i].name);
		ok(vlan_allows(&trunk, &fi) == tagged[i].trunk, "vlan trunk %s a frame: %s",
		   tagged[i].trunk ? "takes" : "refuses", tagged[i].name);
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

int main(void)
{
	test_vlan_parse();
	test_vlan_allows();
	test_ip_list();
	is_str(frame_verdict_name(FRAME_VERDICTS), "?", "a verdict out of range has a name too");
	return done_testing();
}
