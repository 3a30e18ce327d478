/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_ring.h: messages into the TX ring, and what room there is. Private to link_tx.c. */
#ifndef DMVL_TX_RING_H
#define DMVL_TX_RING_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"
#include "frontend/flows.h"
#include "frontend/link_tx.h"

#define TX_HDR_LEN ((uint32_t)sizeof(struct wire_hdr))

/* The free bytes of the ring, whatever the credit. */
uint32_t tx_ring_space(const struct link_tx *t);

/* What a frame that is not flagged may take now. */
uint32_t tx_ring_room(const struct link_tx *t);

/* Would a message of `bytes` that is not flagged have room now if there were credit for it? */
bool tx_ring_fits(const struct link_tx *t, uint32_t bytes);

/* Half of the window, or more, has been consumed. */
bool tx_ring_is_low(const struct link_tx *t);

/* For flows.c. */
struct flows_ring tx_ring_flows(const struct link_tx *t);

/* Does the backend take a frame of `len` bytes, the virtio header included? */
bool tx_ring_takes(const struct link_tx *t, const struct virtio_net_hdr_v1 *vnet, uint32_t len);

/* Puts a header in front of the body that is in the ring already. */
void tx_ring_put(struct link_tx *t, uint32_t body, uint8_t flags);

/* Likewise, of a flow that is known. */
void tx_ring_put_flow(struct link_tx *t, uint32_t body, uint32_t flow, bool flagged);

#endif
