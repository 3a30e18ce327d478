/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: every function reads the copy of the header bytes that frame_parse() was
 * given, and only through frame_at(): a rule that needs a byte which is not there returns
 * FRAME_MALFORMED. A rule may rely on these parts of frame_info: l3_off always; the fixed part of
 * ARP, IPv4 or IPv6 at l3_off unless l3_bad; l4_off if it is not 0.
 *
 * A frame that passes is later written from the same copy. Only checksum offload changes it after
 * that: the kernel stores two bytes at a place that the guest chose. vnet_rebuild() makes sure that
 * this place is behind everything that is checked here.
 */
#include "backend/frame/frame_spoof.h"

#include <string.h>

#include <linux/if_ether.h>

/* The input of the spoof rules. */
struct subject {
	const struct frame_info *fi;
	const uint8_t *hdr;
	size_t len; /* bytes of hdr that belong to the frame */
	const uint8_t *mac;
	const struct ip_list *allowed; /* not empty where a rule uses it */
};

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

/* Is the address in the list, or fe80::/64 with the interface id made from the MAC (RFC 4291)? */
static bool owns_ipv6(const struct subject *s, const uint8_t *addr)
{
	const uint8_t *m = s->mac;
	const uint8_t local[16] = {0xfe,     0x80, 0,	 0,    0,    0,	   0,	 0,
				   m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};

	return ip_list_has(s->allowed, true, addr) || memcmp(addr, local, 16) == 0;
}

/* All 28 bytes are there: frame_parse() sets l3_bad otherwise. */
static enum frame_verdict check_arp_sender(const struct subject *s, const uint8_t *arp)
{
	static const uint8_t request[] = {0, 1};
	const uint8_t *sender = arp + 14, *target = arp + 24;

	if (ip_list_has(s->allowed, false, sender))
		return FRAME_OK;
	if (is_zero(sender, 4) && memcmp(arp + 6, request, 2) == 0 &&
	    ip_list_has(s->allowed, false, target))
		return FRAME_OK;
	return FRAME_SPOOF_IP;
}

static enum frame_verdict check_ipv4(const struct subject *s, const uint8_t *ip)
{
	static const uint8_t dhcp_ports[] = {0, 68, 0, 67};
	const struct frame_info *fi = s->fi;
	const uint8_t *udp;

	if (ip_list_has(s->allowed, false, ip + 12))
		return FRAME_OK;
	if (is_zero(ip + 12, 4) && !fi->fragment && fi->l4_proto == FRAME_PROTO_UDP) {
		udp = frame_at(s->hdr, s->len, fi->l4_off, sizeof(dhcp_ports));
		if (udp && memcmp(udp, dhcp_ports, sizeof(dhcp_ports)) == 0)
			return FRAME_OK;
	}
	return FRAME_SPOOF_IP;
}

enum {
	MLD_REPORT = 131,
	MLD_DONE = 132,
	ND_ROUTER_SOLICIT = 133,
	ND_ROUTER_ADVERT = 134,
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_REDIRECT = 137,
	MLD2_REPORT = 143,

	ND_OPT_SOURCE_LL = 1,
	ND_OPT_TARGET_LL = 2,
};

/* Every link-layer address in the options from @off to @end must be the LDP's MAC. */
static enum frame_verdict check_nd_options(const struct subject *s, size_t off, size_t end)
{
	const uint8_t *opt;
	size_t len;

	for (; off < end; off += len) {
		opt = frame_at(s->hdr, end, off, 8);
		len = opt ? (size_t)opt[1] * 8 : 0;
		if (len == 0 || !frame_at(s->hdr, end, off, len))
			return FRAME_MALFORMED;
		if (opt[0] != ND_OPT_SOURCE_LL && opt[0] != ND_OPT_TARGET_LL)
			continue;
		if (len != 8 || memcmp(opt + 2, s->mac, 6) != 0)
			return FRAME_SPOOF_MAC;
	}
	return FRAME_OK;
}

/* A neighbour discovery message of type @type, whose source address was checked before. */
static enum frame_verdict check_nd(const struct subject *s, const uint8_t *ip, uint8_t type)
{
	static const uint8_t fixed_len[] = {8, 16, 24, 24, 40}; /* by type; then come options */
	size_t end = (size_t)s->fi->l3_off + 40 + frame_be16(ip + 4), off = s->fi->l4_off;
	size_t fixed = fixed_len[type - ND_ROUTER_SOLICIT];
	const uint8_t *nd;

	/* The copy must have the whole message, or an option could not be checked. */
	if (s->fi->fragment || end > s->len)
		return FRAME_MALFORMED;
	nd = frame_at(s->hdr, end, off, fixed);
	if (!nd)
		return FRAME_MALFORMED;
	if (type == ND_REDIRECT)
		return FRAME_SPOOF_IP;
	if (type == ND_ADVERT || (type == ND_SOLICIT && is_zero(ip + 8, 16))) {
		if (!owns_ipv6(s, nd + 8))
			return FRAME_SPOOF_IP;
	}
	return check_nd_options(s, off + fixed, end);
}

static bool may_be_unspecified(int icmp_type)
{
	return icmp_type == ND_SOLICIT || icmp_type == ND_ROUTER_SOLICIT ||
	       icmp_type == MLD_REPORT || icmp_type == MLD_DONE || icmp_type == MLD2_REPORT;
}

static enum frame_verdict check_ipv6(const struct subject *s, const uint8_t *ip)
{
	const struct frame_info *fi = s->fi;
	const uint8_t *icmp;
	int type = -1;

	if (fi->l4_off && fi->l4_proto == FRAME_PROTO_ICMPV6) {
		icmp = frame_at(s->hdr, s->len, fi->l4_off, 1);
		if (!icmp)
			return FRAME_MALFORMED;
		type = icmp[0];
	}
	if (!owns_ipv6(s, ip + 8) && !(is_zero(ip + 8, 16) && may_be_unspecified(type)))
		return FRAME_SPOOF_IP;
	if (type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT)
		return check_nd(s, ip, (uint8_t)type);
	return FRAME_OK;
}

static enum frame_verdict check_addresses(const struct subject *s)
{
	static const uint8_t fixed_len[] = {
		[FRAME_L3_ARP] = 28, [FRAME_L3_IPV4] = 20, [FRAME_L3_IPV6] = 40};
	const struct frame_info *fi = s->fi;
	const uint8_t *l3;

	if (fi->l3 == FRAME_L3_OPAQUE || fi->ethertype == ETH_P_RARP)
		return FRAME_SPOOF_TYPE;
	l3 = frame_at(s->hdr, s->len, fi->l3_off, fixed_len[fi->l3]);
	if (fi->l3_bad || !l3)
		return FRAME_MALFORMED;
	if (fi->l3 == FRAME_L3_ARP)
		return check_arp_sender(s, l3);
	return fi->l3 == FRAME_L3_IPV4 ? check_ipv4(s, l3) : check_ipv6(s, l3);
}

enum frame_verdict frame_spoof_check(const struct frame_info *fi, const uint8_t *hdr,
				     size_t hdr_len, const uint8_t mac[6],
				     const struct ip_list *allowed)
{
	struct subject s = {fi, hdr, hdr_len < fi->len ? hdr_len : fi->len, mac, allowed};
	const uint8_t *arp;

	if (memcmp(fi->src, mac, 6) != 0 || (fi->src[0] & 1))
		return FRAME_SPOOF_MAC;
	if (fi->l3 == FRAME_L3_ARP) {
		arp = frame_at(s.hdr, s.len, fi->l3_off, 28);
		if (fi->l3_bad || !arp)
			return FRAME_MALFORMED;
		if (memcmp(arp + 8, mac, 6) != 0)
			return FRAME_SPOOF_MAC;
	}
	return allowed && allowed->n ? check_addresses(&s) : FRAME_OK;
}
