/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx.h: what may go into the TX ring now. Pure. */
#ifndef DMVL_TX_H
#define DMVL_TX_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Ring bytes that the next message may take: the free space of a ring of `ring_bytes` with
 * `inflight` of them in use, and no more than the credit leaves; an empty ring takes one message
 * whatever the credit.
 */
uint32_t tx_room(uint32_t ring_bytes, uint32_t inflight, uint64_t credit_bytes);

/*
 * What may be in flight, as Linux's byte queue limits have it: the credit that the backend told,
 * and more where that proved too little for how late this guest wakes up.
 */
struct tx_limit {
	uint64_t credit_bytes; /* as told; UINT64_MAX: not told yet */
	uint64_t slack_bytes;
	bool starved; /* since tx_limit_relax() was called last */
};

uint64_t tx_limit_bytes(const struct tx_limit *l);

/*
 * The ring, always of `ring_bytes`, ran empty while frames waited for credit: twice as much, for a
 * share that is not taken is lost, and one frame's delay is not. Slack is never more than the ring.
 */
void tx_limit_starved(struct tx_limit *l, uint32_t ring_bytes);

/* To be called once a second: gives back an eighth, if it sufficed. */
void tx_limit_relax(struct tx_limit *l);

/*
 * How many frames the TAP's queue should hold where the rate is rate_bps (0: not known): at most
 * 10 ms of full ones, in powers of two, 64..512. Fewer than 45 would never let a datagram of 64 KiB
 * pass.
 */
uint32_t tx_queue_frames(uint64_t rate_bps);

/* Whether a peer with these offloads (enum tap_offload) takes a frame with this header. */
bool tx_offload_ok(const struct virtio_net_hdr_v1 *vnet, uint32_t offloads);

/* Copies the first `len` bytes of iov, or as many as there are. */
void tx_gather(void *to, const struct iovec *iov, unsigned n, uint32_t len);

#endif
