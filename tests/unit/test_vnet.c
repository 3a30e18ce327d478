/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vnet header: what is refused, what comes out, and that nothing judged is written over. */
#include "backend/frame/frame_check.h"
#include "backend/frame/frame_control.h"
#include "backend/frame/frame_service.h"
#include "backend/frame/frame_spoof.h"
#include "backend/frame/gso.h"
#include "tests/unit/mkframe.h"
#include "tests/unit/tap.h"

#include <errno.h>

#define CSUM	 VIRTIO_NET_HDR_F_NEEDS_CSUM
#define ECN	 VIRTIO_NET_HDR_GSO_ECN
#define TCP4	 VIRTIO_NET_HDR_GSO_TCPV4
#define TCP6	 VIRTIO_NET_HDR_GSO_TCPV6
#define UFO	 VIRTIO_NET_HDR_GSO_UDP
#define USO	 5
#define ALL	 (VNET_F_CSUM | VNET_F_TSO4 | VNET_F_TSO6 | VNET_F_USO)
#define NO_START 0xffff

static struct mk m;

enum kind { K_TCP4, K_TCP6, K_UDP4, K_UDP6, K_ARP, K_NA, K_OPAQUE, K_FRAG, K_SCTP, KINDS };

static void make(enum kind kind, uint32_t payload)
{
	bool v6 = kind == K_TCP6 || kind == K_UDP6 || kind == K_NA;

	mk_eth(&m, MK_OTHER, MK_MAC, v6 ? 0x86dd : kind == K_ARP ? 0x0806 : 0x0800);
	if (kind == K_ARP) {
		mk_add(&m, "\0\1\10\0\6\4\0\1" MK_MAC MK_IP, 18);
		mk_add(&m, MK_ZERO MK_IP2, 6);
		mk_add(&m, MK_IP2, 4);
		return;
	}
	if (kind == K_OPAQUE) {
		mk_be16(&m, 12, 0x8847);
		mk_payload(&m, payload);
		return;
	}
	if (v6)
		mk_ipv6(&m, kind == K_NA ? 58 : kind == K_TCP6 ? 6 : 17, MK_IP6, MK_IP6_2);
	else
		mk_ipv4(&m, kind == K_TCP4 ? 6 : kind == K_SCTP ? 132 : 17, MK_IP, MK_IP2);
	if (kind == K_FRAG)
		m.b[m.l3 + 6] = 0x20;
	if (kind == K_TCP4 || kind == K_TCP6)
		mk_tcp(&m, 1000, 0x18);
	else if (kind == K_NA)
		mk_add(&m, "\x88\0\0\0\0\0\0\0" MK_IP6, 24);
	else if (kind != K_SCTP)
		mk_udp(&m, 1, 2);
	mk_payload(&m, payload);
	mk_finish(&m, 0);
}

static uint8_t *copy_header(struct frame_info *fi, size_t *n)
{
	uint8_t *copy;

	*n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
	copy = mk_copy(m.b, *n);
	frame_parse(copy, *n, m.len, fi);
	return copy;
}

static int rebuild(const struct virtio_net_hdr_v1 *in, uint32_t features, uint16_t mtu,
		   struct virtio_net_hdr_v1 *out)
{
	struct frame_info fi;
	size_t n;
	uint8_t *copy = copy_header(&fi, &n);
	int ret = vnet_rebuild(in, &fi, copy, n, features, mtu, out);

	free(copy);
	return ret;
}

struct row {
	const char *name;
	enum kind kind;
	uint32_t payload;
	uint8_t flags, gso_type;
	uint16_t gso_size;
	uint16_t start, offset; /* start: from l4, NO_START for start 0 */
	uint32_t without;	/* features taken away, or added */
	int ret;
	uint8_t out_type;
};

static const struct row rows[] = {
	{"plain", K_TCP4, 100, 0, 0, 0, NO_START, 0, ALL, 0, 0},
	{"checksum", K_TCP4, 100, CSUM, 0, 0, 0, 16, 0, 0, 0},
	{"checksum, IPv6 UDP", K_UDP6, 100, CSUM, 0, 0, 0, 6, 0, 0, 0},
	{"checksum, not negotiated", K_TCP4, 100, CSUM, 0, 0, 0, 16, VNET_F_CSUM, -EOPNOTSUPP, 0},
	{"checksum, TCP, wrong offset", K_TCP4, 100, CSUM, 0, 0, 0, 6, 0, -EINVAL, 0},
	{"checksum, TCP, wrong start", K_TCP4, 100, CSUM, 0, 0, 1, 16, 0, -EINVAL, 0},
	{"checksum, UDP, wrong offset", K_UDP4, 100, CSUM, 0, 0, 0, 4, 0, -EINVAL, 0},
	{"checksum, UDP, inside a tunnel", K_UDP4, 100, CSUM, 0, 0, 58, 16, 0, 0, 0},
	{"checksum, UDP, behind its header", K_UDP4, 100, CSUM, 0, 0, 8, 6, 0, 0, 0},
	{"checksum, UDP, inside its header", K_UDP4, 100, CSUM, 0, 0, 7, 6, 0, -EINVAL, 0},
	{"checksum, tunnel, past the end", K_UDP4, 100, CSUM, 0, 0, 100, 7, 0, -EINVAL, 0},
	{"checksum, past the copy", K_UDP4, 900, CSUM, 0, 0, 300, 6, 0, -EINVAL, 0},
	{"checksum over IPv4's source", K_UDP4, 100, CSUM, 0, 0, NO_START, 26, 0, -EINVAL, 0},
	{"checksum over IPv4's source, SCTP", K_SCTP, 99, CSUM, 0, 0, NO_START, 26, 0, -EINVAL, 0},
	{"checksum, SCTP", K_SCTP, 100, CSUM, 0, 0, 0, 8, 0, 0, 0},
	{"checksum over ARP's sender", K_ARP, 0, CSUM, 0, 0, NO_START, 28, 0, -EINVAL, 0},
	{"checksum over ND's target", K_NA, 0, CSUM, 0, 0, 0, 8, 0, -EINVAL, 0},
	{"checksum, ICMPv6", K_NA, 0, CSUM, 0, 0, 0, 2, 0, 0, 0},
	{"checksum, ICMPv6, wrong start", K_NA, 0, CSUM, 0, 0, 1, 2, 0, -EINVAL, 0},
	{"checksum of a fragment", K_FRAG, 100, CSUM, 0, 0, 0, 6, 0, -EINVAL, 0},
	{"checksum of something opaque", K_OPAQUE, 100, CSUM, 0, 0, 34, 16, 0, 0, 0},
	{"checksum of something opaque, too early", K_OPAQUE, 100, CSUM, 0, 0, 33, 16, 0, -EINVAL,
	 0},
	{"offsets that wrap", K_OPAQUE, 100, CSUM, 0, 0, 40, 0xfff0, 0, -EINVAL, 0},
	{"DATA_VALID is dropped", K_TCP4, 100, 2, 0, 0, 0, 16, ALL, 0, 0},
	{"unknown flags are dropped", K_TCP4, 100, 0xfe, 0, 0, 0, 16, ALL, 0, 0},
	{"unknown flags beside a checksum", K_TCP4, 100, 0xff, 0, 0, 0, 16, 0, 0, 0},
	{"full frame", K_TCP4, 1460, 0, 0, 0, NO_START, 0, 0, 0, 0},
	{"a byte too long", K_TCP4, 1461, 0, 0, 0, NO_START, 0, 0, -EMSGSIZE, 0},
	{"opaque, a byte too long", K_OPAQUE, 1501, 0, 0, 0, NO_START, 0, 0, -EMSGSIZE, 0},
	{"TSO4", K_TCP4, 9000, CSUM, TCP4, 1460, 0, 16, 0, 0, TCP4},
	{"TSO4 with ECN", K_TCP4, 9000, CSUM, TCP4 | ECN, 1460, 0, 16, 0, 0, TCP4 | ECN},
	{"TSO4, segments too long", K_TCP4, 9000, CSUM, TCP4, 1461, 0, 16, 0, -EMSGSIZE, 0},
	{"TSO4, not negotiated", K_TCP4, 9000, CSUM, TCP4, 1460, 0, 16, VNET_F_TSO4, -EOPNOTSUPP,
	 0},
	{"TSO4 without checksum", K_TCP4, 9000, 0, TCP4, 1460, 0, 16, 0, -EINVAL, 0},
	{"TSO4 of size 0", K_TCP4, 9000, CSUM, TCP4, 0, 0, 16, 0, -EINVAL, 0},
	{"TSO4 of size 0 and nothing", K_TCP4, 0, CSUM, TCP4, 0, 0, 16, 0, -EINVAL, 0},
	{"TSO4 of size 216", K_TCP4, 9000, CSUM, TCP4, 216, 0, 16, 0, 0, TCP4},
	{"TSO4 of size 215", K_TCP4, 9000, CSUM, TCP4, 215, 0, 16, 0, 0, TCP4},
	{"TSO4 of size 1", K_TCP4, 60000, CSUM, TCP4, 1, 0, 16, 0, 0, TCP4},
	{"USO of size 1", K_UDP4, 60000, CSUM, USO, 1, 0, 6, 0, 0, USO},
	{"TSO4 of one segment is none", K_TCP4, 1460, CSUM, TCP4, 1460, 0, 16, 0, 0, 0},
	{"TSO4 of one small segment is none", K_TCP4, 50, CSUM, TCP4, 60, 0, 16, 0, 0, 0},
	{"TSO4 of one long segment", K_TCP4, 2000, CSUM, TCP4, 0xffff, 0, 16, 0, -EMSGSIZE, 0},
	{"TSO4 on IPv6", K_TCP6, 9000, CSUM, TCP4, 1440, 0, 16, 0, -EINVAL, 0},
	{"TSO4 on UDP", K_UDP4, 9000, CSUM, TCP4, 1440, 0, 6, 0, -EINVAL, 0},
	{"TSO4 on a fragment", K_FRAG, 9000, CSUM, TCP4, 1440, 0, 16, 0, -EINVAL, 0},
	{"TSO4 on ARP", K_ARP, 0, CSUM, TCP4, 1440, 0, 16, 0, -EINVAL, 0},
	{"TSO6", K_TCP6, 9000, CSUM, TCP6, 1440, 0, 16, 0, 0, TCP6},
	{"TSO6 with ECN", K_TCP6, 9000, CSUM, TCP6 | ECN, 1440, 0, 16, 0, 0, TCP6 | ECN},
	{"TSO6, not negotiated", K_TCP6, 9000, CSUM, TCP6, 1440, 0, 16, VNET_F_TSO6, -EOPNOTSUPP,
	 0},
	{"TSO6, segments too long", K_TCP6, 9000, CSUM, TCP6, 1441, 0, 16, 0, -EMSGSIZE, 0},
	{"USO, IPv4", K_UDP4, 9000, CSUM, USO, 1472, 0, 6, 0, 0, USO},
	{"USO, IPv6", K_UDP6, 9000, CSUM, USO, 1452, 0, 6, 0, 0, USO},
	{"USO, not negotiated", K_UDP4, 9000, CSUM, USO, 1472, 0, 6, VNET_F_USO, -EOPNOTSUPP, 0},
	{"USO with ECN", K_UDP4, 9000, CSUM, USO | ECN, 1472, 0, 6, 0, -EOPNOTSUPP, 0},
	{"USO on a tunnel's checksum", K_UDP4, 9000, CSUM, USO, 1472, 58, 16, 0, -EINVAL, 0},
	{"USO on TCP", K_TCP4, 9000, CSUM, USO, 1440, 0, 16, 0, -EINVAL, 0},
	{"UFO", K_UDP4, 9000, CSUM, UFO, 1472, 0, 6, 0, -EOPNOTSUPP, 0},
	{"a tunnel's GSO", K_UDP4, 9000, CSUM, TCP4 | 0x20, 1472, 0, 6, 0, -EOPNOTSUPP, 0},
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct virtio_net_hdr_v1 out, in;
		uint32_t hdr = r->kind == K_TCP4 ? 54 : r->kind == K_TCP6 ? 74 : 0;
		int ret;

		make(r->kind, r->payload);
		in = MK_VNET(r->flags, r->gso_type, r->gso_size,
			     r->start == NO_START ? 0 : m.l4 + r->start, r->offset);
		in.hdr_len = 0xdead;
		in.num_buffers = 7;
		memset(&out, 0x55, sizeof(out));
		ret = rebuild(&in, ALL ^ r->without, 1500, &out);
		is_int(ret, r->ret, "%s: the header is %s", r->name, r->ret ? "refused" : "taken");
		if (ret < 0 || !(r->flags & CSUM)) {
			ok(memcmp(&out, MK_ZERO, sizeof(out)) == 0,
			   "%s: the header comes out as zeros", r->name);
			continue;
		}
		ok(out.flags == CSUM && out.csum_start == in.csum_start &&
			   out.csum_offset == in.csum_offset && out.num_buffers == 0,
		   "%s: the checksum comes out as it was asked for", r->name);
		ok(out.gso_type == r->out_type && out.gso_size == (r->out_type ? r->gso_size : 0),
		   "%s: GSO type and size come out right", r->name);
		if (hdr)
			is_int(out.hdr_len, r->out_type ? hdr : 0, "%s: hdr_len comes out right",
			       r->name);
	}
}

/* The lengths that IP and UDP state must be the frame's when the frame must be cut up. */
static void test_lengths(void)
{
	struct virtio_net_hdr_v1 out, in = MK_VNET(CSUM, TCP4, 1000, 34, 16);
	struct frame_info fi;

	make(K_TCP4, 5000);
	mk_be16(&m, 16, m.len - 14 - 1);
	is_int(rebuild(&in, ALL, 1500, &out), -EINVAL,
	       "TSO4 is refused when IPv4 says a byte less");
	make(K_TCP6, 5000);
	in = MK_VNET(CSUM, TCP6, 1000, 54, 16);
	mk_be16(&m, 18, m.len - 54 + 1);
	is_int(rebuild(&in, ALL, 1500, &out), -EINVAL,
	       "TSO6 is refused when IPv6 says a byte more");
	make(K_UDP4, 5000);
	in = MK_VNET(CSUM, USO, 1000, 34, 6);
	mk_be16(&m, 38, 8 + 1000);
	is_int(rebuild(&in, ALL, 1500, &out), -EINVAL, "USO is refused when UDP says one segment");

	make(K_UDP4, 1000);
	frame_parse(m.b, m.len, m.len, &fi);
	in = MK_VNET(CSUM, 0, 0, 250, 4);
	is_int(vnet_rebuild(&in, &fi, m.b, m.len, ALL, 1500, &out), 0,
	       "a checksum at byte 256 is taken");
	in = MK_VNET(CSUM, 0, 0, 250, 5);
	is_int(vnet_rebuild(&in, &fi, m.b, m.len, ALL, 1500, &out), -EINVAL,
	       "a checksum at byte 257 is too far, however much of the frame is given");
	make(K_OPAQUE, 40);
	frame_parse(m.b, FRAME_HDR_MAX, m.len, &fi);
	in = MK_VNET(CSUM, 0, 0, 34, m.len - 34 - 1);
	is_int(vnet_rebuild(&in, &fi, m.b, FRAME_HDR_MAX, ALL, 1500, &out), -EINVAL,
	       "a checksum behind the frame is refused, however much is given");

	make(K_TCP4, 1460);
	mk_tag(&m, 0x8100, 5);
	in = (struct virtio_net_hdr_v1){0};
	is_int(rebuild(&in, ALL, 1500, &out), 0, "a tag does not count against the MTU");
	m.len++;
	is_int(rebuild(&in, ALL, 1500, &out), -EMSGSIZE,
	       "a byte too much beside a tag counts against the MTU");
	make(K_TCP4, 9000);
	mk_tag(&m, 0x8100, 5);
	in = MK_VNET(CSUM, TCP4, 1460, 38, 16);
	is_int(rebuild(&in, ALL, 1500, &out), 0,
	       "a tag does not count against the MTU of segments");
	in.gso_size++;
	is_int(rebuild(&in, ALL, 1500, &out), -EMSGSIZE,
	       "a byte too much beside a tag counts against the MTU of segments");
}

static void test_receiver(void)
{
	struct virtio_net_hdr_v1 tso = MK_VNET(CSUM, TCP4, 1000, 34, 16);
	struct virtio_net_hdr_v1 uso = MK_VNET(CSUM, USO, 500, 34, 6);
	struct virtio_net_hdr_v1 csum = MK_VNET(CSUM, 0, 0, 34, 16), plain = {0};
	struct frame_info fi;
	size_t n;

	make(K_TCP4, 5000);
	free(copy_header(&fi, &n));
	ok(!vnet_must_segment(&tso, &fi, ALL), "a receiver of TSO gets a TSO frame whole");
	ok(vnet_must_segment(&tso, &fi, ALL & ~VNET_F_TSO4), "a receiver of no TSO gets segments");
	tso.gso_size = 20;
	ok(!vnet_must_segment(&tso, &fi, ALL), "TCP of 250 segments goes to any kernel");
	ok(vnet_must_segment(&tso, &fi, VNET_F_TSO4),
	   "TCP of 250 segments goes in segments to a kernel without checksums");
	ok(!vnet_must_complete(&tso, &fi, m.b, m.len, 0),
	   "a frame cut into segments needs no checksum completed");
	ok(vnet_must_complete(&csum, &fi, m.b, m.len, 0) &&
		   !vnet_must_complete(&csum, &fi, m.b, m.len, ALL),
	   "a receiver without checksums gets them completed");
	ok(!vnet_must_complete(&plain, &fi, m.b, m.len, 0) && !vnet_must_segment(&plain, &fi, 0),
	   "a plain frame is left alone");
	make(K_UDP4, 500 * 64);
	free(copy_header(&fi, &n));
	ok(!vnet_must_segment(&uso, &fi, ALL), "USO of 64 segments goes to any kernel");
	make(K_UDP4, 500 * 64 + 1);
	free(copy_header(&fi, &n));
	ok(vnet_must_segment(&uso, &fi, ALL), "USO of 65 segments does not go to any kernel");
}

/* What Linux, of the versions that matter, demands of a header on a TAP; written from its rules. */
static bool kernel_takes(const struct virtio_net_hdr_v1 *h, uint32_t len)
{
	uint32_t thlen = 0, min = 20, start = h->csum_start, need;

	switch (h->gso_type & ~ECN) {
	case 0:
		break;
	case TCP6:
		min = 40; /* fall through */
	case TCP4:
		thlen = 20;
		break;
	case USO:
		thlen = 8;
		break;
	default:
		return false;
	}
	if (len < 14 || (h->gso_type && h->gso_size == 0) || h->hdr_len > len)
		return false;
	if (!(h->flags & CSUM))
		return h->gso_type == 0; /* else the kernel dissects: we never ask it to */
	need = start + (thlen > h->csum_offset + 2u ? thlen : h->csum_offset + 2u);
	if (need > len || start < min || start + 1024 > 0xffff)
		return false;
	if ((h->gso_type & ~ECN) == USO)
		return h->csum_offset == 6 && h->gso_type == USO &&
		       len - start - 8 <= h->gso_size * 64u;
	return h->gso_type == 0 || (h->csum_offset == 16 && h->gso_size != 0xffff);
}

static void random_header(uint64_t *rng, struct virtio_net_hdr_v1 *in)
{
	static const uint8_t types[] = {0, TCP4, TCP6, USO, UFO, TCP4 | ECN, USO | ECN, 0x21};
	uint32_t r = mk_rand(rng);

	for (size_t i = 0; i < sizeof(*in); i++)
		((uint8_t *)in)[i] = (uint8_t)mk_rand(rng);
	in->flags = r & 1 ? CSUM : in->flags;
	in->gso_type = types[r >> 1 & 7];
	in->gso_size = (uint16_t)(r & 16 ? in->gso_size : mk_rand(rng) % 1600);
	if (r & 0x60)
		in->csum_start = (uint16_t)(r & 0x20 ? m.l4 : mk_rand(rng) % 300);
	if (r & 0x180)
		in->csum_offset = r & 0x80 ? (m.proto == 6 ? 16 : 6) : mk_rand(rng) % 64;
}

struct tally {
	unsigned int csum, gso, segments, bad_kernel, bad_place, bad_segment;
};

/* May the checksum from m.l4 on be stored at this offset? */
static bool may_store(uint16_t offset)
{
	struct virtio_net_hdr_v1 in = MK_VNET(CSUM, 0, 0, m.l4, offset), out;
	struct frame_info fi;

	frame_parse(m.b, m.len, m.len, &fi);
	return vnet_rebuild(&in, &fi, m.b, m.len, ALL, 1500, &out) == 0;
}

/* A checksum that is stored over a type or a port would make another packet of what was judged. */
static void test_place(void)
{
	mk_eth(&m, MK_OTHER, MK_MAC, 0x0800);
	mk_ipv4(&m, 1, MK_IP, MK_IP2);
	mk_payload(&m, 40);
	mk_finish(&m, 0);
	ok(may_store(2), "the checksum of ICMP may be stored in its place");
	ok(!may_store(0), "the checksum of ICMP may not be stored over its type");
	for (int wrapped = 0; wrapped < 2; wrapped++) {
		mk_eth(&m, MK_OTHER, MK_MAC, wrapped ? 0x0040 : 0x0800);
		if (wrapped)
			mk_add(&m, "\xaa\xaa\x03\0\0\0\x08\0", 8);
		mk_ipv4(&m, 17, MK_IP, MK_IP2);
		mk_udp(&m, 5000, 6000);
		mk_payload(&m, 40);
		mk_finish(&m, 0);
		ok(may_store(6), "the checksum of UDP%s may be stored in its place",
		   wrapped ? " in LLC/SNAP" : "");
		ok(!may_store(0), "the checksum of UDP%s may not be stored over a port",
		   wrapped ? " in LLC/SNAP" : "");
	}
}

/* What screen.c makes of it: bits. */
static unsigned kind(const uint8_t *copy, size_t n, const struct frame_info *fi)
{
	struct frame_info inner;

	if (frame_unwrap(copy, n, fi, &inner))
		fi = &inner;
	return frame_is_control(fi, copy, n) | frame_is_service(fi, copy, n) << 1 |
	       frame_is_hidden(fi, copy, n) << 2;
}

/* An accepted header: would the kernel take it, and does its checksum spare what was judged? */
static void judge(struct tally *t, uint8_t *copy, size_t n, const struct frame_info *fi,
		  const struct virtio_net_hdr_v1 *out, const struct ip_list *list)
{
	const uint8_t *mac = (const uint8_t *)MK_MAC;
	struct frame_info again;
	unsigned was;

	t->bad_kernel += !vnet_must_segment(out, fi, ALL) && !kernel_takes(out, fi->len);
	if (!(out->flags & CSUM))
		return;
	t->csum++;
	if (frame_spoof_check(fi, copy, n, mac, list, NULL) != FRAME_OK)
		return;
	was = kind(copy, n, fi);
	copy[out->csum_start + out->csum_offset] ^= 0x5a;
	copy[out->csum_start + out->csum_offset + 1] ^= 0xa5;
	frame_parse(copy, n, fi->len, &again);
	t->bad_place += memcmp(&again, fi, sizeof(again)) != 0 || kind(copy, n, &again) != was ||
			frame_spoof_check(&again, copy, n, mac, list, NULL) != FRAME_OK;
}

static void cut_up(struct tally *t, const struct frame_info *fi,
		   const struct virtio_net_hdr_v1 *out, uint16_t mtu)
{
	uint8_t *frame = mk_copy(m.b, fi->len), *segment;
	struct gso_iter it;
	uint32_t wire = 0;
	ssize_t len;

	t->gso++;
	segment = malloc(GSO_SEGMENT_MAX(mtu));
	t->bad_segment += gso_begin(&it, out, fi, frame) != 0;
	while ((len = gso_segment(&it, segment, GSO_SEGMENT_MAX(mtu))) > 0) {
		t->segments++;
		wire += len + 4 < 64 ? 64 : (uint32_t)len + 4;
		t->bad_segment += len > mtu + 14 + 4 * fi->tags;
	}
	t->bad_segment += len != 0 || wire != frame_wire_bytes(fi, out->gso_size);
	free(segment);
	free(frame);
}

static void test_fuzz(void)
{
	uint64_t rng = 77;
	struct virtio_net_hdr_v1 in, out;
	struct tally t = {0};
	struct frame_info fi;
	struct ip_list list;

	ip_list_parse("10.0.0.1 fd00::1", &list, NULL, 0);
	for (int i = 0; i < 400000; i++) {
		uint32_t r = mk_rand(&rng);
		uint16_t mtu = r & 7 ? 1500 : 68 + mk_rand(&rng) % 9000;
		size_t n;
		uint8_t *copy;

		make(r >> 3 & 1 ? (r >> 4) % KINDS : (r >> 4) % 4,
		     mk_rand(&rng) % (r & 0x10000 ? 1500 : 20000));
		for (uint32_t k = r >> 28 & 3; k > 0; k--)
			m.b[mk_rand(&rng) % 90] = (uint8_t)mk_rand(&rng);
		random_header(&rng, &in);
		n = m.len < FRAME_HDR_MAX ? m.len : FRAME_HDR_MAX;
		n = mk_rand(&rng) % 8 ? n : mk_rand(&rng) % (n + 1);
		copy = mk_copy(m.b, n);
		if (frame_parse(copy, n, m.len, &fi) == 0 &&
		    vnet_rebuild(&in, &fi, copy, n, ALL, mtu, &out) == 0) {
			if (out.gso_type)
				cut_up(&t, &fi, &out, mtu);
			judge(&t, copy, n, &fi, &out, &list);
		}
		free(copy);
	}
	diag("%u with a checksum, %u GSO, %u segments", t.csum, t.gso, t.segments);
	ok(t.csum > 10000 && t.gso > 1000, "fuzz: enough headers are accepted to say something");
	is_int(t.bad_kernel, 0, "fuzz: a kernel takes every header that comes out");
	is_int(t.bad_place, 0, "fuzz: no checksum is stored over what was judged");
	is_int(t.bad_segment, 0, "fuzz: segments fit, and add up to the wire bytes charged");
}

int main(void)
{
	test_rows();
	test_lengths();
	test_receiver();
	test_place();
	test_fuzz();
	return done_testing();
}
