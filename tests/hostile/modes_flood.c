/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modes_flood.c: frames that are right, or at least allowed, and as much work as a guest can make
 * of them. */
#include <string.h>
#include <time.h>

#include "common/loop.h"
#include "tests/hostile/modes.h"
#include "tests/unit/mkframe.h"

#define AT_ONCE 64
#define USO	5 /* VIRTIO_NET_HDR_GSO_UDP_L4, which older headers do not have */
#define GROUP	"\x01\x00\x5e\x01\x02\x03" /* of 239.1.2.3, which the bench has a guest join */

struct flood {
	struct mk frame;
	struct virtio_net_hdr_v1 vnet;
	double bps; /* 0: as fast as it goes */
};

static struct flood f;

/* A UDP frame of `payload` bytes in segments of `size` (0: no GSO). */
static void make_udp(struct peer *p, const void *dst, uint32_t payload, uint16_t size)
{
	uint32_t limit = wire_frame_limit(p->size) - 42;

	if (payload > limit)
		payload = limit;
	mk_eth(&f.frame, dst, (const char *)p->offer.mac, 0x0800);
	mk_ipv4(&f.frame, 17, MK_IP, MK_IP2);
	mk_udp(&f.frame, 1000, 2000);
	mk_payload(&f.frame, payload);
	mk_finish(&f.frame, 0);
	f.vnet = MK_VNET(size ? 1 : 0, size ? USO : 0, size, size ? f.frame.l4 : 0, size ? 6 : 0);
}

static bool stage(struct peer *p)
{
	static uint8_t body[WIRE_VNET_LEN + sizeof(f.frame.b)];
	struct wire_hdr hdr = wire_make(WIRE_DATA, WIRE_VNET_LEN + f.frame.len);

	memcpy(body, &f.vnet, WIRE_VNET_LEN);
	memcpy(body + WIRE_VNET_LEN, f.frame.b, f.frame.len);
	return peer_stage(p, &hdr, body, hdr.len);
}

/* Stages what the rate allows by now, AT_ONCE frames at most. Whether there was anything. */
static bool stage_due(struct peer *p, uint64_t spent_ns, double *sent)
{
	int n = 0;

	while (n < AT_ONCE && (f.bps == 0 || *sent * 8e9 <= f.bps * (double)spent_ns) && stage(p)) {
		*sent += f.frame.len;
		n++;
	}
	return n > 0;
}

/*
 * Sends the frame for the time of a round. At a rate it rests in between: a storm of events, and a
 * processor that is never idle, are other attacks.
 */
static void flood(struct peer *p)
{
	const struct timespec moment = {.tv_nsec = 250000};
	uint64_t begin_ns = loop_now_ns(), spent_ns = 0;
	double sent = 0;

	while (!peer_over(p) && spent_ns < p->round_ns && peer_connected(p)) {
		if (stage_due(p, spent_ns, &sent) || f.bps == 0)
			peer_publish(p);
		else
			nanosleep(&moment, NULL);
		peer_discard(p);
		spent_ns = loop_now_ns() - begin_ns;
	}
}

static bool run(struct peer *p, void (*make)(struct peer *p))
{
	if (!peer_connect(p))
		return false;
	f.bps = 0;
	make(p);
	flood(p);
	peer_part(p);
	return true;
}

static void make_smallest(struct peer *p)
{
	mk_eth(&f.frame, MK_OTHER, (const char *)p->offer.mac, 0x88b5);
	f.vnet = MK_VNET(0, 0, 0, 0, 0);
}

static void make_uso_group(struct peer *p)
{
	make_udp(p, GROUP, 60000, 216);
}

static void make_uso_local(struct peer *p)
{
	make_udp(p, p->target, 60000, 216);
}

static void make_one_byte(struct peer *p)
{
	make_udp(p, MK_OTHER, 60000, 1);
}

static void make_one_byte_local(struct peer *p)
{
	make_udp(p, p->target, 60000, 1);
}

static void make_broadcast(struct peer *p)
{
	make_udp(p, MK_BCAST, 1472, 0);
}

static void make_group(struct peer *p)
{
	make_udp(p, GROUP, 1472, 0);
	f.bps = 20e6;
}

bool mode_smallest(struct peer *p)
{
	return run(p, make_smallest);
}

bool mode_uso_group(struct peer *p)
{
	return run(p, make_uso_group);
}

bool mode_uso_local(struct peer *p)
{
	return run(p, make_uso_local);
}

bool mode_one_byte(struct peer *p)
{
	return run(p, make_one_byte);
}

bool mode_one_byte_local(struct peer *p)
{
	return run(p, make_one_byte_local);
}

bool mode_broadcast(struct peer *p)
{
	return run(p, make_broadcast);
}

bool mode_group(struct peer *p)
{
	return run(p, make_group);
}
