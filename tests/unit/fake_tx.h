/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_tx.h: guests of a fake_dpath.h that send, one frame at a time, and what becomes of it. */
#ifndef DMVL_TESTS_FAKE_TX_H
#define DMVL_TESTS_FAKE_TX_H

#include "tests/unit/fake_dpath.h"

static struct mk m;

/* A frame of `len` bytes with the sequence number n, in m, from guest `slot`. */
static inline void make(uint32_t slot, const void *dst, uint32_t len, uint32_t n)
{
	mk_eth(&m, dst, (const char *)macs[slot], 0x88b5);
	mk_payload(&m, len - FRAME_ETH_LEN);
	memcpy(m.b + FRAME_ETH_LEN, &n, sizeof(n));
}

/* The guest sends what is in m. */
static inline void give_as(uint32_t slot, const struct virtio_net_hdr_v1 *vnet)
{
	struct wire_hdr wh = wire_make(WIRE_DATA, WIRE_VNET_LEN + m.len);
	struct vchan *v = &rings[slot];

	fake_give(v, &wh, sizeof(wh));
	fake_give(v, vnet, WIRE_VNET_LEN);
	fake_give(v, m.b, wire_size(wh.len) - sizeof(wh) - WIRE_VNET_LEN);
}

static inline void give(uint32_t slot, const void *dst, uint32_t len, uint32_t n)
{
	static const struct virtio_net_hdr_v1 plain;

	make(slot, dst, len, n);
	give_as(slot, &plain);
}

/* One turn: the guests' events, local frames, the uplink's, and what came of it for others. */
static inline bool turn(void)
{
	bool more;

	for (uint32_t slot = 0; slot < dp.members.end; slot++) {
		fake_publish(&rings[slot]);
		tx_scan(&dp, dp.members.ldp[slot]);
	}
	more = tx_run_local(&dp);
	more |= tx_run(&dp);
	while (rx_run(&dp))
		;
	commit();
	return more;
}

/* The next frame on the wire, its vnet header in *vnet; its length, 0: none. */
static inline uint32_t leaves(struct virtio_net_hdr_v1 *vnet, uint8_t *frame)
{
	struct iovec iov[2] = {{vnet, WIRE_VNET_LEN}, {frame, WIRE_FRAME_MAX}};
	ssize_t n = readv(wire, iov, 2);

	return n < 0 ? 0 : (uint32_t)n - WIRE_VNET_LEN;
}

/* How many frames a guest finds in its ring. */
static inline unsigned take_ring(uint32_t slot)
{
	static uint8_t body[WIRE_BODY_MAX + 8];
	struct wire_hdr wh;
	unsigned n = 0;

	while (fake_take(&rings[slot], &wh, sizeof(wh)) &&
	       fake_take(&rings[slot], body, wire_size(wh.len) - sizeof(wh)))
		n++;
	return n;
}

static inline void begin_with(unsigned guests)
{
	begin();
	dp.loop = loop_new();
	dp.tx.room = loop_io_new(dp.loop, uplink.fd, LOOP_WRITE, free, NULL);
	for (uint32_t slot = 0; slot < guests; slot++) {
		struct ldp *l = guest(slot, ALL, 18);

		l->conf.spoof_check = true;
		l->conf.flood_rate = 1000;
		bucket_init(&l->flood, 8000, 100, dp.now_ns);
	}
}

static inline void end_all(void)
{
	loop_io_free(dp.tx.room);
	loop_free(dp.loop);
	end();
}

#endif
