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

/* Whether a peer with these offloads (enum tap_offload) takes a frame with this header. */
bool tx_offload_ok(const struct virtio_net_hdr_v1 *vnet, uint32_t offloads);

/* Copies the first `len` bytes of iov, or as many as there are. */
void tx_gather(void *to, const struct iovec *iov, unsigned n, uint32_t len);

#endif
