/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/mcast.h"

#include <string.h>

#include "backend/frame/csum.h"

/*
 * IGMP: RFC 1112, 2236, 3376. MLD: RFC 2710, 3810. What a switch makes of them: RFC 4541. Groups go
 * by their IP addresses, as RFC 4541 recommends. A frame whose IP header cannot be read, as behind
 * three VLAN tags, goes by its MAC address, and so to the members of all groups that share it.
 */
#define IPV4_SRC      12
#define IPV4_DST      16
#define IPV4_PROTO    9
#define IPV6_SRC      8
#define IPV6_DST      24
#define IPV6_LEN      40
#define IPV6_NEXT     6
#define PROTO_HOPOPTS 0
#define PROTO_IGMP    2

#define NS_PER_SEC	1000000000ull
#define QUERY_INTERVAL	125u /* seconds, by default in both protocols */
#define ROBUSTNESS	2u
#define QUERIER_NS_MAX	(3600 * NS_PER_SEC)
#define QUERY_ANSWER_MS 1000u

enum {
	IGMP_QUERY = 0x11,
	IGMP_REPORT_V1 = 0x12,
	IGMP_REPORT_V2 = 0x16,
	IGMP_LEAVE = 0x17,
	IGMP_REPORT_V3 = 0x22,
	MLD_QUERY = 130,
	MLD_REPORT_V1 = 131,
	MLD_DONE = 132,
	MLD_REPORT_V2 = 143,
};

enum {
	RECORD_IS_INCLUDE = 1,
	RECORD_IS_EXCLUDE = 2,
	RECORD_TO_INCLUDE = 3,
	RECORD_TO_EXCLUDE = 4,
	RECORD_ALLOW = 5,
};

static const uint8_t v4_mapped[12] = {[10] = 0xff, 0xff};
static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
static const uint8_t all_hosts[4] = {224, 0, 0, 1};
static const uint8_t zeros[16];

static void put_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static struct mcast_addr addr_of(bool v6, const uint8_t *ip)
{
	struct mcast_addr a;

	memcpy(a.b, v6 ? ip : v4_mapped, v6 ? 16 : 12);
	if (!v6)
		memcpy(a.b + 12, ip, 4);
	return a;
}

bool mcast_is_v4(const struct mcast_addr *addr)
{
	return memcmp(addr->b, v4_mapped, sizeof(v4_mapped)) == 0;
}

static bool is_group(const struct mcast_addr *a)
{
	return mcast_is_v4(a) ? a->b[12] >> 4 == 0xe : a->b[0] == 0xff;
}

/* All hosts hear it, and none reports it. */
static bool is_for_all(const struct mcast_addr *a)
{
	if (mcast_is_v4(a))
		return a->b[12] == 224 && a->b[13] == 0 && a->b[14] == 0;
	return memcmp(a->b, all_nodes, 16) == 0;
}

void mcast_mac(const struct mcast_addr *addr, uint8_t mac[6])
{
	if (mcast_is_v4(addr)) {
		memcpy(mac, "\x01\x00\x5e", 3);
		mac[3] = addr->b[13] & 0x7f;
		memcpy(mac + 4, addr->b + 14, 2);
	} else {
		memcpy(mac, "\x33\x33", 2);
		memcpy(mac + 2, addr->b + 12, 4);
	}
}

/* --- frames ----------------------------------------------------------------------------------- */

/* Each stack of tags is a network of its own. A tag with id 0 only has a priority. */
static uint32_t vlan_of(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	const uint8_t *inner = frame_at(hdr, hdr_len, FRAME_ETH_LEN + FRAME_TAG_LEN, 2);
	uint32_t vlan = fi->vid > 0 ? (uint32_t)fi->vid : 0;

	if (fi->tags < 2)
		return vlan;
	return 1u << 24 | vlan << 12 | (inner ? frame_be16(inner) & 0xfff : 0xfff);
}

static bool is_v4_mac(const uint8_t mac[6])
{
	return memcmp(mac, "\x01\x00\x5e", 3) == 0 && mac[3] < 0x80;
}

static bool is_v6_mac(const uint8_t mac[6])
{
	return mac[0] == 0x33 && mac[1] == 0x33;
}

/* By the MAC address alone: of an always flooded group, as RFC 4541 says, or one that shares it. */
static bool mac_is_for_all(const uint8_t mac[6])
{
	if (is_v4_mac(mac))
		return mac[3] == 0 && mac[4] == 0;
	return memcmp(mac, "\x33\x33\0\0\0\x01", 6) == 0;
}

/* The packet's destination; false: it is not an IP packet to the group that the MAC address is of.
 */
static bool exact_addr(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
		       struct mcast_addr *out)
{
	bool v6 = fi->l3 == FRAME_L3_IPV6;
	const uint8_t *ip = frame_at(hdr, hdr_len, fi->l3_off, v6 ? IPV6_LEN : IPV4_DST + 4);
	uint8_t mac[6];

	if (!ip || fi->l3_bad || (!v6 && fi->l3 != FRAME_L3_IPV4))
		return false;
	*out = addr_of(v6, ip + (v6 ? IPV6_DST : IPV4_DST));
	mcast_mac(out, mac);
	return is_group(out) && memcmp(mac, fi->dst, 6) == 0;
}

void mcast_target(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
		  struct mcast_target *out)
{
	*out = (struct mcast_target){.vlan = vlan_of(fi, hdr, hdr_len), .v6 = is_v6_mac(fi->dst)};
	memcpy(out->mac, fi->dst, 6);
	if (!out->v6 && !is_v4_mac(fi->dst))
		return;
	out->exact = exact_addr(fi, hdr, hdr_len, &out->addr);
	out->joinable = out->exact ? !is_for_all(&out->addr) : !mac_is_for_all(fi->dst);
}

static bool is_mld_type(uint8_t type)
{
	return type == MLD_QUERY || type == MLD_REPORT_V1 || type == MLD_DONE ||
	       type == MLD_REPORT_V2;
}

/*
 * Any IPv4 packet of IGMP, fragments too, and any MLD message, also without the hop-by-hop header
 * that it must have: hosts may believe what mcast_read() does not.
 */
bool mcast_is_message(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	const uint8_t *p;

	if (fi->l3_bad)
		return false;
	if (fi->l3 == FRAME_L3_IPV4) {
		p = frame_at(hdr, hdr_len, (size_t)fi->l3_off + IPV4_PROTO, 1);
		return p && *p == PROTO_IGMP;
	}
	if (fi->l3 != FRAME_L3_IPV6 || fi->l4_off == 0 || fi->l4_proto != FRAME_PROTO_ICMPV6)
		return false;
	p = frame_at(hdr, hdr_len, fi->l4_off, 1);
	return p && is_mld_type(*p);
}

/* --- messages --------------------------------------------------------------------------------- */

/* A message in its packet; padding behind the packet is not part of it. */
struct packet {
	const uint8_t *ip, *msg;
	uint32_t len; /* of msg */
};

static bool ipv4_packet(const struct frame_info *fi, const uint8_t *frame, struct packet *p)
{
	uint32_t ihl = (uint32_t)fi->l4_off - fi->l3_off, total;

	p->ip = frame + fi->l3_off;
	p->msg = frame + fi->l4_off;
	total = frame_be16(p->ip + 2);
	if (fi->l3_off + total > fi->len || csum_bytes(p->ip, ihl) != 0xffff)
		return false;
	p->len = total - ihl;
	return true;
}

static bool ipv6_packet(const struct frame_info *fi, const uint8_t *frame, struct packet *p)
{
	uint32_t end = fi->l3_off + IPV6_LEN;

	p->ip = frame + fi->l3_off;
	p->msg = frame + fi->l4_off;
	end += frame_be16(p->ip + 4);
	if (end > fi->len || end < fi->l4_off)
		return false;
	p->len = end - fi->l4_off;
	return true;
}

static uint16_t pseudo_sum(const struct packet *p)
{
	uint8_t rest[8] = {0};

	put_be16(rest + 2, p->len);
	rest[7] = FRAME_PROTO_ICMPV6;
	return csum_fold((uint64_t)csum_bytes(p->ip + IPV6_SRC, 32) +
			 csum_bytes(rest, sizeof(rest)));
}

static bool sum_is_right(const struct packet *p, bool v6)
{
	return csum_fold((uint64_t)csum_bytes(p->msg, p->len) + (v6 ? pseudo_sum(p) : 0)) == 0xffff;
}

/* Codes of a byte: a number below 128, or a float of four bits and an exponent. */
static uint32_t decode8(uint8_t code)
{
	return code < 128 ? code : (uint32_t)(0x10 | (code & 15)) << ((code >> 4 & 7) + 3);
}

static uint32_t decode16(uint16_t code)
{
	return code < 32768 ? code : (uint32_t)(0x1000 | (code & 0xfff)) << ((code >> 12 & 7) + 3);
}

/* "Other querier present": robustness x interval, and half of the time for answers. */
static uint64_t present_ns(const uint8_t *qrv_qqic, uint64_t answer_ms)
{
	uint64_t robustness = ROBUSTNESS, interval = QUERY_INTERVAL, ns;

	if (qrv_qqic && qrv_qqic[0] & 7)
		robustness = qrv_qqic[0] & 7;
	if (qrv_qqic && qrv_qqic[1])
		interval = decode8(qrv_qqic[1]);
	ns = robustness * interval * NS_PER_SEC + answer_ms * 500000;
	return ns < QUERIER_NS_MAX ? ns : QUERIER_NS_MAX;
}

static enum mcast_type read_igmp_query(struct mcast_message *m, const struct packet *p)
{
	bool v3 = p->len != 8;

	if (v3 && p->len < 12)
		return MCAST_BAD;
	if (memcmp(p->msg + 4, zeros, 4) != 0)
		return MCAST_QUERY;
	if (memcmp(p->ip + IPV4_DST, all_hosts, 4) != 0)
		return MCAST_BAD;
	m->querier_ns =
		v3 ? present_ns(p->msg + 8, decode8(p->msg[1]) * 100ull) : present_ns(NULL, 10000);
	return MCAST_QUERY;
}

static enum mcast_type read_mld_query(struct mcast_message *m, const struct packet *p)
{
	bool v2 = p->len != 24;

	if ((v2 && p->len < 28) || p->ip[IPV6_SRC] != 0xfe || p->ip[IPV6_SRC + 1] >> 6 != 2)
		return MCAST_BAD;
	if (memcmp(p->msg + 8, zeros, 16) != 0)
		return MCAST_QUERY;
	if (memcmp(p->ip + IPV6_DST, all_nodes, 16) != 0)
		return MCAST_BAD;
	m->querier_ns = present_ns(v2 ? p->msg + 24 : NULL, decode16(frame_be16(p->msg + 4)));
	return MCAST_QUERY;
}

static uint32_t record_size(const uint8_t *r, bool v6)
{
	uint32_t addr = v6 ? 16 : 4;

	return 4 + addr + frame_be16(r + 2) * addr + r[1] * 4u;
}

static enum mcast_type read_records(struct mcast_message *m, const struct packet *p)
{
	uint32_t fixed = m->v6 ? 20 : 8, at = 8, records = frame_be16(p->msg + 6);

	m->more = records > MCAST_RECORDS_MAX;
	if (m->more)
		records = MCAST_RECORDS_MAX;
	m->records = true;
	m->at = p->msg + at;
	for (unsigned i = records; i > 0; i--) {
		if (p->len - at < fixed || p->len - at < record_size(p->msg + at, m->v6))
			return MCAST_BAD;
		at += record_size(p->msg + at, m->v6);
	}
	m->left = records;
	return MCAST_REPORT;
}

/* A message about one group. Its first byte says whether it is a join or a leave. */
static enum mcast_type read_single(struct mcast_message *m, const struct packet *p)
{
	if (p->len < (m->v6 ? 24u : 8u))
		return MCAST_BAD;
	m->at = p->msg;
	m->left = 1;
	return MCAST_REPORT;
}

static enum mcast_type read_igmp(struct mcast_message *m, const struct packet *p)
{
	switch (p->msg[0]) {
	case IGMP_QUERY:
		return read_igmp_query(m, p);
	case IGMP_REPORT_V1:
	case IGMP_REPORT_V2:
	case IGMP_LEAVE:
		return read_single(m, p);
	case IGMP_REPORT_V3:
		return read_records(m, p);
	default:
		return MCAST_DATA;
	}
}

static enum mcast_type read_mld(struct mcast_message *m, const struct packet *p)
{
	/* Without the header that a router looks for, it is only kept from other guests. */
	if (p->ip[IPV6_NEXT] != PROTO_HOPOPTS)
		return p->msg[0] == MLD_QUERY ? MCAST_BAD : MCAST_REPORT;
	switch (p->msg[0]) {
	case MLD_QUERY:
		return read_mld_query(m, p);
	case MLD_REPORT_V2:
		return read_records(m, p);
	default:
		return read_single(m, p);
	}
}

void mcast_read(struct mcast_message *m, const struct frame_info *fi, const uint8_t *frame,
		bool summed)
{
	struct packet p;

	*m = (struct mcast_message){.type = MCAST_BAD, .v6 = fi->l3 == FRAME_L3_IPV6};
	if (fi->fragment || fi->l4_off == 0)
		return;
	if (!(m->v6 ? ipv6_packet(fi, frame, &p) : ipv4_packet(fi, frame, &p)))
		return;
	if (p.len < 8 || (!summed && !sum_is_right(&p, m->v6)))
		return;
	m->type = m->v6 ? read_mld(m, &p) : read_igmp(m, &p);
}

/* What the record says; false: nothing that counts. */
static bool change_of_record(const struct mcast_message *m, bool *join)
{
	bool sources = frame_be16(m->at + 2) != 0;

	switch (m->at[0]) {
	case RECORD_IS_INCLUDE:
	case RECORD_TO_INCLUDE:
		*join = sources;
		return true;
	case RECORD_IS_EXCLUDE:
	case RECORD_TO_EXCLUDE:
		*join = true;
		return true;
	case RECORD_ALLOW:
		*join = true;
		return sources;
	default:
		return false;
	}
}

bool mcast_next(struct mcast_message *m, struct mcast_addr *group, bool *join)
{
	bool counts;

	while (m->left > 0) {
		m->left--;
		if (m->records) {
			*group = addr_of(m->v6, m->at + 4);
			counts = change_of_record(m, join);
			m->at += record_size(m->at, m->v6);
		} else {
			*group = addr_of(m->v6, m->at + (m->v6 ? 8 : 4));
			*join = m->at[0] != IGMP_LEAVE && m->at[0] != MLD_DONE;
			counts = true;
		}
		if (counts && is_group(group) && !is_for_all(group) && mcast_is_v4(group) != m->v6)
			return true;
	}
	return false;
}

/* --- queries ---------------------------------------------------------------------------------- */

static uint32_t put(uint8_t *out, uint32_t at, const void *bytes, uint32_t n)
{
	memcpy(out + at, bytes, n);
	return at + n;
}

static void store_sum(uint8_t *field, uint16_t sum)
{
	sum = (uint16_t)~sum;
	memcpy(field, &sum, 2);
}

/* IPv4 with the router alert option, from 0.0.0.0 to all hosts; then the query. */
static uint32_t build_igmp(uint8_t *out, uint32_t at)
{
	static const uint8_t bytes[36] = {0x46,	      0xc0,
					  0,	      36,
					  0,	      0,
					  0,	      0,
					  1,	      PROTO_IGMP,
					  0,	      0,
					  0,	      0,
					  0,	      0,
					  224,	      0,
					  0,	      1,
					  0x94,	      4,
					  0,	      0,
					  IGMP_QUERY, QUERY_ANSWER_MS / 100,
					  0,	      0,
					  0,	      0,
					  0,	      0,
					  ROBUSTNESS, QUERY_INTERVAL};
	uint8_t *ip = out + at;

	at = put(out, at, bytes, sizeof(bytes));
	store_sum(ip + 10, csum_bytes(ip, 24));
	store_sum(ip + 26, csum_bytes(ip + 24, 12));
	return at;
}

/* IPv6, a hop-by-hop header with the router alert, and the query. */
static uint32_t build_mld(uint8_t *out, uint32_t at)
{
	static const uint8_t head[8] = {0x60, 0, 0, 0, 0, 36, PROTO_HOPOPTS, 1};
	static const uint8_t highest[16] = {0xfe, 0x80, [8] = 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff,	    0xff, 0xfe};
	static const uint8_t hop[8] = {FRAME_PROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};
	static const uint8_t query[28] = {MLD_QUERY, [4] = QUERY_ANSWER_MS >> 8,
					  QUERY_ANSWER_MS & 0xff, [24] = ROBUSTNESS,
					  QUERY_INTERVAL};
	struct packet p = {.ip = out + at, .msg = out + at + 48, .len = sizeof(query)};

	at = put(out, at, head, sizeof(head));
	at = put(out, at, highest, sizeof(highest));
	at = put(out, at, all_nodes, sizeof(all_nodes));
	at = put(out, at, hop, sizeof(hop));
	store_sum(out + at + 2,
		  csum_fold((uint64_t)csum_bytes(query, sizeof(query)) + pseudo_sum(&p)));
	memcpy(out + at, query, 2);
	return put(out, at + 4, query + 4, sizeof(query) - 4);
}

uint32_t mcast_build_query(uint8_t out[MCAST_QUERY_MAX], bool v6, int vid)
{
	static const uint8_t from[6] = {0x02, 0x64, 0x6d, 0x76, 0x6c, 0x00};
	uint32_t at;

	memset(out, 0, MCAST_QUERY_MAX);
	at = put(out, 0, v6 ? "\x33\x33\0\0\0\x01" : "\x01\x00\x5e\0\0\x01", 6);
	at = put(out, at, from, sizeof(from));
	if (vid >= 0) {
		put_be16(out + at, 0x8100);
		put_be16(out + at + 2, (uint32_t)vid);
		at += FRAME_TAG_LEN;
	}
	at = put(out, at, v6 ? "\x86\xdd" : "\x08\x00", 2);
	at = v6 ? build_mld(out, at) : build_igmp(out, at);
	return at < 60 ? 60 : at;
}
