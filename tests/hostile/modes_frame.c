/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes_frame.c: messages that are well formed, with frames that are not. */
#include <string.h>

#include "tests/hostile/modes.h"
#include "tests/unit/mkframe.h"

#define FRAMES 300

static void random_bytes(struct peer *p, uint8_t *to, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)rng_next(&p->rng);
}

static uint32_t odd_size(struct peer *p)
{
	static const uint32_t sizes[] = {14, 15, 18, 33, 34, 42, 53, 54, 60, 1514, 1515, 9014};
	uint32_t limit = wire_frame_limit(p->size);

	switch (below(p, 4)) {
	case 0:
		return pick(p, sizes);
	case 1:
		return limit - below(p, 3);
	default:
		return WIRE_FRAME_MIN + below(p, one_in(p, 4) ? limit - WIRE_FRAME_MIN : 1600);
	}
}

static void add_l3(struct peer *p, struct mk *m)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 17, 58, 1, 0, 43, 44, 50, 255};
	uint8_t proto = pick(p, protos);

	if (one_in(p, 2)) {
		mk_be16(m, 12, 0x0800);
		mk_ipv4(m, proto, MK_IP, MK_IP2);
		return;
	}
	mk_be16(m, 12, 0x86dd);
	mk_ipv6(m, proto, MK_IP6, MK_IP6_2);
	if (one_in(p, 4))
		mk_ext(m, pick(p, protos), "\0\0\0\0\0\0");
}

static void add_l4(struct peer *p, struct mk *m)
{
	uint32_t l4 = m->len;

	if (m->proto == 6)
		mk_tcp(m, below(p, 1000), (uint8_t)below(p, 256));
	else if (m->proto == 17)
		mk_udp(m, (uint16_t)below(p, 65536), (uint16_t)below(p, 65536));
	m->l4 = l4; /* also where there is no header */
}

/* A frame from the guest's own address, with layers as they come; right, but not always. */
static void make_frame(struct peer *p, struct mk *m)
{
	static const char *const dsts[] = {MK_OTHER, MK_OTHER, MK_BCAST, "\x33\x33\0\0\0\x01"};

	mk_eth(m, pick(p, dsts), (const char *)p->offer.mac, 0);
	add_l3(p, m);
	add_l4(p, m);
	mk_payload(m, odd_size(p) - WIRE_FRAME_MIN);
	if (!one_in(p, 8))
		mk_finish(m, one_in(p, 2));
	if (one_in(p, 6)) {
		mk_tag(m, one_in(p, 2) ? 0x8100 : 0x88a8, (uint16_t)below(p, 65536));
		m->l4 += 4;
	}
}

static uint16_t odd_place(struct peer *p, const struct mk *m)
{
	switch (below(p, 5)) {
	case 0:
		return (uint16_t)m->l4;
	case 1:
		return (uint16_t)(m->l4 + below(p, 40));
	case 2:
		return (uint16_t)(m->len - below(p, 4));
	case 3:
		return (uint16_t)(below(p, 2) ? 0 : 65535);
	default:
		return (uint16_t)rng_next(&p->rng);
	}
}

/* What fits the frame: GSO where it is long. */
static struct virtio_net_hdr_v1 right_vnet(const struct mk *m)
{
	uint16_t offset = m->proto == 6 ? 16 : m->proto == 17 ? 6 : 2;
	struct virtio_net_hdr_v1 v = {.flags = 1, .csum_start = (uint16_t)m->l4};

	v.csum_offset = offset;
	if (m->len <= 1514 || (m->proto != 6 && m->proto != 17))
		return v;
	v.gso_type = m->proto == 17 ? 5 : m->v6 ? 4 : 1;
	v.gso_size = 1400;
	v.hdr_len = (uint16_t)(m->l4 + (m->proto == 6 ? 20 : 8));
	return v;
}

/* Right but for a field or two. */
static struct virtio_net_hdr_v1 odd_vnet(struct peer *p, const struct mk *m)
{
	static const uint8_t types[] = {0, 1, 1, 3, 4, 4, 5, 5, 0x80, 0x81, 0x84, 0xff};
	static const uint16_t sizes[] = {0, 1, 215, 216, 217, 536, 1448, 1460, 1461, 9000, 65535};
	static const uint16_t offsets[] = {2, 6, 16, 0, 1, 65535, 40};
	struct virtio_net_hdr_v1 v = right_vnet(m);

	for (uint32_t n = below(p, 3); n > 0; n--) {
		switch (below(p, 6)) {
		case 0:
			v.flags = (uint8_t)below(p, 256);
			break;
		case 1:
			v.gso_type = pick(p, types);
			break;
		case 2:
			v.gso_size = pick(p, sizes);
			break;
		case 3:
			v.csum_start = odd_place(p, m);
			break;
		case 4:
			v.csum_offset = pick(p, offsets);
			break;
		case 5:
			v.hdr_len = odd_place(p, m);
			v.num_buffers = (uint16_t)below(p, 3);
			break;
		}
	}
	return v;
}

static bool send_body(struct peer *p, const uint8_t *body, uint32_t frame_len)
{
	struct wire_hdr hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + frame_len);

	return peer_send(p, &hdr, body, hdr.len);
}

bool mode_offload(struct peer *p)
{
	static uint8_t body[WIRE_VNET_LEN + sizeof(((struct mk *)0)->b)];
	static struct mk m;
	struct virtio_net_hdr_v1 v;
	uint32_t limit, len;

	if (!peer_connect(p))
		return false;
	limit = wire_frame_limit(p->size);
	for (int i = 0; i < FRAMES && peer_connected(p); i++) {
		make_frame(p, &m);
		v = odd_vnet(p, &m);
		len = m.len < limit ? m.len : limit;
		if (one_in(p, 4))
			len = WIRE_FRAME_MIN + below(p, len - WIRE_FRAME_MIN + 1);
		memcpy(body, &v, sizeof(v));
		memcpy(body + WIRE_VNET_LEN, m.b, len);
		send_body(p, body, len);
		peer_discard(p);
	}
	peer_part(p);
	return true;
}

bool mode_garbage(struct peer *p)
{
	static uint8_t body[WIRE_BODY_MAX];

	if (!peer_connect(p))
		return false;
	for (int i = 0; i < FRAMES && peer_connected(p); i++) {
		uint32_t len = odd_size(p);

		random_bytes(p, body, WIRE_VNET_LEN + (len < 128 ? len : 128));
		if (one_in(p, 2))
			memset(body, 0, WIRE_VNET_LEN);
		if (one_in(p, 2))
			memcpy(body + WIRE_VNET_LEN + 6, p->offer.mac, 6);
		send_body(p, body, len);
		if (one_in(p, 2))
			peer_discard(p);
	}
	peer_part(p);
	return true;
}
