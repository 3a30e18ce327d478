/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldp_vif.h: an LDP that stands for a vif: a tap and a queue in place of the rings. */
#ifndef DMVL_LDP_VIF_H
#define DMVL_LDP_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct ldp;
struct rxq_frame;
struct virtio_net_hdr_v1;

/*
 * What ldp.c calls for an LDP with a tap. Its queue drops what waits too long. The head frame's
 * headers are copied to l->hdr. 1: there is a head, *vnet is its header as it was read; 0: none.
 */
int ldp_vif_head(struct ldp *l, uint64_t now_ns, struct virtio_net_hdr_v1 *vnet);

/* len > 0 bytes at off of the head frame. Returns how many pieces. */
unsigned ldp_vif_iov(struct ldp *l, uint32_t off, uint32_t len, struct iovec iov[2]);

void ldp_vif_consume(struct ldp *l);

/* 0; -EAGAIN: no room, and l->room is on until there is; -ENOBUFS: it never can be delivered. */
int ldp_vif_deliver(struct ldp *l, const struct rxq_frame *f);

/*
 * Reads what the guest sent, up to a budget, into the queue. `frame` has room for WIRE_FRAME_MAX
 * bytes. If the queue has no room, the tap is not read until it has: the kernel drops meanwhile.
 */
void ldp_vif_read(struct ldp *l, uint8_t *frame, uint64_t now_ns);

#endif
