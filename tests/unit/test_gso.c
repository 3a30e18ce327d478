/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments and checksums in software, against sums made the slow way. */
#include "backend/frame/gso.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#include <errno.h>

#define CSUM VIRTIO_NET_HDR_F_NEEDS_CSUM
#define TCP4 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6 VIRTIO_NET_HDR_GSO_TCPV6
#define USO  5
#define ALL  (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)

static struct mk m;

struct row {
	const char *name;
	uint16_t ethertype;
	uint8_t proto, gso_type;
	int tags, ext, v4_options;
	uint32_t payload;
	uint16_t size;
	uint32_t segments;
};

static const struct row rows[] = {
	{"TCP over IPv4", 0x0800, 6, TCP4, 0, 0, 0, 10 * 1460, 1460, 10},
	{"TCP over IPv4, a byte left", 0x0800, 6, TCP4, 0, 0, 0, 10 * 1460 + 1, 1460, 11},
	{"TCP over IPv4, odd size", 0x0800, 6, TCP4, 0, 0, 0, 5000, 1001, 5},
	{"TCP over IPv4, IP options, two tags", 0x0800, 6, TCP4, 2, 0, 1, 5000, 1000, 5},
	{"TCP over IPv4, the longest", 0x0800, 6, TCP4, 0, 0, 0, 65535 - 40, 216, 304},
	{"TCP over IPv4, ECN", 0x0800, 6, TCP4 | 0x80, 0, 0, 0, 4 * 1460, 1460, 4},
	{"TCP over IPv6", 0x86dd, 6, TCP6, 0, 0, 0, 10 * 1440, 1440, 10},
	{"TCP over IPv6, extension headers, tag", 0x86dd, 6, TCP6, 1, 2, 0, 7777, 999, 8},
	{"UDP over IPv4", 0x0800, 17, USO, 0, 0, 0, 5 * 1472 + 7, 1472, 6},
	{"UDP over IPv6", 0x86dd, 17, USO, 0, 0, 0, 5 * 1001, 1001, 5},
	{"UDP over IPv6, extension header", 0x86dd, 17, USO, 0, 1, 0, 3003, 1001, 3},
};

static void make(const struct row *r)
{
	mk_eth(&m, MK_OTHER, MK_MAC, r->ethertype);
	for (int i = 0; i < r->tags; i++)
		mk_tag(&m, 0x8100, 5);
	if (r->ethertype == 0x0800) {
		mk_ipv4(&m, r->proto, MK_IP, MK_IP2);
		if (r->v4_options) {
			m.b[m.l3] = 0x46;
			mk_add(&m, "\1\1\1\0", 4);
			m.l4 = m.len;
		}
		mk_be16(&m, m.l3 + 4, 0xfffe); /* the id wraps on the way */
	} else {
		mk_ipv6(&m, r->proto, MK_IP6, MK_IP6_2);
		for (int i = 0; i < r->ext; i++)
			mk_ext(&m, i ? 60 : 0, "\1\4\0\0\0\0");
	}
	if (r->proto == 6)
		mk_tcp(&m, 0xfffffc00, 0x99); /* CWR ACK PSH FIN; the sequence wraps too */
	else
		mk_udp(&m, 4000, 53);
	mk_payload(&m, r->payload);
	mk_finish(&m, 0);
}

static bool ip_good(const uint8_t *s, uint32_t len, uint32_t index)
{
	if (m.v6)
		return mk_get16(s + m.l3 + 4) == len - m.l3 - 40;
	return mk_get16(s + m.l3 + 2) == len - m.l3 &&
	       mk_get16(s + m.l3 + 4) == (uint16_t)(0xfffe + index);
}

static bool l4_good(const uint8_t *s, uint32_t len, uint32_t index, uint32_t done, bool last)
{
	uint32_t seq = (uint32_t)mk_get16(s + m.l4 + 4) << 16 | mk_get16(s + m.l4 + 6);
	uint8_t flags = 0x10;

	if (m.proto == 17)
		return mk_get16(s + m.l4 + 4) == len - m.l4;
	flags |= (index == 0 ? 0x80 : 0) | (last ? 0x09 : 0);
	return seq == (uint32_t)(0xfffffc00 + done) && s[m.l4 + 13] == flags;
}

static void cut_up(const struct row *r)
{
	uint32_t headers = m.l4 + (m.proto == 6 ? 20 : 8), done = 0, i = 0, bad = 0;
	struct virtio_net_hdr_v1 out,
		in = MK_VNET(CSUM, r->gso_type, r->size, m.l4, m.proto == 6 ? 16 : 6);
	uint8_t *frame = mk_copy(m.b, m.len), *s = malloc(headers + r->size);
	struct frame_info fi;
	struct gso_iter it;
	ssize_t len;

	frame_parse(frame, FRAME_HDR_MAX, m.len, &fi);
	is_int(vnet_rebuild(&in, &fi, frame, FRAME_HDR_MAX, ALL, 1500, &out), 0, "%s is rebuilt",
	       r->name);
	is_int(gso_begin(&it, &out, &fi, frame), 0, "%s begins to be cut up", r->name);
	is_int(gso_segment(&it, s, headers + r->size - 1), -ENOSPC, "%s needs room for a segment",
	       r->name);
	for (; (len = gso_segment(&it, s, headers + r->size)) > 0; i++) {
		uint32_t n = (uint32_t)len - headers;

		bad += memcmp(s, frame, m.l3) != 0 ||
		       memcmp(s + headers, frame + headers + done, n) != 0;
		bad += !ip_good(s, (uint32_t)len, i) || !mk_csum_good(&m, s, (uint32_t)len);
		bad += !l4_good(s, (uint32_t)len, i, done, done + n == r->payload);
		done += n;
	}
	is_int(bad, 0, "every segment of %s is right", r->name);
	is_int(i, r->segments, "%s gives as many segments as it should", r->name);
	is_int(done, r->payload, "the segments of %s have all its bytes", r->name);
	is_int(gso_segment(&it, s, headers + r->size), 0, "the end of %s stays its end", r->name);
	free(s);
	free(frame);
}

/* Segments of one frame, one behind the other, as a peer would see them. */
struct wire_log {
	uint8_t b[1 << 18];
	uint32_t len, frames;
};

static void log_frame(struct wire_log *w, const uint8_t *frame, uint32_t len)
{
	memcpy(w->b + w->len, &len, sizeof(len));
	memcpy(w->b + w->len + sizeof(len), frame, len);
	w->len += (uint32_t)sizeof(len) + len;
	w->frames++;
}

/* What a kernel does with the frame and its header. False: it would not take them. */
static bool log_segments(struct wire_log *w, const struct virtio_net_hdr_v1 *vnet, uint8_t *frame,
			 uint32_t len)
{
	struct virtio_net_hdr_v1 again, plain = *vnet;
	static uint8_t s[2048];
	struct frame_info fi;
	struct gso_iter it;
	ssize_t n;

	frame_parse(frame, len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX, len, &fi);
	if (vnet_rebuild(vnet, &fi, frame, len < FRAME_HDR_MAX ? len : FRAME_HDR_MAX, ALL, 1500,
			 &again) < 0 ||
	    memcmp(vnet, &again, sizeof(again)) != 0)
		return false;
	if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		if (csum_complete(&plain, frame, len) < 0)
			return false;
		log_frame(w, frame, len);
		return true;
	}
	if (gso_begin(&it, vnet, &fi, frame) < 0)
		return false;
	while ((n = gso_segment(&it, s, sizeof(s))) > 0)
		log_frame(w, s, (uint32_t)n);
	return n == 0;
}

/* A frame in parts of at most cap bytes on the wire has the same segments as in one. */
static void cut_in_parts(const struct row *r, uint32_t cap)
{
	static struct wire_log want, got;
	struct virtio_net_hdr_v1 vnet,
		in = MK_VNET(CSUM, r->gso_type, r->size, m.l4, m.proto == 6 ? 16 : 6);
	uint32_t wire = 0, bad = 0, parts = 0, done = 0, headers;
	uint8_t *frame = mk_copy(m.b, m.len), *flat;
	struct frame_info fi, one;
	struct gso_part part;
	struct gso_iter it;

	want.len = want.frames = got.len = got.frames = 0;
	frame_parse(frame, FRAME_HDR_MAX, m.len, &fi);
	vnet_rebuild(&in, &fi, frame, FRAME_HDR_MAX, ALL, 1500, &vnet);
	headers = (uint32_t)fi.l4_off + fi.l4_len;
	one = fi;
	one.len = headers + r->size;
	log_segments(&want, &vnet, frame, m.len);
	gso_begin(&it, &vnet, &fi, frame);
	while (gso_cut(&it, cap, UINT32_MAX, &part)) {
		flat = malloc(part.hdr_len + part.len);
		memcpy(flat, part.hdr, part.hdr_len);
		memcpy(flat + part.hdr_len, m.b + part.off, part.len);
		bad += parts > 0 && part.vnet.gso_type & VIRTIO_NET_HDR_GSO_ECN;
		bad += part.off != headers + done || part.hdr_len != headers;
		bad += part.wire_bytes > cap && part.wire_bytes > frame_wire_bytes(&one, 0);
		bad += !log_segments(&got, &part.vnet, flat, part.hdr_len + part.len);
		free(flat);
		done += part.len;
		wire += part.wire_bytes;
		parts++;
	}
	ok(!bad && done == r->payload, "%s in parts of %u bytes has all its bytes in %u parts",
	   r->name, cap, parts);
	ok(want.frames == r->segments && got.frames == want.frames && got.len == want.len &&
		   memcmp(got.b, want.b, got.len) == 0,
	   "%s in parts of %u bytes has the segments of the whole", r->name, cap);
	is_int(wire, frame_wire_bytes(&fi, vnet.gso_size),
	       "%s in parts of %u bytes is as long on the wire", r->name, cap);
	is_int(parts == 1, cap >= wire, "%s in parts of %u bytes is one part if that is no longer",
	       r->name, cap);
	free(frame);
}

/* One segment by hand: the bytes of the second of two, worked out outside of this program. */
static void test_golden(void)
{
	static const uint8_t want[] = {
		0x00, 0x16, 0x3e, 0xaa, 0xbb, 0xcc, 0x00, 0x16, 0x3e, 0x11, 0x22, 0x33,
		0x08, 0x00, 0x45, 0x00, 0x00, 0x2b, 0x12, 0x35, 0x40, 0x00, 0x40, 0x06,
		0x14, 0x96, 0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02, 0x30, 0x39,
		0x00, 0x50, 0x00, 0x00, 0x01, 0x40, 0x00, 0x00, 0x00, 0x01, 0x50, 0x18,
		0xff, 0xff, 0x57, 0xf4, 0x00, 0x00, 0x02, 0x09, 0x10,
	};
	struct virtio_net_hdr_v1 vnet = MK_VNET(CSUM, TCP4, 256, 34, 16);
	uint8_t s[512];
	struct frame_info fi;
	struct gso_iter it;

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 6, MK_IP, MK_IP2);
	mk_tcp(&m, 64, 0x18);
	mk_payload(&m, 259);
	mk_finish(&m, 0);
	frame_parse(m.b, FRAME_HDR_MAX, m.len, &fi);
	gso_begin(&it, &vnet, &fi, m.b);
	is_int(gso_segment(&it, s, sizeof(s)), 54 + 256, "the first golden segment has its length");
	is_int(gso_segment(&it, s, sizeof(s)), sizeof(want),
	       "the second golden segment has its length");
	if (!ok(memcmp(s, want, sizeof(want)) == 0, "the second golden segment has its bytes"))
		for (size_t i = 0; i < sizeof(want); i++)
			if (s[i] != want[i])
				diag("byte %zu: got %02x, want %02x", i, s[i], want[i]);
}

static void test_complete(void)
{
	static const uint8_t protos[] = {6, 17};
	uint32_t bad = 0;

	for (uint32_t n = 0; n < 2000; n++) {
		struct virtio_net_hdr_v1 vnet = MK_VNET(CSUM, 0, 0, 0, 0);
		uint8_t *frame;

		mk_eth(&m, MK_OTHER, MK_MAC, n & 2 ? 0x86dd : 0x0800);
		if (n & 2)
			mk_ipv6(&m, protos[n & 1], MK_IP6, MK_IP6_2);
		else
			mk_ipv4(&m, protos[n & 1], MK_IP, MK_IP2);
		if (n & 1)
			mk_udp(&m, 4000, 53);
		else
			mk_tcp(&m, 5, 0x10);
		mk_payload(&m, n / 4);
		mk_finish(&m, 0);
		vnet.csum_start = (uint16_t)m.l4;
		vnet.csum_offset = n & 1 ? 6 : 16;
		frame = mk_copy(m.b, m.len);
		bad += csum_complete(&vnet, frame, m.len) != 0 || vnet.flags != 0;
		bad += !mk_csum_good(&m, frame, m.len);
		free(frame);
	}
	is_int(bad, 0, "2000 checksums are what the slow way says");
}

static void test_complete_edges(void)
{
	struct virtio_net_hdr_v1 vnet = {0};
	uint8_t before[64];

	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 17, MK_IP, MK_IP2);
	mk_udp(&m, 0, 0);
	mk_add(&m, "\0\0", 2);
	mk_finish(&m, 0);
	/* Makes the sum come out as zero, which UDP must send as ffff. */
	mk_be16(&m, m.l4 + 8, ~mk_sum(m.b + m.l4, 8, 0));
	vnet = MK_VNET(CSUM, 0, 0, 34, 6);
	csum_complete(&vnet, m.b, m.len);
	is_int(mk_get16(m.b + m.l4 + 6), 0xffff, "a UDP checksum of 0 is sent as ffff");

	memcpy(before, m.b, m.len);
	is_int(csum_complete(&vnet, m.b, m.len), 0,
	       "csum_complete() of a frame that asks for nothing is no error");
	vnet = MK_VNET(CSUM, 0, 0, 34, (uint16_t)(m.len - 35));
	is_int(csum_complete(&vnet, m.b, m.len), -EINVAL,
	       "csum_complete() of a checksum half outside of the frame is refused");
	vnet.csum_start = 0xffff;
	vnet.csum_offset = 0xffff;
	is_int(csum_complete(&vnet, m.b, m.len), -EINVAL,
	       "csum_complete() of a checksum far outside of the frame is refused");
	vnet = MK_VNET(CSUM, TCP4, 500, 34, 6);
	is_int(csum_complete(&vnet, m.b, m.len), -EINVAL,
	       "csum_complete() of a GSO frame is refused");
	ok(memcmp(before, m.b, m.len) == 0, "csum_complete() that refuses changes nothing");
}

static int begin(uint8_t type, uint16_t size, uint32_t len, uint16_t l4_off, uint16_t l4_len)
{
	struct virtio_net_hdr_v1 vnet = MK_VNET(CSUM, type, size, l4_off, 16);
	struct frame_info fi = {.len = len, .l4_off = l4_off, .l4_len = l4_len};
	struct gso_iter it;

	return gso_begin(&it, &vnet, &fi, NULL);
}

static void test_begin(void)
{
	is_int(begin(TCP4, 500, 1000, 34, 20), 0, "a GSO header gives segments");
	is_int(begin(0, 500, 1000, 34, 20), -EINVAL,
	       "a header without a GSO type gives no segments");
	is_int(begin(TCP4, 0, 1000, 34, 20), -EINVAL,
	       "a GSO header without a size gives no segments");
	is_int(begin(TCP4, 500, 1000, 34, 0), -EINVAL,
	       "a frame without a transport header gives no segments");
	is_int(begin(TCP4, 500, 55, 34, 20), 0, "a frame with one byte of payload gives segments");
	is_int(begin(TCP4, 500, 54, 34, 20), -EINVAL, "a frame without payload gives no segments");
	is_int(begin(TCP4, 500, 1000, FRAME_HDR_MAX - 20, 20), 0,
	       "headers as long as are copied give segments");
	is_int(begin(TCP4, 500, 1000, FRAME_HDR_MAX - 19, 20), -EINVAL,
	       "headers longer than are copied give no segments");
}

int main(void)
{
	static const uint32_t caps[] = {0, 1518, 2600, 4000, 12500, 100000, UINT32_MAX};

	test_begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(&rows[i]);
		cut_up(&rows[i]);
		for (size_t k = 0; k < sizeof(caps) / sizeof(caps[0]); k++)
			cut_in_parts(&rows[i], caps[k]);
	}
	test_golden();
	test_complete();
	test_complete_edges();
	return done_testing();
}
