/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tx_wait.h: frames of the agent that wait for room in the TX ring. Private to link_tx.c. */
#ifndef DMVL_TX_WAIT_H
#define DMVL_TX_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/flowq.h"
#include "frontend/link_tx.h"

/* Flow queues, as many as `flows`. 0 or -errno. */
int tx_wait_init(struct link_tx *t, unsigned flows);
void tx_wait_free(struct link_tx *t);

/*
 * CoDel's clock stands still from the end of a connection to the begin of the next: no frame can
 * leave meanwhile, and that is not the sender's fault.
 */
void tx_wait_pause(struct link_tx *t);
void tx_wait_resume(struct link_tx *t);

/* A turn begins: its time, by CoDel's clock, is read when it is first asked for. */
void tx_wait_begin(struct link_tx *t);
uint64_t tx_wait_now(struct link_tx *t);

/* The limits of the queues follow rate and window. */
void tx_wait_set_limits(struct link_tx *t);

bool tx_wait_any(const struct link_tx *t);
uint64_t tx_wait_bytes(const struct link_tx *t);

/* What waits, in its order, into the ring. True: there is more, and no room. */
bool tx_wait_send(struct link_tx *t);

/* A frame into the flow queues: its place, its header, and the pieces behind that. */
void tx_wait_push(struct link_tx *t, const struct flowq_place *place,
		  const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov, unsigned n,
		  uint32_t len);

#endif
