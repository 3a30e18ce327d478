/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/frame_service.h"

#define ICMP_LEN 4
#define TCP_LEN	 20
#define UDP_LEN	 8

#define IPV4_MAX_LEN 60u

enum {
	ICMP4_REDIRECT = 5,
	ICMP4_ROUTER_ADVERT = 9,

	ICMP6_ND_FIRST = 133,
	ICMP6_ROUTER_ADVERT = 134,
	ICMP6_REDIRECT = 137,
	ICMP6_ND_LAST = 137,

	DHCP4_SERVER = 67,
	DHCP4_CLIENT = 68,
	DHCP6_CLIENT = 546,
	DHCP6_SERVER = 547,
};

static bool is_dhcp_answer(const uint8_t *udp, bool v6)
{
	uint16_t from = frame_be16(udp), to = frame_be16(udp + 2);

	return from == (v6 ? DHCP6_SERVER : DHCP4_SERVER) ||
	       to == (v6 ? DHCP6_CLIENT : DHCP4_CLIENT);
}

bool frame_is_service(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	bool v6 = fi->l3 == FRAME_L3_IPV6;
	const uint8_t *p = fi->l4_off ? frame_at(hdr, hdr_len, fi->l4_off, ICMP_LEN) : NULL;

	if (!p)
		return false;
	switch (fi->l4_proto) {
	case FRAME_PROTO_UDP:
		return is_dhcp_answer(p, v6);
	case FRAME_PROTO_ICMPV6:
		return v6 && (p[0] == ICMP6_ROUTER_ADVERT || p[0] == ICMP6_REDIRECT);
	case FRAME_PROTO_ICMP:
		return !v6 && (p[0] == ICMP4_ROUTER_ADVERT || p[0] == ICMP4_REDIRECT);
	default:
		return false;
	}
}

/* Bytes of its header that tell what a packet of this protocol is. */
static unsigned telling_len(const struct frame_info *fi)
{
	switch (fi->l4_proto) {
	case FRAME_PROTO_UDP:
		return UDP_LEN;
	case FRAME_PROTO_ICMP:
	case FRAME_PROTO_ICMPV6:
		return ICMP_LEN;
	case FRAME_PROTO_TCP:
		return fi->fragment ? TCP_LEN : 0;
	default:
		return 0;
	}
}

/* Where the IP packet ends by its own header: what follows is padding. */
static unsigned ip_end(const struct frame_info *fi, const uint8_t *hdr)
{
	const uint8_t *ip = hdr + fi->l3_off;

	return fi->l3_off +
	       (fi->l3 == FRAME_L3_IPV6 ? 40u + frame_be16(ip + 4) : (unsigned)frame_be16(ip + 2));
}

/* Of an IP header that could not be parsed: would a receiver, which has the whole frame, know it?
 */
static bool may_be_whole(const struct frame_info *fi, size_t hdr_len)
{
	if (fi->l3 == FRAME_L3_IPV4)
		return hdr_len < fi->len && fi->l3_off + IPV4_MAX_LEN > hdr_len;
	return fi->l3 == FRAME_L3_IPV6 || fi->l3 == FRAME_L3_OPAQUE;
}

bool frame_is_hidden(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	unsigned end;
	uint8_t type;

	if (fi->l3_bad)
		return may_be_whole(fi, hdr_len);
	if (fi->l4_off == 0)
		return false;
	end = fi->l4_off + telling_len(fi);
	if (end == fi->l4_off)
		return false;
	if (end > hdr_len || end > fi->len || end > ip_end(fi, hdr))
		return true;
	type = hdr[fi->l4_off];
	return fi->fragment && fi->l4_proto == FRAME_PROTO_ICMPV6 && type >= ICMP6_ND_FIRST &&
	       type <= ICMP6_ND_LAST;
}
