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
	const struct ip_list *allowed;	   /* not empty where a rule uses it */
	const struct linklocal_user *user; /* NULL: unknown */
};

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

/* The link-local address with the interface id made from the MAC (RFC 4291). */
static bool is_made_from(const uint8_t *addr, const uint8_t m[6])
{
	const uint8_t local[16] = {0xfe,     0x80, 0,	 0,    0,    0,	   0,	 0,
				   m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};

	return memcmp(addr, local, 16) == 0;
}

static bool owns_ipv6(const struct subject *s, const uint8_t *addr)
{
	if (is_made_from(addr, s->mac))
		return true;
	if (!linklocal_is(addr) || !s->user)
		return ip_list_has(s->allowed, true, addr);
	if (!ip_list_has(s->allowed, true, addr))
		return linklocal_claim(s->user, addr);
	linklocal_note(s->user, addr);
	return true;
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

/*
 * Every link-layer address in the options from @off to @end must be the LDP's MAC. Only of a
 * router's advertisement may a part be behind the copy.
 */
static enum frame_verdict check_nd_options(const struct subject *s, size_t off, size_t end)
{
	bool is_cut = end > s->len;
	const uint8_t *opt;
	size_t len;

	end = is_cut ? s->len : end;
	for (; off < end; off += len) {
		opt = frame_at(s->hdr, end, off, 8);
		len = opt ? (size_t)opt[1] * 8 : 0;
		if (len == 0 || !frame_at(s->hdr, end, off, len))
			return is_cut && (!opt || len > 0) ? FRAME_OK : FRAME_MALFORMED;
		if (opt[0] != ND_OPT_SOURCE_LL && opt[0] != ND_OPT_TARGET_LL)
			continue;
		if (len != 8 || memcmp(opt + 2, s->mac, 6) != 0)
			return FRAME_SPOOF_MAC;
	}
	return FRAME_OK;
}

/* The message of neighbour discovery in the frame; NULL: there is none. */
static const uint8_t *find_nd(const struct subject *s)
{
	const struct frame_info *fi = s->fi;
	const uint8_t *icmp = NULL;

	if (fi->l3 == FRAME_L3_IPV6 && fi->l4_off && fi->l4_proto == FRAME_PROTO_ICMPV6)
		icmp = frame_at(s->hdr, s->len, fi->l4_off, 1);
	return icmp && icmp[0] >= ND_ROUTER_SOLICIT && icmp[0] <= ND_REDIRECT ? icmp : NULL;
}

/*
 * Does a message of neighbour discovery say only this MAC? Of a redirect's target nothing can be
 * known, and an advertisement of a router may be longer than the copy.
 */
static enum frame_verdict check_nd_macs(const struct subject *s, const uint8_t *nd)
{
	static const uint8_t fixed_len[] = {8, 16, 24, 24, 40}; /* by type; then come options */
	const uint8_t *ip = s->hdr + s->fi->l3_off;
	size_t end = (size_t)s->fi->l3_off + 40 + frame_be16(ip + 4), off = s->fi->l4_off;
	size_t fixed = fixed_len[nd[0] - ND_ROUTER_SOLICIT];

	if (s->fi->fragment || off + fixed > end || off + fixed > s->len)
		return FRAME_MALFORMED;
	if (nd[0] == ND_REDIRECT)
		return FRAME_OK;
	/* The copy must have the whole message, or an option could not be checked. */
	if (end > s->len && nd[0] != ND_ROUTER_ADVERT)
		return FRAME_MALFORMED;
	return check_nd_options(s, off + fixed, end);
}

/* A neighbour advertisement is for an own address, and so is a search for duplicates (DAD). */
static enum frame_verdict check_nd_target(const struct subject *s, const uint8_t *nd)
{
	const uint8_t *ip = s->hdr + s->fi->l3_off;

	if (nd[0] != ND_ADVERT && (nd[0] != ND_SOLICIT || !is_zero(ip + 8, 16)))
		return FRAME_OK;
	return owns_ipv6(s, nd + 8) ? FRAME_OK : FRAME_SPOOF_IP;
}

static bool may_be_unspecified(int icmp_type)
{
	return icmp_type == ND_SOLICIT || icmp_type == ND_ROUTER_SOLICIT ||
	       icmp_type == MLD_REPORT || icmp_type == MLD_DONE || icmp_type == MLD2_REPORT;
}

static enum frame_verdict check_ipv6(const struct subject *s, const uint8_t *ip)
{
	const struct frame_info *fi = s->fi;
	const uint8_t *icmp, *nd = find_nd(s);
	int type = -1;

	if (fi->l4_off && fi->l4_proto == FRAME_PROTO_ICMPV6) {
		icmp = frame_at(s->hdr, s->len, fi->l4_off, 1);
		if (!icmp)
			return FRAME_MALFORMED;
		type = icmp[0];
	}
	if (!owns_ipv6(s, ip + 8) && !(is_zero(ip + 8, 16) && may_be_unspecified(type)))
		return FRAME_SPOOF_IP;
	return nd ? check_nd_target(s, nd) : FRAME_OK;
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

/* Does ARP or neighbour discovery say only this MAC? */
static enum frame_verdict check_macs(const struct subject *s)
{
	const uint8_t *arp, *nd = find_nd(s);

	if (nd)
		return check_nd_macs(s, nd);
	if (s->fi->l3 != FRAME_L3_ARP)
		return FRAME_OK;
	arp = frame_at(s->hdr, s->len, s->fi->l3_off, 28);
	if (s->fi->l3_bad || !arp)
		return FRAME_MALFORMED;
	return memcmp(arp + 8, s->mac, 6) == 0 ? FRAME_OK : FRAME_SPOOF_MAC;
}

enum frame_verdict frame_spoof_check(const struct frame_info *fi, const uint8_t *hdr,
				     size_t hdr_len, const uint8_t mac[6],
				     const struct ip_list *allowed,
				     const struct linklocal_user *user)
{
	struct subject s = {fi, hdr, hdr_len < fi->len ? hdr_len : fi->len, mac, allowed, user};
	enum frame_verdict verdict;

	if (memcmp(fi->src, mac, 6) != 0 || (fi->src[0] & 1))
		return FRAME_SPOOF_MAC;
	verdict = check_macs(&s);
	if (verdict != FRAME_OK)
		return verdict;
	if (allowed && allowed->n)
		return check_addresses(&s);
	frame_spoof_note(fi, hdr, hdr_len, user);
	return FRAME_OK;
}

void frame_spoof_note(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
		      const struct linklocal_user *user)
{
	const uint8_t *ip;

	if (fi->l3 != FRAME_L3_IPV6 || fi->l3_bad || !user)
		return;
	ip = frame_at(hdr, hdr_len, fi->l3_off, 40);
	if (ip && linklocal_is(ip + 8))
		linklocal_note(user, ip + 8);
}
