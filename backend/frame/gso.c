/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a frame that requests a checksum has in its checksum field the sum of the
 * pseudo header (the "seed"). The sum over the transport header and its payload, seed included, is
 * then the checksum, whatever the protocol, and also when a routing header makes the destination in
 * the pseudo header differ from that in the IPv6 header. A segment's seed is the frame's seed with
 * the length replaced. Sums are calculated and stored in host byte order, which RFC 1071, section 2
 * (B), allows.
 */
#include "backend/frame/gso.h"

#include <errno.h>
#include <string.h>

#include "backend/frame/csum.h"

#define IPV6_LEN 40

/* Fields, from the start of their header. */
enum {
	IPV4_TOTAL_LEN = 2,
	IPV4_ID = 4,
	IPV4_CSUM = 10,
	IPV6_PAYLOAD_LEN = 4,
	TCP_SEQ = 4,
	TCP_FLAGS = 13,
	TCP_CSUM = 16,
	UDP_LEN = 4,
	UDP_CSUM = 6,

	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_CWR = 0x80,
};

static void put_be16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)frame_be16(p) << 16 | frame_be16(p + 2);
}

/* Stores the checksum of the @n bytes at @from, which include the seed in @field, to @field. */
static void store_csum(uint8_t *field, const uint8_t *from, size_t n)
{
	uint16_t csum = (uint16_t)~csum_bytes(from, n);

	if (csum == 0) /* the same value, but in UDP 0 means no checksum */
		csum = 0xffff;
	memcpy(field, &csum, sizeof(csum));
}

int gso_begin(struct gso_iter *it, const struct virtio_net_hdr_v1 *vnet,
	      const struct frame_info *fi, const uint8_t *frame)
{
	uint32_t headers = (uint32_t)fi->l4_off + fi->l4_len;

	if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE || vnet->gso_size == 0)
		return -EINVAL;
	if (fi->l4_len == 0 || headers >= fi->len || headers > FRAME_HDR_MAX)
		return -EINVAL;
	*it = (struct gso_iter){
		.frame = frame,
		.len = fi->len,
		.vnet = *vnet,
		.l3_off = fi->l3_off,
		.l4_off = fi->l4_off,
		.headers = (uint16_t)headers,
		.size = vnet->gso_size,
		.v6 = fi->l3 == FRAME_L3_IPV6,
		.tcp = fi->l4_proto == FRAME_PROTO_TCP,
	};
	return 0;
}

static uint8_t *csum_of(const struct gso_iter *it, uint8_t *out)
{
	return out + it->l4_off + (it->tcp ? TCP_CSUM : UDP_CSUM);
}

static void fix_ip(const struct gso_iter *it, uint8_t *out, uint32_t len)
{
	uint8_t *ip = out + it->l3_off;
	uint32_t l3_len = len - it->l3_off;
	uint16_t csum;

	if (it->v6) {
		put_be16(ip + IPV6_PAYLOAD_LEN, l3_len - IPV6_LEN);
		return;
	}
	put_be16(ip + IPV4_TOTAL_LEN, l3_len);
	put_be16(ip + IPV4_ID, (uint32_t)frame_be16(ip + IPV4_ID) + it->index);
	memset(ip + IPV4_CSUM, 0, 2);
	csum = (uint16_t)~csum_bytes(ip, it->l4_off - it->l3_off);
	memcpy(ip + IPV4_CSUM, &csum, sizeof(csum));
}

static void fix_tcp(const struct gso_iter *it, uint8_t *tcp, bool last)
{
	uint32_t seq = get_be32(tcp + TCP_SEQ) + it->done;

	put_be16(tcp + TCP_SEQ, seq >> 16);
	put_be16(tcp + TCP_SEQ + 2, seq);
	if (it->index > 0)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

/* Replaces the frame's transport length in the seed at @field by the segment's. */
static void fix_seed(uint8_t *field, uint32_t frame_len, uint32_t segment_len)
{
	uint32_t sum = frame_be16(field) + (~frame_len & 0xffff) + segment_len;

	put_be16(field, csum_fold(sum));
}

/* Writes the headers of the next segment, @len bytes in all, with the seed as its checksum. */
static void fix_headers(const struct gso_iter *it, uint8_t *out, uint32_t len)
{
	bool last = it->done + len - it->headers == it->len - it->headers;

	memcpy(out, it->frame, it->headers);
	fix_ip(it, out, len);
	if (it->tcp)
		fix_tcp(it, out + it->l4_off, last);
	else
		put_be16(out + it->l4_off + UDP_LEN, len - it->l4_off);
	fix_seed(csum_of(it, out), it->len - it->l4_off, len - it->l4_off);
}

ssize_t gso_segment(struct gso_iter *it, uint8_t *out, size_t out_size)
{
	uint32_t left = it->len - it->headers - it->done;
	uint32_t n = left < it->size ? left : it->size, len = it->headers + n;

	if (left == 0)
		return 0;
	if (len > out_size)
		return -ENOSPC;
	fix_headers(it, out, len);
	memcpy(out + it->headers, it->frame + it->headers + it->done, n);
	store_csum(csum_of(it, out), out + it->l4_off, len - it->l4_off);

	it->done += n;
	it->index++;
	return (ssize_t)len;
}

bool gso_cut(struct gso_iter *it, uint32_t max_wire_bytes, uint32_t max_segments,
	     struct gso_part *out)
{
	uint32_t left = it->len - it->headers - it->done, segments, n;
	struct frame_info fi = {.l4_off = it->l4_off,
				.l4_len = (uint16_t)(it->headers - it->l4_off),
				.len = it->headers + it->size};

	if (left == 0)
		return false;
	segments = max_wire_bytes / frame_wire_bytes(&fi, 0);
	if (segments == 0)
		segments = 1;
	if (segments > max_segments)
		segments = max_segments;
	n = segments < (left + it->size - 1) / it->size ? segments * it->size : left;

	out->vnet = it->vnet;
	if (n <= it->size) {
		out->vnet.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		out->vnet.gso_size = 0;
		out->vnet.hdr_len = 0;
	} else if (it->done > 0) { /* only the first part keeps CWR */
		out->vnet.gso_type &= (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	}
	fix_headers(it, out->hdr, it->headers + n);
	out->hdr_len = it->headers;
	out->off = it->headers + it->done;
	out->len = n;
	fi.len = it->headers + n;
	out->wire_bytes = frame_wire_bytes(&fi, out->vnet.gso_size);

	it->done += n;
	it->index += (uint16_t)((n + it->size - 1) / it->size);
	return true;
}

int csum_complete(struct virtio_net_hdr_v1 *vnet, uint8_t *frame, uint32_t len)
{
	uint32_t start = vnet->csum_start, end = start + vnet->csum_offset + 2u;

	if (vnet->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return -EINVAL;
	if (!(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return 0;
	if (end > len)
		return -EINVAL;
	store_csum(frame + end - 2, frame + start, len - start);
	memset(vnet, 0, sizeof(*vnet));
	return 0;
}
