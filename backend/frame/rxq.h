/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rxq.h: the receive queue of one LDP: a byte ring of frames, kept short by CoDel. Pure. */
#ifndef DMVL_RXQ_H
#define DMVL_RXQ_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Time is an argument: nanoseconds of any monotonic clock. A queue has one block of memory, twice
 * the limit rounded up to a power of two; the kernel provides its pages as they are first used.
 * CoDel is Nichols and Jacobson's, RFC 8289.
 */
#define RXQ_LIMIT_MIN	   65536u	/* bytes */
#define RXQ_LIMIT_MAX	   (64u << 20)	/* bytes */
#define RXQ_CODEL_TARGET   5000000ull	/* ns that frames may wait in a standing queue */
#define RXQ_CODEL_INTERVAL 100000000ull /* ns that a burst may make them wait longer */

struct rxq;

/* The frame at the head. `iov` points into the queue and is valid until the next call. */
struct rxq_frame {
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;	     /* of the Ethernet frame */
	uint32_t cost_bytes; /* on the wire */
	bool unpaced;	     /* RXQ_UNPACED */
	uint64_t queued_ns;  /* when it came into the queue */
	struct iovec iov[2];
	unsigned iovcnt;
};

enum rxq_flags {
	RXQ_BEYOND = 1,	 /* beyond the limit, if there is memory: a further segment of a frame */
	RXQ_UNPACED = 2, /* a further copy, or from this host: the link's pace does not count it */
};

/* limit_bytes is clamped to RXQ_LIMIT_MIN..RXQ_LIMIT_MAX. NULL: out of memory. */
struct rxq *rxq_new(uint32_t limit_bytes);
void rxq_free(struct rxq *q); /* NULL is fine */

/* Sets a new limit and drops no frame, even if they exceed it. 0, or -ENOMEM: the old one stays. */
int rxq_set_limit(struct rxq *q, uint32_t limit_bytes);

/*
 * Frames that have waited longer than max_ns are dropped, instead of those that CoDel chooses: for
 * a queue whose frames are old news by then. 0: CoDel.
 */
void rxq_set_max_wait(struct rxq *q, uint64_t max_ns);

/*
 * Copies a frame into the queue. False, with nothing changed: the queue is full. A frame may exceed
 * the limit when the queue is empty, or with RXQ_BEYOND. `flags` are rxq_flags.
 */
bool rxq_push(struct rxq *q, const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov,
	      unsigned iovcnt, uint32_t cost_bytes, unsigned flags, uint64_t now_ns);

/* Would rxq_push() take a frame of len bytes? */
bool rxq_takes(const struct rxq *q, uint32_t len, unsigned flags);

/*
 * Drops frames that have waited too long, then gives the next one to deliver; false: there is none.
 * Adds the number of dropped frames to *dropped. A frame that was peeked is not dropped.
 */
bool rxq_peek(struct rxq *q, uint64_t now_ns, struct rxq_frame *out, uint64_t *dropped);

/* Removes the frame at the head. The queue must not be empty. */
void rxq_pop(struct rxq *q);

bool rxq_empty(const struct rxq *q);

/* Of its frames; each counts as a multiple of 8. */
uint32_t rxq_bytes(const struct rxq *q);

/* Its frames take up the limit; they leave a quarter of it free. In between both are false. */
bool rxq_full(const struct rxq *q);
bool rxq_has_room(const struct rxq *q);

#endif
