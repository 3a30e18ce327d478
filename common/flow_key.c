/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flow_key.h"

#include <stdbool.h>
#include <string.h>

#define ETH_LEN	 14u
#define TAG_LEN	 4u
#define TAGS_MAX 2u
#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define EXTENSIONS                                                                    \
	8u /* headers that are walked; what is behind them counts as another protocol \
	    */
#define TYPE_IPV4    0x0800
#define TYPE_IPV6    0x86dd
#define TYPE_8021Q   0x8100
#define TYPE_8021AD  0x88a8
#define PROTO_ICMP   1
#define PROTO_ICMPV6 58

/* Of the IPv6 headers that another one follows. */
enum {
	NEXT_HOP = 0,
	NEXT_ROUTE = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTH = 51,
	NEXT_DEST = 60,
};

struct reader {
	const uint8_t *at;
	size_t len;
};

/* n bytes at off, or NULL. */
static const uint8_t *bytes(const struct reader *r, size_t off, size_t n)
{
	return off <= r->len && n <= r->len - off ? r->at + off : NULL;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static uint64_t word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static bool has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;
}

static bool is_echo(uint8_t proto, uint8_t type)
{
	return (proto == PROTO_ICMP && (type == 0 || type == 8)) ||
	       (proto == PROTO_ICMPV6 && (type == 128 || type == 129));
}

/* What tells flows of one protocol between two hosts apart; 0: nothing. */
static uint32_t ports(const struct reader *r, size_t off, uint8_t proto)
{
	const uint8_t *p = has_ports(proto) ? bytes(r, off, 4) : NULL;

	if (p)
		return be32(p);
	p = proto == PROTO_ICMP || proto == PROTO_ICMPV6 ? bytes(r, off, 6) : NULL;
	return p && is_echo(proto, p[0]) ? be16(p + 4) : 0;
}

static uint64_t last_word(enum flow_l3 l3, uint8_t proto, uint32_t port_pair)
{
	return (uint64_t)l3 << 40 | (uint64_t)proto << 32 | port_pair;
}

static bool read_ipv4(const struct reader *r, size_t off, struct flow_key *out)
{
	const uint8_t *p = bytes(r, off, IPV4_LEN);
	size_t header;
	uint32_t pair;

	if (!p || p[0] >> 4 != 4 || (p[0] & 15) < 5)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	/* More fragments, or an offset. */
	pair = be16(p + 6) & 0x3fff ? 0 : ports(r, off + header, p[9]);
	out->word[0] = word(p + 12);
	out->word[1] = last_word(FLOW_L3_IPV4, p[9], pair);
	out->words = 2;
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == NEXT_HOP || next == NEXT_ROUTE || next == NEXT_FRAGMENT ||
	       next == NEXT_AUTH || next == NEXT_DEST;
}

static size_t extension_len(uint8_t next, const uint8_t *p)
{
	if (next == NEXT_FRAGMENT)
		return 8;
	return next == NEXT_AUTH ? ((size_t)p[1] + 2) * 4 : ((size_t)p[1] + 1) * 8;
}

/* Walks to the transport's header. False: a fragment. */
static bool skip_extensions(const struct reader *r, size_t *off, uint8_t *proto)
{
	const uint8_t *p;

	for (unsigned i = 0; i < EXTENSIONS && is_extension(*proto); i++) {
		bool fragment = *proto == NEXT_FRAGMENT;

		p = bytes(r, *off, 8);
		if (!p)
			return true;
		*off += extension_len(*proto, p);
		*proto = p[0];
		if (fragment && be16(p + 2) & 0xfff9)
			return false;
	}
	return true;
}

static bool read_ipv6(const struct reader *r, size_t off, struct flow_key *out)
{
	const uint8_t *p = bytes(r, off, IPV6_LEN);
	size_t behind = off + IPV6_LEN;
	uint32_t pair = 0;
	uint8_t proto;

	if (!p || p[0] >> 4 != 6)
		return false;
	proto = p[6];
	if (skip_extensions(r, &behind, &proto))
		pair = ports(r, behind, proto);
	for (unsigned i = 0; i < 4; i++)
		out->word[i] = word(p + 8 + 8 * i);
	out->word[4] = last_word(FLOW_L3_IPV6, proto, pair);
	out->words = 5;
	return true;
}

/* Where no IP header is. */
static void read_ethernet(const struct reader *r, uint16_t type, struct flow_key *out)
{
	uint8_t macs[16] = {0};

	memcpy(macs, r->at, r->len < 12 ? r->len : 12);
	out->word[0] = word(macs);
	out->word[1] = word(macs + 8) ^ (uint64_t)type << 48;
	out->words = 2;
}

/* The ethertype behind the tags; *off is where what it says begins. */
static uint16_t ethertype(const struct reader *r, size_t *off)
{
	const uint8_t *p = bytes(r, 12, 2);
	uint16_t type = p ? be16(p) : 0;

	*off = ETH_LEN;
	for (unsigned i = 0; i < TAGS_MAX && (type == TYPE_8021Q || type == TYPE_8021AD); i++) {
		p = bytes(r, *off, TAG_LEN);
		type = p ? be16(p + 2) : 0;
		*off += TAG_LEN;
	}
	return type;
}

/* Most frames: IPv4 without tags and options, not a fragment, with ports. The same key, sooner. */
static bool read_common(const uint8_t *hdr, size_t len, struct flow_key *out)
{
	const uint8_t *ip = hdr + ETH_LEN;

	if (len < ETH_LEN + IPV4_LEN + 4 || be16(hdr + 12) != TYPE_IPV4 || ip[0] != 0x45 ||
	    be16(ip + 6) & 0x3fff || !has_ports(ip[9]))
		return false;
	*out = (struct flow_key){.word = {word(ip + 12),
					  last_word(FLOW_L3_IPV4, ip[9], be32(ip + IPV4_LEN))},
				 .words = 2,
				 .l3 = FLOW_L3_IPV4,
				 .l3_off = ETH_LEN};
	return true;
}

void flow_key_read(const uint8_t *hdr, size_t len, struct flow_key *out)
{
	struct reader r = {hdr, len < FLOW_HDR_MAX ? len : FLOW_HDR_MAX};
	uint16_t type;
	size_t off;

	if (read_common(hdr, len, out))
		return;
	*out = (struct flow_key){.words = 0};
	type = ethertype(&r, &off);
	if (type == TYPE_IPV4 && read_ipv4(&r, off, out))
		out->l3 = FLOW_L3_IPV4;
	else if (type == TYPE_IPV6 && read_ipv6(&r, off, out))
		out->l3 = FLOW_L3_IPV6;
	else
		read_ethernet(&r, type, out);
	out->l3_off = out->l3 == FLOW_L3_OTHER ? 0 : (uint8_t)off;
}

/* --- the hash -------------------------------------------------------------------------------- */

#define ODD 0x9e3779b97f4a7c15u

/* Both halves of the product, as wyhash (Wang Yi) folds them. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Both factors have a secret: no word that others choose makes a product 0. The last product mixes
 * what the one before leaves regular: hashes of ports that follow each other.
 */
uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed)
{
	uint64_t k0 = seed ^ 0xa0761d6478bd642fu, k1 = seed * ODD + 1;
	uint64_t h = fold(key->word[0] ^ k0, key->word[1] ^ k1);

	if (key->words > 2) {
		h = fold(key->word[2] ^ k0 ^ h, key->word[3] ^ k1);
		h = fold(key->word[4] ^ k0, h ^ k1);
	}
	return fold(h ^ k1, ODD);
}
