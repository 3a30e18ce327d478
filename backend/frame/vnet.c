/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/vnet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define TCP_CSUM_OFFSET	 16
#define UDP_CSUM_OFFSET	 6
#define ICMP_CSUM_OFFSET 2
#define UDP_HDR_LEN	 8
#define DHCP_CLIENT	 68
#define DHCPV6_CLIENT	 546
#define OPAQUE_L3_MIN	 20 /* the kernel wants an L3 header of at least this length */
#define GSO_UDP_L4	 5  /* VIRTIO_NET_HDR_GSO_UDP_L4, which 6.1's headers do not have */

/* The header's fields are little-endian on the ring and, by TUNSETVNETLE, at the TAP. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "vnet fields are used as they are");
static_assert(sizeof(struct virtio_net_hdr_v1) == 12, "the ring's and the TAP's vnet header");
#ifdef VIRTIO_NET_HDR_GSO_UDP_L4
static_assert(GSO_UDP_L4 == VIRTIO_NET_HDR_GSO_UDP_L4, "ABI");
#endif

struct gso_kind {
	uint32_t feature;
	enum frame_l3 l3; /* FRAME_L3_OPAQUE: either IP */
	uint8_t l4_proto;
};

static const struct gso_kind *gso_kind(uint8_t gso_type)
{
	static const struct gso_kind tcp4 = {VNET_F_TSO4, FRAME_L3_IPV4, FRAME_PROTO_TCP};
	static const struct gso_kind tcp6 = {VNET_F_TSO6, FRAME_L3_IPV6, FRAME_PROTO_TCP};
	static const struct gso_kind udp = {VNET_F_USO, FRAME_L3_OPAQUE, FRAME_PROTO_UDP};

	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN:
		return &tcp4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN:
		return &tcp6;
	case GSO_UDP_L4:
		return &udp;
	default:
		return NULL;
	}
}

/*
 * May the checksum of the bytes from @start on be stored at @start + @offset? The kernel stores it
 * after all checks here. If it could overwrite ARP, IP or ND fields, a guest could pass the check
 * with an allowed address and send another one.
 */
static bool place_ok(const struct frame_info *fi, size_t hdr_len, uint32_t start, uint32_t offset)
{
	uint32_t end = start + offset + 2;

	if (end > fi->len || end > hdr_len || end > FRAME_HDR_MAX)
		return false;
	if (fi->l3 == FRAME_L3_OPAQUE)
		return start >= (uint32_t)fi->l3_off + OPAQUE_L3_MIN;
	if (fi->l4_off == 0 || fi->fragment)
		return false;
	switch (fi->l4_proto) {
	case FRAME_PROTO_TCP:
		return start == fi->l4_off && offset == TCP_CSUM_OFFSET;
	case FRAME_PROTO_ICMP:
	case FRAME_PROTO_ICMPV6:
		return start == fi->l4_off && offset == ICMP_CSUM_OFFSET;
	case FRAME_PROTO_UDP: /* its own, or that of a packet in a tunnel over UDP */
		return (start == fi->l4_off && offset == UDP_CSUM_OFFSET) ||
		       start >= (uint32_t)fi->l4_off + UDP_HDR_LEN;
	default:
		return start >= fi->l4_off;
	}
}

/* Also for a receiver that looks behind more tags, or into LLC/SNAP. */
static bool csum_place_ok(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len,
			  uint32_t start, uint32_t offset)
{
	struct frame_info inner;

	return place_ok(fi, hdr_len, start, offset) && (!frame_unwrap(hdr, hdr_len, fi, &inner) ||
							place_ok(&inner, hdr_len, start, offset));
}

/* Do the lengths in the IP and UDP headers agree with the frame's? Segments need that. */
static bool gso_lengths_ok(const struct frame_info *fi, const uint8_t *hdr, size_t hdr_len)
{
	bool v6 = fi->l3 == FRAME_L3_IPV6;
	const uint8_t *ip_len = frame_at(hdr, hdr_len, (size_t)fi->l3_off + (v6 ? 4 : 2), 2);
	const uint8_t *udp_len = frame_at(hdr, hdr_len, (size_t)fi->l4_off + 4, 2);

	if (!ip_len || !udp_len)
		return false;
	if (fi->l3_off + (v6 ? 40u : 0u) + frame_be16(ip_len) != fi->len)
		return false;
	return fi->l4_proto != FRAME_PROTO_UDP ||
	       (uint32_t)fi->l4_off + frame_be16(udp_len) == fi->len;
}

/* Fills in the GSO part of *@out. 0 with *@out untouched when one segment is enough. */
static int rebuild_gso(const struct virtio_net_hdr_v1 *in, const struct frame_info *fi,
		       const uint8_t *hdr, size_t hdr_len, uint32_t features, uint16_t mtu,
		       struct virtio_net_hdr_v1 *out)
{
	const struct gso_kind *kind = gso_kind(in->gso_type);
	uint32_t headers = (uint32_t)fi->l4_off + fi->l4_len, payload;

	if (!kind || !(features & kind->feature))
		return -EOPNOTSUPP;
	if (!(out->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || out->csum_start != fi->l4_off)
		return -EINVAL;
	if (fi->l4_proto != kind->l4_proto || fi->l4_len == 0 || in->gso_size == 0 ||
	    (kind->l3 != FRAME_L3_OPAQUE && fi->l3 != kind->l3) || headers > fi->len)
		return -EINVAL;
	payload = fi->len - headers;
	if (payload <= in->gso_size)
		return 0;

	if (!gso_lengths_ok(fi, hdr, hdr_len))
		return -EINVAL;
	if (headers - fi->l3_off + in->gso_size > mtu)
		return -EMSGSIZE;
	out->gso_type = in->gso_type;
	out->gso_size = in->gso_size;
	out->hdr_len = (uint16_t)headers;
	return 0;
}

/* The same with an *@out of zeros, which has some of the result when it fails. */
static int rebuild(const struct virtio_net_hdr_v1 *in, const struct frame_info *fi,
		   const uint8_t *hdr, size_t hdr_len, uint32_t features, uint16_t mtu,
		   struct virtio_net_hdr_v1 *out)
{
	int ret;

	if (in->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (!(features & VNET_F_CSUM))
			return -EOPNOTSUPP;
		if (!csum_place_ok(fi, hdr, hdr_len, in->csum_start, in->csum_offset))
			return -EINVAL;
		out->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		out->csum_start = in->csum_start;
		out->csum_offset = in->csum_offset;
	}
	if (in->gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		ret = rebuild_gso(in, fi, hdr, hdr_len, features, mtu, out);
		if (ret < 0)
			return ret;
	}
	if (out->gso_type == VIRTIO_NET_HDR_GSO_NONE &&
	    fi->len > (uint32_t)mtu + FRAME_ETH_LEN + (uint32_t)fi->tags * FRAME_TAG_LEN)
		return -EMSGSIZE;
	return 0;
}

int vnet_rebuild(const struct virtio_net_hdr_v1 *in, const struct frame_info *fi,
		 const uint8_t *hdr, size_t hdr_len, uint32_t features, uint16_t mtu,
		 struct virtio_net_hdr_v1 *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = rebuild(in, fi, hdr, hdr_len, features, mtu, out);
	if (ret < 0)
		memset(out, 0, sizeof(*out));
	return ret;
}

bool vnet_must_segment(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
		       uint32_t features)
{
	const struct gso_kind *kind = gso_kind(vnet->gso_type);
	uint32_t payload = fi->len - fi->l4_off - fi->l4_len;

	if (!kind)
		return false;
	if (!(features & VNET_F_CSUM) || !(features & kind->feature))
		return true;
	return kind->l4_proto == FRAME_PROTO_UDP &&
	       payload > (uint32_t)vnet->gso_size * VNET_USO_SEGS_MAX;
}

uint32_t vnet_segments_max(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
			   uint32_t features)
{
	const struct gso_kind *kind = gso_kind(vnet->gso_type);

	if (!kind)
		return UINT32_MAX;
	if (!(features & VNET_F_CSUM) || !(features & kind->feature) ||
	    vnet->gso_size < VNET_GSO_SMALL)
		return 1;
	return fi->l4_proto == FRAME_PROTO_UDP ? VNET_USO_SEGS_MAX : UINT32_MAX;
}

/* By the place of the checksum, so that it does not matter what is in front of the UDP header. */
static bool is_for_dhcp_client(const struct virtio_net_hdr_v1 *vnet, const uint8_t *hdr,
			       size_t hdr_len)
{
	const uint8_t *port = frame_at(hdr, hdr_len, (size_t)vnet->csum_start + 2, 2);

	return port && vnet->csum_offset == UDP_CSUM_OFFSET &&
	       vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE &&
	       (frame_be16(port) == DHCP_CLIENT || frame_be16(port) == DHCPV6_CLIENT);
}

bool vnet_must_complete(const struct virtio_net_hdr_v1 *vnet, const struct frame_info *fi,
			const uint8_t *hdr, size_t hdr_len, uint32_t features)
{
	if (!(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return false;
	if (!(features & VNET_F_CSUM))
		return !vnet_must_segment(vnet, fi, features);
	return is_for_dhcp_client(vnet, hdr, hdr_len);
}
