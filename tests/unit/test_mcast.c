/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The group of a frame, and what messages of IGMP and MLD say. */
#include "backend/frame/mcast.h"

#include <stdio.h>

#include "tests/unit/mkmcast.h"
#include "tests/unit/tap.h"

#define SEC 1000000000ull

static struct mk m;
static struct frame_info fi;

static void parse(void)
{
	uint32_t hdr = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;

	if (frame_parse(m.b, hdr, m.len, &fi) < 0)
		abort();
}

/* Reads the frame in `m` from a copy that is exactly as long as it is. */
static enum mcast_type read_as(struct mcast_message *msg, bool summed)
{
	static uint8_t *copy;

	parse();
	free(copy);
	copy = mk_copy(m.b, m.len);
	if (!mcast_is_message(&fi, copy, m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX)) {
		*msg = (struct mcast_message){.type = MCAST_DATA};
		return MCAST_DATA;
	}
	mcast_read(msg, &fi, copy, summed);
	return msg->type;
}

/* What the frame in `m` says, as text: "+239.1.2.3 -239.1.2.4", "query 255", "bad", "data". */
static const char *says(void)
{
	static char text[256];
	struct mcast_message msg;
	struct mcast_addr a;
	size_t n = 0;
	bool join;

	switch (read_as(&msg, false)) {
	case MCAST_DATA:
		return "data";
	case MCAST_BAD:
		return "bad";
	case MCAST_QUERY:
		snprintf(text, sizeof(text), "query %llu",
			 (unsigned long long)(msg.querier_ns / SEC));
		return text;
	default:
		break;
	}
	text[0] = '\0';
	while (mcast_next(&msg, &a, &join) && n < sizeof(text) - 40)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c%d.%d", n ? " " : "",
				      join ? '+' : '-', a.b[mcast_is_v4(&a) ? 12 : 0], a.b[15]);
	return text;
}

static void is_said(const char *want, const char *what)
{
	is_str(says(), want, "%s", what);
}

static void test_single(void)
{
	mkm_single(&m, MK_MAC, 0x12, MKM_G1, MKM_G1);
	is_said("+239.3", "a report of IGMPv1 is a join");
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MKM_G1);
	is_said("+239.3", "a report of IGMPv2 is a join");
	mk_add(&m, MK_ZERO, 10);
	is_said("+239.3", "a report with padding behind it is a join");
	mkm_single(&m, MK_MAC, 0x17, "\xe0\0\0\x02", MKM_G1);
	is_said("-239.3", "a leave of IGMPv2 is a leave");
	mkm_single(&m, MK_MAC, 131, MKM_G6, MKM_G6);
	is_said("+255.3", "a report of MLDv1 is a join");
	mkm_single(&m, MK_MAC, 132, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x02", MKM_G6);
	is_said("-255.3", "a done of MLDv1 is a leave");
	mkm_single(&m, MK_MAC, 0x16, "\xe0\0\0\xfb", "\xe0\0\0\xfb");
	is_said("", "a report of 224.0.0.251 joins nothing: all hosts hear it");
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MK_IP2);
	is_said("", "a report of an address that is no group joins nothing");
	mkm_single(&m, MK_MAC, 131, MKM_ALL6, MKM_ALL6);
	is_said("", "a report of ff02::1 joins nothing");
}

static void test_records(void)
{
	static const struct {
		uint8_t type, sources;
		const char *v4, *v6, *what;
	} rows[] = {
		{1, 0, "-239.3", "-255.3", "IS_INCLUDE of nothing is a leave"},
		{1, 2, "+239.3", "+255.3", "IS_INCLUDE of sources is a join"},
		{2, 0, "+239.3", "+255.3", "IS_EXCLUDE is a join"},
		{2, 3, "+239.3", "+255.3", "IS_EXCLUDE of sources is a join"},
		{3, 0, "-239.3", "-255.3", "TO_INCLUDE of nothing is a leave"},
		{3, 1, "+239.3", "+255.3", "TO_INCLUDE of sources is a join"},
		{4, 0, "+239.3", "+255.3", "TO_EXCLUDE is a join"},
		{5, 1, "+239.3", "+255.3", "ALLOW is a join"},
		{5, 0, "", "", "ALLOW of nothing says nothing"},
		{6, 1, "", "", "BLOCK says nothing"},
		{7, 0, "", "", "an unknown record says nothing"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		mkm_record(&m, MK_MAC, 0, rows[i].type, MKM_G1, rows[i].sources);
		is_str(says(), rows[i].v4, "IGMPv3: %s", rows[i].what);
		mkm_record(&m, MK_MAC, 1, rows[i].type, MKM_G6, rows[i].sources);
		is_str(says(), rows[i].v6, "MLDv2: %s", rows[i].what);
	}
}

/* A join, a leave with auxiliary data, and a join behind it. */
static void test_several_records(void)
{
	static const char body[] = "\x22\0\0\0\0\0\0\3"
				   "\4\0\0\0\xef\1\2\3"
				   "\3\1\0\0\xef\1\2\4aux!"
				   "\2\0\0\1\xef\1\2\5\xa\0\0\1";
	char wrong[sizeof(body)];

	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", body, sizeof(body) - 1);
	is_said("+239.3 -239.4 +239.5", "all records of a report count");
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", body, sizeof(body) - 2);
	is_said("bad", "a report whose last record is cut short is bad");
	memcpy(wrong, body, sizeof(body));
	wrong[7] = 4;
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", wrong, sizeof(body) - 1);
	is_said("bad", "a report with fewer records than it says is bad");
	memcpy(wrong, body, sizeof(body));
	wrong[10] = (char)0xff;
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", wrong, sizeof(body) - 1);
	is_said("bad", "a report with more sources than fit is bad");
}

/* More than the headers that are copied out of the ring: 180 groups in a frame. */
static void test_long_report(void)
{
	static char body[8 + 180 * 8] = {0x22, [7] = (char)180};
	struct mcast_message msg;
	struct mcast_addr a;
	unsigned n = 0;
	bool join;

	for (unsigned i = 0; i < 180; i++)
		memcpy(body + 8 + 8 * i, (char[]){4, 0, 0, 0, (char)0xef, 1, 1, (char)i}, 8);
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", body, sizeof(body));
	is_int(read_as(&msg, false), MCAST_REPORT, "a report of 180 groups is read");
	while (mcast_next(&msg, &a, &join))
		n += join && a.b[15] == n;
	is_int(n, 180, "all of its groups are joined");
}

/* A jumbo frame could name 8000. */
static void test_longest_report(void)
{
	static char body[8 + 300 * 8] = {0x22, [6] = 1, [7] = 300 - 256};
	struct mcast_message msg;
	struct mcast_addr a;
	unsigned n = 0;
	bool join;

	for (unsigned i = 0; i < 300; i++)
		memcpy(body + 8 + 8 * i, (char[]){4, 0, 0, 0, (char)0xef, 1, 1, (char)i}, 8);
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x16", body, sizeof(body));
	ok(read_as(&msg, false) == MCAST_REPORT && msg.more, "a report of 300 groups is too long");
	while (mcast_next(&msg, &a, &join))
		n++;
	is_int(n, MCAST_RECORDS_MAX, "as many of its groups are joined as may be");
}

static void test_queries(void)
{
	mkm_single(&m, MK_MAC, 0x11, MKM_ALL, MKM_NONE);
	is_said("query 255", "a querier of IGMPv2 is present for 255 s");
	mkm_query(&m, MK_MAC, 0, 2, 125);
	is_said("query 255", "a querier of IGMPv3 with the defaults is present for 255 s");
	mkm_query(&m, MK_MAC, 0, 3, 20);
	is_said("query 65", "a querier of IGMPv3 is present for its own interval");
	mkm_query(&m, MK_MAC, 0, 7, 0xff);
	is_said("query 3600", "no querier is present for more than an hour");
	mkm_single(&m, MK_MAC, 0x11, MKM_G1, MKM_G1);
	is_said("query 0", "a query of one group does not make a querier");
	mkm_single(&m, MK_MAC, 0x11, MKM_G1, MKM_NONE);
	is_said("bad", "a general query that is not to all hosts is bad");
	mkm_query(&m, MK_MAC, 1, 2, 125);
	is_said("query 255", "a querier of MLDv2 with the defaults is present for 255 s");
	m.b[m.l3 + 8] = 0xfd;
	mk_be16(&m, m.l4 + 2, 0);
	mk_finish(&m, 1);
	is_said("bad", "an MLD query from an address that is not link-local is bad");
}

static void test_bad(void)
{
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MKM_G1);
	m.b[m.l4 + 2] ^= 1;
	is_said("bad", "a report of IGMP with a wrong checksum is bad");
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MKM_G1);
	m.b[m.l3 + 10] ^= 1;
	is_said("bad", "a report of IGMP with a wrong checksum of its IP header is bad");
	mkm_single(&m, MK_MAC, 131, MKM_G6, MKM_G6);
	m.b[m.l4 + 2] ^= 1;
	is_said("bad", "a report of MLD with a wrong checksum is bad");
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MKM_G1);
	m.len -= 1;
	is_said("bad", "a report of IGMP that is cut short is bad");
	mkm_single(&m, MK_MAC, 131, MKM_G6, MKM_G6);
	m.len -= 1;
	is_said("bad", "a report of MLD that is cut short is bad");
	mkm_igmp(&m, MK_MAC, MKM_G1, "\x16\0\0\0\xef\1\2", 7);
	is_said("bad", "a report of IGMP without its group is bad");
	mkm_single(&m, MK_MAC, 0x16, MKM_G1, MKM_G1);
	m.b[m.l3 + 6] = 0x20;
	mk_finish(&m, 1);
	is_said("bad", "a first fragment of a report is bad");
	m.b[m.l3 + 6] = 0;
	m.b[m.l3 + 7] = 1;
	mk_finish(&m, 1);
	is_said("bad", "a further fragment of IGMP is bad");
	mkm_single(&m, MK_MAC, 131, MKM_G6, MKM_G6);
	memmove(m.b + m.l4 - 8, m.b + m.l4, m.len - m.l4);
	m.b[m.l3 + 6] = 58;
	m.len -= 8;
	m.l4 -= 8;
	mk_finish(&m, 1);
	is_said("", "a report of MLD without a hop-by-hop header joins nothing, and is a report");
}

static void test_not_messages(void)
{
	mkm_data(&m, MK_MAC, 0, MKM_G1, 100);
	is_said("data", "a datagram to a group is no message");
	mkm_igmp(&m, MK_MAC, "\xe0\0\0\x0d", "\x13\0\0\0\0\0\0\0", 8);
	is_said("data", "DVMRP is no message about members");
	mkm_mld(&m, MK_MAC, MKM_ALL6, "\x88\0\0\0\0\0\0\0", 8);
	is_said("data", "a neighbour advertisement is no message about members");
}

static void test_summed(void)
{
	struct mcast_message msg;

	mkm_single(&m, MK_MAC, 131, MKM_G6, MKM_G6);
	m.b[m.l4 + 2] ^= 1;
	is_int(read_as(&msg, true), MCAST_REPORT,
	       "a report whose checksum is still to be filled in is read");
}

static void test_target(void)
{
	struct mcast_target t, u;

	mkm_data(&m, MK_MAC, 0, MKM_G1, 10);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.joinable && t.exact && !t.v6 && t.vlan == 0, "an IPv4 group is known by its address");
	mk_tag(&m, 0x8100, 0xe007);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.exact && t.vlan == 7, "a tag's VLAN counts, without its priority");
	mk_tag(&m, 0x88a8, 9);
	parse();
	mcast_target(&fi, m.b, m.len, &u);
	ok(u.exact && u.vlan != 7 && u.vlan != 9 && u.vlan > 4095,
	   "two tags are a network of their own");
	mk_tag(&m, 0x88a8, 9);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.joinable && !t.exact, "behind three tags a group is known by its MAC address");
	mkm_data(&m, MK_MAC, 1, MKM_G6, 10);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.joinable && t.exact && t.v6, "an IPv6 group is known by its address");
	mkm_data(&m, MK_MAC, 0, "\xe0\0\0\xfb", 10);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(!t.joinable, "nobody joins 224.0.0.251");
	mkm_data(&m, MK_MAC, 0, "\xef\0\0\xfb", 10);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.joinable && t.exact, "239.0.0.251 can be joined, though it shares a MAC address");
	mkm_data(&m, MK_MAC, 1, MKM_ALL6, 10);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(!t.joinable, "nobody joins ff02::1");
	mk_eth(&m, "\x01\0\x5e\1\2\3", MK_MAC, 0x88b5);
	mk_payload(&m, 50);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(t.joinable && !t.exact, "a frame that is not IP is known by its MAC address");
	memcpy(m.b, MK_BCAST, 6);
	parse();
	mcast_target(&fi, m.b, m.len, &t);
	ok(!t.joinable, "nobody joins broadcast");
}

static void test_own_queries(void)
{
	uint8_t query[MCAST_QUERY_MAX];

	for (int vid = -1; vid < 200; vid += 101) {
		for (int v6 = 0; v6 < 2; v6++) {
			memset(&m, 0, sizeof(m));
			m.len = mcast_build_query(query, v6, vid);
			memcpy(m.b, query, m.len);
			is_str(says(), "query 250", "an own query is right: IPv%d, VLAN %d",
			       v6 ? 6 : 4, vid);
			is_int(fi.vid, vid, "an own query is in its VLAN: IPv%d, VLAN %d",
			       v6 ? 6 : 4, vid);
		}
	}
}

int main(void)
{
	test_single();
	test_records();
	test_several_records();
	test_long_report();
	test_longest_report();
	test_queries();
	test_bad();
	test_not_messages();
	test_summed();
	test_target();
	test_own_queries();
	return done_testing();
}
