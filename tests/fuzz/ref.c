/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fuzz/ref.h"

#include <stdio.h>
#include <string.h>

#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define TYPE_RARP 0x8035
#define TYPE_IPV6 0x86dd

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] * 256 + p[1];
}

static bool len_ok(unsigned type, uint32_t len)
{
	if (type == 1) /* 12 bytes of virtio header, 14 of Ethernet, two tags, an IP packet */
		return len >= 12 + 14 && len <= 12 + 14 + 8 + 65535;
	return type == 2 && len == 24;
}

int64_t ref_message(const uint8_t *p, size_t n, uint32_t ring_bytes, bool sparse)
{
	uint32_t len;
	int64_t size;

	if (n < 8)
		return REF_MORE;
	len = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	if (p[5] > (sparse && p[4] == WIRE_DATA) || p[6] || p[7] || !len_ok(p[4], len))
		return REF_BAD;
	for (size = 8 + (int64_t)len; size % 8;)
		size++;
	if (size > ring_bytes)
		return REF_BAD;
	return size <= (int64_t)n ? size : REF_MORE;
}

struct ref_frame ref_frame(const uint8_t *p, size_t n)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100, 0x9200,
					0x9300, 0x88e7, 0x893f, 0x8926};
	struct ref_frame f = {.vid = -1, .type = (uint16_t)be16(p + 12), .l3 = 14};

	while (f.tags < 2 && (f.type == 0x8100 || f.type == 0x88a8)) {
		bool whole = n >= f.l3 + 4;

		f.foreign |= f.type == 0x88a8;
		if (f.tags++ == 0)
			f.vid = whole ? (int)(be16(p + f.l3) % 4096) : 4095;
		f.type = whole ? (uint16_t)be16(p + f.l3 + 2) : 0;
		f.l3 += whole ? 4 : 0;
	}
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		f.foreign |= f.type == tags[i];
	return f;
}

bool ref_is_control(const uint8_t *p, size_t n, const struct ref_frame *f)
{
	const uint8_t *llc = n >= f->l3 + 8 ? p + f->l3 : NULL;

	if (p[0] == 1 && p[1] == 0x80 && p[2] == 0xc2 && !p[3] && !p[4] && p[5] < 16)
		return true;
	if (p[0] == 1 && p[1] == 0 && p[2] == 0x0c && p[3] == 0xcc)
		return true;
	if (f->type == 0x8808 || f->type == 0x8809 || f->type == 0x888e || f->type == 0x88cc)
		return true;
	return f->type > 0 && f->type < 1536 && llc && llc[0] == 0x42;
}

bool ref_vlan_ok(const struct vlan_policy *policy, const struct ref_frame *f)
{
	if (f->foreign && policy->mode != VLAN_TRUNK)
		return false;
	switch (policy->mode) {
	case VLAN_TRUNK:
		return true;
	case VLAN_NONE:
		return f->tags == 0 || (f->tags == 1 && f->vid == 0);
	case VLAN_LIST:
		if (f->tags == 0)
			return policy->ids[0] & 1;
		return f->tags == 1 && (policy->ids[f->vid >> 6] & UINT64_C(1) << (f->vid & 63));
	}
	return false;
}

static bool bit(const uint8_t *p, unsigned i)
{
	return p[i / 8] & 0x80 >> i % 8;
}

static bool listed(const struct ip_list *list, bool v6, const uint8_t *addr)
{
	for (unsigned i = 0; i < list->n; i++) {
		unsigned same = 0;

		while (same < list->entry[i].bits &&
		       bit(addr, same) == bit(list->entry[i].addr, same))
			same++;
		if (list->entry[i].v6 == v6 && same == list->entry[i].bits)
			return true;
	}
	return false;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i])
			return false;
	}
	return true;
}

static bool own_ipv4(const uint8_t *ip, size_t n, const struct ip_list *allowed)
{
	size_t ihl = (size_t)(ip[0] & 15) * 4;

	if (listed(allowed, false, ip + 12))
		return true;
	/* A DHCP client that has no address yet. */
	return all_zero(ip + 12, 4) && ip[9] == 17 && (be16(ip + 6) & 0x3fff) == 0 &&
	       n >= ihl + 4 && be16(ip + ihl) == 68 && be16(ip + ihl + 2) == 67;
}

static bool own_ipv6(const uint8_t *ip, const struct ip_list *allowed)
{
	/* Link-local addresses are for the first who uses them: that is the unit tests' matter, and
	 * so is who may have an unspecified one. */
	return listed(allowed, true, ip + 8) || all_zero(ip + 8, 16) ||
	       memcmp(ip + 8, "\xfe\x80\0\0\0\0\0\0", 8) == 0;
}

static bool own_arp(const uint8_t *arp, const struct ip_list *allowed)
{
	if (listed(allowed, false, arp + 14))
		return true;
	return all_zero(arp + 14, 4) && listed(allowed, false, arp + 24); /* a probe */
}

bool ref_is_own(const uint8_t *p, size_t n, const uint8_t mac[6], const struct ip_list *allowed)
{
	struct ref_frame f = ref_frame(p, n);
	const uint8_t *l3 = p + f.l3;

	n -= f.l3;
	if (memcmp(p + 6, mac, 6) != 0)
		return false;
	if (f.type == TYPE_ARP || f.type == TYPE_RARP) {
		if (n < 28 || memcmp(l3 + 8, mac, 6) != 0)
			return false;
	}
	if (allowed->n == 0)
		return true;
	if (f.type == TYPE_ARP)
		return own_arp(l3, allowed);
	if (f.type == TYPE_IPV4)
		return n >= 20 && l3[0] >> 4 == 4 && own_ipv4(l3, n, allowed);
	return f.type == TYPE_IPV6 && n >= 40 && l3[0] >> 4 == 6 && own_ipv6(l3, allowed);
}

static uint32_t feature_of(unsigned gso_type)
{
	switch (gso_type & 0x7f) {
	case 1:
		return VNET_F_TSO4;
	case 4:
		return VNET_F_TSO6;
	case 5:
		return gso_type == 5 ? VNET_F_USO : 0;
	}
	return 0;
}

static bool gso_ok(const struct virtio_net_hdr_v1 *v, const uint8_t *p, size_t n, uint32_t features,
		   uint32_t mtu, uint32_t smallest)
{
	struct ref_frame f = ref_frame(p, n);
	bool v6 = f.type == TYPE_IPV6;
	size_t l4 = v->csum_start, l4_len = feature_of(v->gso_type) == VNET_F_USO ? 8 : 20;

	if (!(features & feature_of(v->gso_type)) || !v->flags || v->gso_size < smallest)
		return false;
	if (feature_of(v->gso_type) == VNET_F_TSO4 ? v6
						   : feature_of(v->gso_type) == VNET_F_TSO6 && !v6)
		return false;
	/* Headers in order and inside, more than one segment, none too long. */
	if (l4 < f.l3 + (v6 ? 40 : 20) || v->hdr_len < l4 + l4_len || v->hdr_len + v->gso_size >= n)
		return false;
	if (v->hdr_len - f.l3 + v->gso_size > mtu)
		return false;
	/* What IP and UDP say of their length is the frame's. */
	if (f.l3 + (v6 ? 40 + be16(p + f.l3 + 4) : be16(p + f.l3 + 2)) != n)
		return false;
	return l4_len == 20 || l4 + be16(p + l4 + 4) == n;
}

bool ref_vnet_ok(const struct virtio_net_hdr_v1 *v, const uint8_t *p, size_t n, uint32_t features,
		 uint32_t mtu, uint32_t smallest)
{
	struct ref_frame f = ref_frame(p, n);

	if (v->num_buffers || (v->flags & ~1u))
		return false;
	if (!v->flags && (v->csum_start || v->csum_offset))
		return false;
	if (v->flags && (!(features & VNET_F_CSUM) || v->csum_start < f.l3 ||
			 v->csum_start + v->csum_offset + 2u > n))
		return false;
	if (v->gso_type)
		return gso_ok(v, p, n, features, mtu, smallest);
	return !v->gso_size && !v->hdr_len && n <= mtu + 14 + f.tags * 4;
}

bool ref_mac(const char *text, uint8_t mac[6])
{
	unsigned b[6];
	int end = -1;

	if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17)
		return false;
	sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", b, b + 1, b + 2, b + 3, b + 4, b + 5, &end);
	if (end != 17 || b[0] % 2 == 1 || !(b[0] | b[1] | b[2] | b[3] | b[4] | b[5]))
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}
