/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vchan.h: one libxenvchan connection, read and written in place. The only user of <libxenvchan.h>.
 */
#ifndef DMVL_VCHAN_H
#define DMVL_VCHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Everything in the shared page is hostile. This module keeps private copies of its own indexes,
 * reads the peer's once per call of vchan_rx_poll()/vchan_tx_poll() and range-checks it there, and
 * stores its own once per commit. Offsets are relative to the private index, in bytes.
 *
 * The in-place calls belong to one thread at a time; open and close block on xenstore (20-240 ms)
 * and may run on another thread, before the first and after the last use.
 */
struct vchan;

/*
 * Guest side: grants the rings (2^order bytes each way, order 12..20) to `peer_domid` and publishes
 * them under the xenstore path, which may be relative and must exist or be creatable. First checks
 * that the devices can be opened, fds are left and the pages can be granted, because libxenvchan
 * crashes where they cannot. Errors: -ENOENT or -ENODEV (no /dev/xen/...), -EMFILE, -ENOSPC (grant
 * limit), -ENAMETOOLONG, -EIO (libxenvchan). The caller ends it with vchan_close().
 */
int vchan_serve(unsigned peer_domid, const char *path, unsigned order, struct vchan **out);

/* Dom0 side: maps what the guest published. -EIO when it cannot; orders outside 12..20: -EPROTO. */
int vchan_connect(unsigned peer_domid, const char *path, struct vchan **out);

/* Unmaps and closes; the server also removes its xenstore path. NULL is fine. */
void vchan_close(struct vchan *v);

/*
 * Server, in a forked child that shall only keep alive what must not die: unmaps the data rings,
 * keeps the control page and the event channel. v is of no other use from then on.
 */
void vchan_keep_page(struct vchan *v);

/*
 * Server, after the guest was restored elsewhere: lets go of all handles without a word to the
 * peer or to xenstore. Another process must hold the event channel and the control page
 * (vchan_keep_page()): letting go of the last reference to either is a bug in guest kernels (see
 * docs/resume.md). Frees v.
 */
void vchan_abandon(struct vchan *v);

int vchan_fd(const struct vchan *v);	   /* readable when the peer notified */
void vchan_ack(struct vchan *v);	   /* once per readable event; would block without one */
bool vchan_is_open(const struct vchan *v); /* the peer lives and has connected */
bool vchan_peer_waiting(const struct vchan *v);	  /* server: no client has connected yet */
uint32_t vchan_ring_bytes(const struct vchan *v); /* of the smaller ring */

/* Reading. Bytes available, or -EPROTO when the peer's index is out of range. */
int64_t vchan_rx_poll(struct vchan *v);
void vchan_rx_copy(const struct vchan *v, uint32_t off, void *buf, uint32_t len);
unsigned vchan_rx_iov(const struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2]);
void vchan_rx_advance(struct vchan *v, uint32_t len);
/* Frees the space; notifies a peer that asked for it once a quarter of what lay there is gone. */
void vchan_rx_commit(struct vchan *v);
int64_t vchan_rx_arm(struct vchan *v); /* asks for an event; returns as vchan_rx_poll() */

/* Writing. Free bytes, or -EPROTO. */
int64_t vchan_tx_poll(struct vchan *v);
void vchan_tx_copy(struct vchan *v, uint32_t off, const void *buf, uint32_t len);
unsigned vchan_tx_iov(struct vchan *v, uint32_t off, uint32_t len, struct iovec iov[2]);
void vchan_tx_advance(struct vchan *v, uint32_t len);
void vchan_tx_commit(struct vchan *v);		   /* publishes and notifies if asked */
int64_t vchan_tx_arm(struct vchan *v);		   /* asks for an event when space is freed */
uint32_t vchan_tx_inflight(const struct vchan *v); /* not yet consumed, as of the last poll */

#endif
