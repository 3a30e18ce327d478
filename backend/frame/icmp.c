/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/icmp.h"

#include <string.h>

#include "backend/frame/csum.h"

#define IPV4_LEN    20
#define IPV6_LEN    40
#define ICMP_LEN    8
#define TTL	    64
#define PROTO_ICMP  1
#define IPV4_DF	    0x40
#define ND_REDIRECT 137

static void put_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Stores the checksum of what adds up to `sum` with zeros in the checksum's place. */
static void put_csum(uint8_t *field, uint32_t sum)
{
	uint16_t csum = (uint16_t)~csum_fold(sum);

	memcpy(field, &csum, sizeof(csum));
}

/* Of one host that can be answered: not zero, loopback, a group, or reserved. */
static bool is_host_v4(const uint8_t *addr)
{
	return addr[0] != 0 && addr[0] != 127 && addr[0] < 224;
}

static bool is_host_v6(const uint8_t *addr)
{
	static const uint8_t zero[15];

	/* :: and ::1 */
	return addr[0] != 0xff && (memcmp(addr, zero, 15) != 0 || addr[15] > 1);
}

/* Anything but an error: of ICMP these are the types that ask and answer. */
static bool may_answer_icmp(uint8_t type)
{
	return type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 || type == 43;
}

static bool may_answer_icmpv6(uint8_t type)
{
	return type >= 128 && type != ND_REDIRECT;
}

static bool may_answer(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	bool v6 = fi->l3 == FRAME_L3_IPV6;
	const uint8_t *ip, *l4;

	if ((!v6 && fi->l3 != FRAME_L3_IPV4) || fi->l3_bad || fi->l4_off == 0)
		return false;
	if (fi->is_group || (fi->src[0] & 1))
		return false;
	ip = frame_at(hdr, hdr_len, fi->l3_off, v6 ? IPV6_LEN : IPV4_LEN);
	/* Eight bytes of the transport header say to whom in the sender the answer is. */
	l4 = frame_at(hdr, hdr_len, fi->l4_off, 8);
	if (!ip || !l4)
		return false;
	if (v6)
		return is_host_v6(ip + 8) && is_host_v6(ip + 24) &&
		       (fi->l4_proto != FRAME_PROTO_ICMPV6 || may_answer_icmpv6(l4[0]));
	return (ip[6] & IPV4_DF) && is_host_v4(ip + 12) && is_host_v4(ip + 16) &&
	       (fi->l4_proto != PROTO_ICMP || may_answer_icmp(l4[0]));
}

/* The Ethernet header with its tags, back to the sender. */
static uint32_t put_ethernet(uint8_t *out, const struct frame_info *fi, const uint8_t *hdr)
{
	memcpy(out, hdr, fi->l3_off);
	memcpy(out, fi->src, 6);
	memcpy(out + 6, fi->dst, 6);
	return fi->l3_off;
}

static void put_ipv4(uint8_t *ip, const uint8_t *asked, uint32_t len)
{
	static const uint8_t fixed[] = {0x45, 0xc0, 0, 0, 0, 0, 0, 0, TTL, PROTO_ICMP, 0, 0};

	memcpy(ip, fixed, sizeof(fixed));
	put_be16(ip + 2, len);
	memcpy(ip + 12, asked + 16, 4);
	memcpy(ip + 16, asked + 12, 4);
	put_csum(ip + 10, csum_bytes(ip, IPV4_LEN));
}

static void put_ipv6(uint8_t *ip, const uint8_t *asked, uint32_t len)
{
	static const uint8_t fixed[] = {0x60, 0, 0, 0, 0, 0, FRAME_PROTO_ICMPV6, TTL};

	memcpy(ip, fixed, sizeof(fixed));
	put_be16(ip + 4, len - IPV6_LEN);
	memcpy(ip + 8, asked + 24, 16);
	memcpy(ip + 24, asked + 8, 16);
}

/* Of ICMPv6's pseudo header, for `len` bytes behind the header at ip. */
static uint32_t pseudo_sum(const uint8_t *ip, uint32_t len)
{
	uint8_t rest[4] = {0, 0, 0, FRAME_PROTO_ICMPV6};

	put_be16(rest, len);
	return (uint32_t)csum_bytes(ip + 8, 32) + csum_bytes(rest, sizeof(rest));
}

/* How much of the packet is quoted: no more than makes the answer as long as the packet. */
static uint32_t quoted(const struct frame_info *fi, size_t hdr_len, uint32_t overhead)
{
	size_t have = hdr_len - fi->l3_off, need = (size_t)fi->l4_off + 8 - fi->l3_off;
	uint32_t room = fi->len - fi->l3_off;

	room = room > overhead ? room - overhead : 0;
	if (have > room)
		have = room;
	return have < need ? 0 : (uint32_t)have;
}

uint32_t icmp_too_big(uint8_t out[ICMP_TOO_BIG_MAX], const struct frame_info *fi,
		      const uint8_t *hdr, size_t hdr_len, uint32_t mtu)
{
	bool v6 = fi->l3 == FRAME_L3_IPV6;
	uint32_t ip_len = v6 ? IPV6_LEN : IPV4_LEN, quote, len, l3, sum;
	uint8_t *icmp;

	if (hdr_len > fi->len)
		hdr_len = fi->len;
	if (!may_answer(fi, hdr, hdr_len))
		return 0;
	quote = quoted(fi, hdr_len, ip_len + ICMP_LEN);
	if (quote == 0)
		return 0;
	l3 = put_ethernet(out, fi, hdr);
	len = ip_len + ICMP_LEN + quote;
	icmp = out + l3 + ip_len;
	memset(icmp, 0, ICMP_LEN);
	icmp[0] = v6 ? 2 : 3;
	icmp[1] = v6 ? 0 : 4;
	put_be16(icmp + 6, mtu);
	memcpy(icmp + ICMP_LEN, hdr + fi->l3_off, quote);
	sum = csum_bytes(icmp, ICMP_LEN + quote);
	if (v6) {
		put_ipv6(out + l3, hdr + fi->l3_off, len);
		sum += pseudo_sum(out + l3, ICMP_LEN + quote);
	} else {
		put_ipv4(out + l3, hdr + fi->l3_off, len);
	}
	put_csum(icmp + 2, sum);
	return l3 + len;
}
