/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldp_vif.h: an LDP that stands for a vif: a tap and a queue in place of the rings. */
#ifndef DMVL_LDP_VIF_H
#define DMVL_LDP_VIF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/loop.h"

struct ldp;
struct flowq_frame;
struct virtio_net_hdr_v1;

/*
 * l->tap is set. The callbacks get the LDP: the tap can be read, the tap takes frames again. False:
 * out of memory. ldp_vif_fini() does nothing for an LDP without a tap.
 */
bool ldp_vif_init(struct ldp *l, struct loop *loop, loop_cb *on_readable, loop_cb *on_room);
void ldp_vif_fini(struct ldp *l);

void ldp_vif_listen(struct ldp *l, bool on);

/*
 * What ldp.c calls for an LDP with a tap. Its queue drops what waits too long. The head frame's
 * headers are copied to l->hdr. 1: there is a head, *vnet is its header as it was read; 0: none.
 */
int ldp_vif_head(struct ldp *l, uint64_t now_ns, struct virtio_net_hdr_v1 *vnet);

/* len > 0 bytes at off of the head frame. Returns how many pieces. */
unsigned ldp_vif_iov(struct ldp *l, uint32_t off, uint32_t len, struct iovec iov[2]);

void ldp_vif_consume(struct ldp *l);

/* 0; -EAGAIN: no room, on_room() is called when there is; -ENOBUFS: it never can be delivered. */
int ldp_vif_deliver(struct ldp *l, const struct flowq_frame *f);

/* on_room() was called: it is not called again until a delivery finds no room. */
void ldp_vif_has_room(struct ldp *l);

/*
 * Reads what the guest sent, up to a budget, into the queue. `frame` has room for WIRE_FRAME_MAX
 * bytes. If the queue has no room, the tap is not read until it has: the kernel drops meanwhile.
 * True: the guest is answered through another port from now on.
 */
bool ldp_vif_read(struct ldp *l, uint8_t *frame, uint64_t now_ns);

#endif
