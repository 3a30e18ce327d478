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
#include "backend/frame/frame_check.h"

#include <arpa/inet.h> /* for inet_pton() alone */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

static const char *const verdict_names[] = {
	[FRAME_OK] = "ok",
	[FRAME_MALFORMED] = "malformed",
	[FRAME_SPOOF_MAC] = "spoof-mac",
	[FRAME_SPOOF_IP] = "spoof-ip",
	[FRAME_SPOOF_TYPE] = "spoof-type",
	[FRAME_VLAN] = "vlan",
	[FRAME_OVERSIZE] = "oversize",
	[FRAME_OFFLOAD] = "offload",
};
static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) == FRAME_VERDICTS,
	      "a name for each verdict");

const char *frame_verdict_name(enum frame_verdict verdict)
{
	return (unsigned int)verdict < FRAME_VERDICTS ? verdict_names[verdict] : "?";
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Parses decimal digits without sign, at most @max. Returns the text behind them, or NULL. */
static const char *parse_number(const char *s, unsigned int max, unsigned int *out)
{
	unsigned int value = 0;

	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		value = value * 10 + (unsigned int)(*s - '0');
		if (value > max)
			return NULL;
	}
	*out = value;
	return s;
}

/* Moves *@s behind the word "untagged" and the blanks that follow, if it is there. */
static bool parse_untagged(const char **s, struct vlan_policy *out)
{
	static const char word[] = "untagged";
	const char *p = skip_blanks(*s);

	if (strncmp(p, word, sizeof(word) - 1) != 0)
		return false;
	p = skip_blanks(p + sizeof(word) - 1);
	if (*p && *p != ',')
		return false;
	out->ids[0] |= 1;
	*s = p;
	return true;
}

/* Parses one member of a list at *@s and moves *@s behind it and the blanks that follow. */
static bool parse_vlan_member(const char **s, struct vlan_policy *out)
{
	unsigned int first, last;
	const char *p;

	if (parse_untagged(s, out))
		return true;
	p = parse_number(skip_blanks(*s), 4094, &first);
	if (!p)
		return false;
	last = first;
	p = skip_blanks(p);
	if (*p == '-') {
		p = parse_number(skip_blanks(p + 1), 4094, &last);
		if (!p)
			return false;
		p = skip_blanks(p);
	}
	if (first == 0 || first > last || (*p && *p != ','))
		return false;
	for (unsigned int id = first; id <= last; id++)
		out->ids[id / 64] |= UINT64_C(1) << id % 64;
	*s = p;
	return true;
}

int vlan_policy_parse(const char *text, struct vlan_policy *out, char *err, size_t errlen)
{
	struct vlan_policy got = {.mode = VLAN_LIST};
	const char *s = skip_blanks(text);

	if (strcmp(s, "none") == 0 || strcmp(s, "trunk") == 0) {
		got.mode = s[0] == 'n' ? VLAN_NONE : VLAN_TRUNK;
		*out = got;
		return 0;
	}
	for (;;) {
		if (!parse_vlan_member(&s, &got))
			break;
		if (*s == '\0') {
			*out = got;
			return 0;
		}
		s++;
	}
	s = skip_blanks(s);
	snprintf(err, errlen,
		 "\"%.*s\" is not a VLAN: none, trunk, or a list like untagged,10,30-40 of ids "
		 "1..4094",
		 (int)(strcspn(s, ",") < 32 ? strcspn(s, ",") : 32), s);
	return -EINVAL;
}

bool vlan_allows(const struct vlan_policy *policy, const struct frame_info *fi)
{
	unsigned int id = fi->tags ? (unsigned int)fi->vid : 0;

	if (policy->mode == VLAN_TRUNK)
		return true;
	if (fi->tags > 1)
		return false;
	if (policy->mode == VLAN_NONE)
		return id == 0;
	return policy->ids[id / 64] >> id % 64 & 1;
}

int vlan_first(const struct vlan_policy *policy)
{
	if (policy->mode != VLAN_LIST)
		return -1;
	for (int id = 0; id < 4096; id++)
		if (policy->ids[id / 64] >> id % 64 & 1)
			return id ? id : -1;
	return -1;
}

#define IP_TEXT_MAX 64 /* bytes of one entry, more than the longest IPv6 prefix */

static bool parse_prefix(const char *text, size_t len, struct ip_prefix *out)
{
	char buf[IP_TEXT_MAX], *slash;
	const char *end;
	unsigned int bits;

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	slash = strchr(buf, '/');
	if (slash)
		*slash = '\0';
	memset(out, 0, sizeof(*out));
	out->v6 = strchr(buf, ':') != NULL;
	if (inet_pton(out->v6 ? AF_INET6 : AF_INET, buf, out->addr) != 1)
		return false;
	bits = out->v6 ? 128 : 32;
	if (slash) {
		end = parse_number(slash + 1, bits, &bits);
		if (!end || *end)
			return false;
	}
	out->bits = (uint8_t)bits;
	return true;
}

int ip_list_parse(const char *text, struct ip_list *out, char *err, size_t errlen)
{
	static const char separators[] = ", \t\r\n";
	struct ip_list got = {0};
	size_t len;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		len = strcspn(text, separators);
		if (got.n == IP_LIST_MAX) {
			snprintf(err, errlen, "more than %d addresses", IP_LIST_MAX);
			return -E2BIG;
		}
		if (!parse_prefix(text, len, &got.entry[got.n])) {
			snprintf(err, errlen, "\"%.*s\" is not an IPv4 or IPv6 address or prefix",
				 (int)(len < IP_TEXT_MAX ? len : IP_TEXT_MAX), text);
			return -EINVAL;
		}
		got.n++;
		text += len;
	}
	*out = got;
	return 0;
}

bool ip_list_has(const struct ip_list *list, bool v6, const uint8_t *addr)
{
	for (unsigned int i = 0; i < list->n; i++) {
		const struct ip_prefix *e = &list->entry[i];
		size_t whole = e->bits / 8;
		unsigned int rest = e->bits % 8;

		if (e->v6 != v6 || memcmp(e->addr, addr, whole) != 0)
			continue;
		if (rest == 0 || (e->addr[whole] ^ addr[whole]) >> (8 - rest) == 0)
			return true;
	}
	return false;
}

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
