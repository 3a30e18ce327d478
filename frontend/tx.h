/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx.h: what may go into the TX ring now. Pure. */
#ifndef DMVL_FRONT_TX_H
#define DMVL_FRONT_TX_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/flowq.h"

/*
 * Ring bytes that the next message may take: the free space of a ring of `ring_bytes` with
 * `inflight` of them in use, and no more than the credit leaves; an empty ring takes one message
 * whatever the credit.
 */
uint32_t tx_room(uint32_t ring_bytes, uint32_t inflight, uint64_t credit_bytes);

/*
 * What may be in flight, as with Linux's byte queue limits: the credit that the backend told, and
 * some slack where the credit proved too little because this guest wakes up late.
 */
struct tx_limit {
	uint64_t credit_bytes; /* as told, in this connection or the last; UINT64_MAX: never yet */
	uint64_t slack_bytes;
	bool starved; /* since tx_limit_relax() was called last */
};

uint64_t tx_limit_bytes(const struct tx_limit *l);

/*
 * The ring, always of `ring_bytes`, ran empty while frames waited for credit: doubles the limit. A
 * share that is not used is lost, while a frame that waits longer is only late. Slack is never more
 * than the ring.
 */
void tx_limit_starved(struct tx_limit *l, uint32_t ring_bytes);

/* Once a second: gives back an eighth of the slack if the ring did not run empty since. */
void tx_limit_relax(struct tx_limit *l);

/*
 * How many frames the TAP's queue should hold where the rate is rate_bps (0: not known): at most
 * 10 ms of full ones, in powers of two, 64..512. A
 * datagram of 64 KiB needs 45.
 */
uint32_t tx_queue_frames(uint64_t rate_bps);

/*
 * Of the flow queues where the rate is rate_bps (0: not known): they hold what it carries in 200
 * ms, 256 KiB to 4 MiB. CoDel's target is 5 ms, but never less than two of the largest frames take.
 * Its interval is a round trip, of which the ring is a part: twice as long as the ring's window of
 * window_bytes takes, or as the target; 200 ms to 2 s.
 */
struct flowq_limits tx_queue_limits(uint64_t rate_bps, uint64_t window_bytes);

/* Whether a peer with these offloads (enum tap_offload) takes a frame with this header. */
bool tx_offload_ok(const struct virtio_net_hdr_v1 *vnet, uint32_t offloads);

/*
 * Bytes on the wire of a frame of `len` bytes with this header: each segment has headers. Whatever
 * the header says, these are at most 142 bytes.
 */
uint32_t tx_cost(const struct virtio_net_hdr_v1 *vnet, uint32_t len);

/* The `len` bytes of iov behind the first `skip` as pieces in `out`, at most n; returns how many.
 */
unsigned tx_skip(const struct iovec *iov, unsigned n, uint32_t skip, uint32_t len,
		 struct iovec *out);

/* Copies the first `len` bytes of iov, or as many as there are. */
void tx_gather(void *to, const struct iovec *iov, unsigned n, uint32_t len);

#endif
