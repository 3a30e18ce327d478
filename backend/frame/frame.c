/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/frame.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>

#define IPV4_MIN_LEN   20
#define IPV6_LEN       40
#define TCP_MIN_LEN    20
#define UDP_LEN	       8
#define ARP_LEN	       28
#define SNAP_LEN       8
#define IPV6_EXT_MAX   8 /* extension headers walked before the chain is called bad */
#define IPV6_EXT_HOP   0
#define IPV6_EXT_ROUTE 43
#define IPV6_EXT_FRAG  44
#define IPV6_EXT_AUTH  51
#define IPV6_EXT_DEST  60
#define TYPE_8021BR    0x893f /* E-tag, for port extenders */
#define TYPE_VNTAG     0x8926 /* the same, before there was a standard */

struct cursor {
	const uint8_t *hdr;
	size_t len;
};

static const uint8_t *at(const struct cursor *c, size_t off, size_t n)
{
	return frame_at(c->hdr, c->len, off, n);
}

/* Sets l4_len; it stays 0 when the transport header is cut short. */
static void parse_l4(const struct cursor *c, struct frame_info *fi)
{
	const uint8_t *p;
	size_t len;

	if (fi->l4_proto == FRAME_PROTO_TCP) {
		p = at(c, fi->l4_off, TCP_MIN_LEN);
		len = p ? (size_t)(p[12] >> 4) * 4 : 0;
		if (len >= TCP_MIN_LEN && at(c, fi->l4_off, len))
			fi->l4_len = (uint16_t)len;
	} else if (fi->l4_proto == FRAME_PROTO_UDP) {
		if (at(c, fi->l4_off, UDP_LEN))
			fi->l4_len = UDP_LEN;
	}
}

static void parse_ipv4(const struct cursor *c, struct frame_info *fi)
{
	const uint8_t *p = at(c, fi->l3_off, IPV4_MIN_LEN);
	size_t ihl;
	uint16_t frag;

	fi->l3_bad = true;
	if (!p || p[0] >> 4 != 4)
		return;
	ihl = (size_t)(p[0] & 0xf) * 4;
	if (ihl < IPV4_MIN_LEN || !at(c, fi->l3_off, ihl) || frame_be16(p + 2) < ihl)
		return;
	fi->l3_bad = false;

	frag = frame_be16(p + 6);
	fi->fragment = frag & 0x3fff; /* more-fragments or an offset */
	if (frag & 0x1fff)
		return;
	fi->l4_proto = p[9];
	fi->l4_off = (uint16_t)(fi->l3_off + ihl);
	parse_l4(c, fi);
}

static bool ipv6_is_ext(uint8_t proto)
{
	return proto == IPV6_EXT_HOP || proto == IPV6_EXT_ROUTE || proto == IPV6_EXT_FRAG ||
	       proto == IPV6_EXT_AUTH || proto == IPV6_EXT_DEST;
}

/* Bytes of the extension header at @p, where at least 8 bytes can be read. */
static size_t ipv6_ext_len(uint8_t proto, const uint8_t *p)
{
	if (proto == IPV6_EXT_FRAG)
		return 8;
	if (proto == IPV6_EXT_AUTH)
		return ((size_t)p[1] + 2) * 4;
	return ((size_t)p[1] + 1) * 8;
}

static void parse_ipv6(const struct cursor *c, struct frame_info *fi)
{
	const uint8_t *p = at(c, fi->l3_off, IPV6_LEN);
	size_t off = (size_t)fi->l3_off + IPV6_LEN, len;
	uint8_t proto;

	fi->l3_bad = true;
	if (!p || p[0] >> 4 != 6)
		return;
	proto = p[6];
	for (int i = 0; ipv6_is_ext(proto); i++) {
		p = i < IPV6_EXT_MAX ? at(c, off, 8) : NULL;
		if (!p)
			return;
		len = ipv6_ext_len(proto, p);
		if (!at(c, off, len))
			return;
		if (proto == IPV6_EXT_FRAG) {
			fi->fragment |= frame_be16(p + 2) & 0xfff9;
			if (frame_be16(p + 2) &
			    0xfff8) { /* only the first fragment has more headers */
				fi->l3_bad = false;
				return;
			}
		}
		proto = p[0];
		off += len;
	}
	fi->l3_bad = false;
	fi->l4_proto = proto;
	fi->l4_off = (uint16_t)off;
	parse_l4(c, fi);
}

/* ARP on Ethernet has 6-byte hardware and 4-byte IPv4 addresses; anything else is malformed. */
static void parse_arp(const struct cursor *c, struct frame_info *fi)
{
	static const uint8_t ether_ipv4[] = {0, 1, 8, 0, 6, 4};
	const uint8_t *p = at(c, fi->l3_off, ARP_LEN);

	fi->l3_bad = !p || memcmp(p, ether_ipv4, sizeof(ether_ipv4)) != 0;
}

/* Bytes of the tag or LLC/SNAP header that the ethertype says is at l3_off; 0: neither. */
static size_t wrapper_len(uint16_t ethertype)
{
	switch (ethertype) {
	case ETH_P_8021Q:
	case ETH_P_8021AD:
	case ETH_P_QINQ1:
	case ETH_P_QINQ2:
	case ETH_P_QINQ3:
		return FRAME_TAG_LEN;
	default:
		return ethertype < ETH_P_802_3_MIN ? SNAP_LEN : 0;
	}
}

/*
 * A tag of any kind that a switch may look at. One whose kind a switch does not know is part of the
 * payload there, and the frame belongs to the VLAN of the port; so what is in the tag says nothing.
 */
static bool is_tag(uint16_t ethertype, size_t wrapper)
{
	return wrapper == FRAME_TAG_LEN || ethertype == ETH_P_8021AH || ethertype == TYPE_8021BR ||
	       ethertype == TYPE_VNTAG;
}

/* Skips the tags: afterwards ethertype and l3_off are those behind them. */
static void parse_tags(const struct cursor *c, struct frame_info *fi)
{
	const uint8_t *p;
	size_t wrapper;

	while (fi->tags < FRAME_TAGS_MAX &&
	       (fi->ethertype == ETH_P_8021Q || fi->ethertype == ETH_P_8021AD)) {
		p = at(c, fi->l3_off, FRAME_TAG_LEN);
		fi->other_tag |= fi->ethertype != ETH_P_8021Q;
		/* A tag that is cut short gets the id 4095, which only a trunk lets by. */
		if (fi->tags++ == 0)
			fi->vid = p ? frame_be16(p) & 0xfff : 0xfff;
		if (!p) {
			fi->ethertype = 0;
			break;
		}
		fi->ethertype = frame_be16(p + 2);
		fi->l3_off += FRAME_TAG_LEN;
	}
	wrapper = wrapper_len(fi->ethertype);
	fi->wrapped = wrapper > 0;
	fi->other_tag |= is_tag(fi->ethertype, wrapper);
}

/* Parses what the ethertype, which is set, says is at l3_off. */
static void parse_l3(const struct cursor *c, struct frame_info *fi)
{
	switch (fi->ethertype) {
	case ETH_P_ARP:
	case ETH_P_RARP:
		fi->l3 = FRAME_L3_ARP;
		parse_arp(c, fi);
		break;
	case ETH_P_IP:
		fi->l3 = FRAME_L3_IPV4;
		parse_ipv4(c, fi);
		break;
	case ETH_P_IPV6:
		fi->l3 = FRAME_L3_IPV6;
		parse_ipv6(c, fi);
		break;
	default:
		break;
	}
}

int frame_parse(const uint8_t *hdr, size_t hdr_len, uint32_t frame_len, struct frame_info *out)
{
	struct cursor c = {hdr, hdr_len < frame_len ? hdr_len : frame_len};
	const uint8_t *p = at(&c, 0, FRAME_ETH_LEN);

	memset(out, 0, sizeof(*out));
	out->len = frame_len;
	if (!p)
		return -EINVAL;
	memcpy(out->dst, p, 6);
	memcpy(out->src, p + 6, 6);
	out->is_group = p[0] & 1;
	out->ethertype = frame_be16(p + 12);
	out->l3_off = FRAME_ETH_LEN;
	out->vid = -1;
	parse_tags(&c, out);
	parse_l3(&c, out);
	return 0;
}

/* Is it a SNAP header that says an ethertype? OUI 00:00:f8 is that of bridges (802.1H). */
static bool snap_has_ethertype(const uint8_t *p)
{
	return (p[0] & 0xfe) == 0xaa && (p[1] & 0xfe) == 0xaa && p[2] == 3 && p[3] == 0 &&
	       p[4] == 0 && (p[5] == 0 || p[5] == 0xf8);
}

bool frame_take_off(const uint8_t *hdr, size_t hdr_len, const struct frame_info *fi,
		    struct frame_info *out)
{
	struct cursor c = {hdr, hdr_len < fi->len ? hdr_len : fi->len};
	size_t len = wrapper_len(fi->ethertype);
	const uint8_t *p = NULL;

	*out = *fi;
	while (len > 0 && (p = at(&c, out->l3_off, len))) {
		if (len == SNAP_LEN && !snap_has_ethertype(p))
			break;
		out->ethertype = frame_be16(p + len - 2);
		out->l3_off += (uint16_t)len;
		len = wrapper_len(out->ethertype);
	}
	out->l3_bad = len > 0 && !p && c.len < fi->len;
	if (!out->l3_bad)
		parse_l3(&c, out);
	return out->l3_off != fi->l3_off || out->l3_bad;
}

static uint32_t wire_one(uint32_t len)
{
	len += FRAME_FCS_LEN;
	return len < FRAME_WIRE_MIN ? FRAME_WIRE_MIN : len;
}

uint32_t frame_wire_bytes(const struct frame_info *fi, uint16_t gso_size)
{
	uint32_t hdr = (uint32_t)fi->l4_off + fi->l4_len, payload, full, rest;

	if (gso_size == 0 || fi->l4_len == 0 || fi->len <= hdr)
		return wire_one(fi->len);
	payload = fi->len - hdr;
	full = payload / gso_size;
	rest = payload % gso_size;
	return full * wire_one(hdr + gso_size) + (rest ? wire_one(hdr + rest) : 0);
}

uint32_t frame_wire_frames(const struct frame_info *fi, uint16_t gso_size)
{
	uint32_t hdr = (uint32_t)fi->l4_off + fi->l4_len;

	if (gso_size == 0 || fi->l4_len == 0 || fi->len <= hdr)
		return 1;
	return (fi->len - hdr + gso_size - 1) / gso_size;
}

uint32_t frame_l3_bytes(const struct frame_info *fi, uint16_t gso_size)
{
	uint32_t l2 = FRAME_ETH_LEN + (uint32_t)fi->tags * FRAME_TAG_LEN;
	uint32_t len = gso_size ? (uint32_t)fi->l4_off + fi->l4_len + gso_size : fi->len;

	return len > l2 ? len - l2 : 0;
}

size_t frame_build_rarp(uint8_t out[64], const uint8_t mac[6], int vid)
{
	/* Ethernet, IPv4, address lengths 6 and 4, operation 3: "who am I?" */
	static const uint8_t fixed[] = {0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3};
	const uint8_t tag[FRAME_TAG_LEN] = {0x81, 0, (uint8_t)(vid >> 8 & 0xf), (uint8_t)vid};
	size_t tag_len = vid < 0 ? 0 : sizeof(tag);
	uint8_t *arp = out + 12 + tag_len;

	memset(out, 0, 64);
	memset(out, 0xff, 6);
	memcpy(out + 6, mac, 6);
	memcpy(out + 12, tag, tag_len);
	memcpy(arp, fixed, sizeof(fixed));
	memcpy(arp + 10, mac, 6);
	memcpy(arp + 20, mac, 6);
	return FRAME_RARP_LEN + tag_len;
}

const char *frame_mac_format(const uint8_t mac[6], char out[FRAME_MAC_STR])
{
	snprintf(out, FRAME_MAC_STR, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return out;
}

void frame_mac_default(uint8_t mac[6], const uint8_t uuid[16], uint32_t device_id)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (int i = 0; i < 16; i++)
		h = (h ^ uuid[i]) * 16777619u;
	for (int i = 0; i < 4; i++)
		h = (h ^ (device_id >> (8 * i) & 0xff)) * 16777619u;
	h = (h >> 24) ^ (h & 0xffffff); /* FNV's own way to 24 bits */
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = (uint8_t)(h >> 16);
	mac[4] = (uint8_t)(h >> 8);
	mac[5] = (uint8_t)h;
}
