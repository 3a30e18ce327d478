/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vchan.h: a libxenvchan connection, read and written in place. Only user of <libxenvchan.h>. */
#ifndef DMVL_VCHAN_H
#define DMVL_VCHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * No value in the shared page is trusted. This module keeps private copies of its own indexes. It
 * reads the peer's index once in each vchan_rx_poll() or vchan_tx_poll() and checks its range
 * there. It stores its own index once in each commit. Offsets are bytes from the private index.
 *
 * One thread at a time may read and write. Opening and closing blocks on xenstore (20 to 240 ms)
 * and may happen in another thread, before the first and after the last use.
 */
struct vchan;

/*
 * Guest side: grants the rings (2^order bytes each way, order 12..20) to peer_domid and publishes
 * them under the xenstore path, which may be relative and must exist or be creatable. Before that
 * it checks that the devices can be opened, that fds are left, and that the pages can be granted,
 * because libxenvchan crashes otherwise. Errors: -ENOENT or -ENODEV (no /dev/xen/...), -EMFILE,
 * -ENOSPC (grant limit), -ENAMETOOLONG, -EIO (libxenvchan), -ENOMEM. End with vchan_close().
 */
int vchan_serve(unsigned peer_domid, const char *path, unsigned order, struct vchan **out);

/*
 * Dom0 side: maps the rings that the guest published. 0, -EIO (they cannot be mapped), -EPROTO (an
 * order is outside 12..20), -EMFILE or -ENOMEM. End with vchan_close().
 */
int vchan_connect(unsigned peer_domid, const char *path, struct vchan **out);

/* After vchan_connect() failed: the device file that cannot be opened; NULL: all can. */
const char *vchan_missing_device(void);

/* Unmaps and closes; the server also removes its xenstore path. No effect on NULL. */
void vchan_close(struct vchan *v);

/*
 * For a forked child of the server that only keeps the control page and the event channel open:
 * unmaps the data rings. No other call on v is allowed afterwards.
 */
void vchan_keep_page(struct vchan *v);

/* For the server's process or a forked child of it: tells the peer that the server is gone. */
void vchan_say_gone(struct vchan *v);

/*
 * For the server, after its guest was restored: releases all handles without telling the peer or
 * xenstore, and frees v. Another process must hold the event channel and the control page
 * (vchan_keep_page()): guest kernels have a bug when the last reference goes (docs/resume.md).
 */
void vchan_abandon(struct vchan *v);

int vchan_fd(const struct vchan *v);		  /* readable after the peer sent an event */
void vchan_ack(struct vchan *v);		  /* once for each event; blocks without one */
bool vchan_is_open(const struct vchan *v);	  /* the peer is connected */
bool vchan_peer_waiting(const struct vchan *v);	  /* server: no client has connected yet */
uint32_t vchan_ring_bytes(const struct vchan *v); /* of the smaller ring */

/* Reading. Polling returns the bytes that can be read, or -EPROTO: bad index of the peer. */
int64_t vchan_rx_poll(struct vchan *v);
void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len);
unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2]);
void vchan_rx_advance(struct vchan *v, uint32_t len);
/*
 * Frees the space of what was read. A peer that asked for an event gets one when a quarter of the
 * bytes that were in the ring is gone.
 */
void vchan_rx_commit(struct vchan *v);
int64_t vchan_rx_arm(struct vchan *v); /* asks for an event, then polls */

/* Writing. Polling returns the free bytes, or -EPROTO. */
int64_t vchan_tx_poll(struct vchan *v);
void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len);
unsigned vchan_tx_iov(struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2]);
void vchan_tx_advance(struct vchan *v, uint32_t len);
/* Publishes what was written since the last time, if anything, and the peer gets its event. */
void vchan_tx_commit(struct vchan *v);
int64_t vchan_tx_arm(struct vchan *v); /* asks for an event when space is freed, polls */
uint32_t vchan_tx_inflight(const struct vchan *v); /* bytes not read by the peer at the last poll */
uint32_t vchan_tx_taken(const struct vchan *v);	   /* bytes that it had read by then, modulo 2^32 */

#endif
