/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rxq.h: the private receive queue of one LDP: a byte ring of frames, kept short by CoDel. Pure. */
#ifndef DMVL_RXQ_H
#define DMVL_RXQ_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Pure: time is an argument (any monotonic clock, nanoseconds). Memory is one block of the limit,
 * rounded up to a power of two, which the kernel backs only as far as it is used.
 */
#define RXQ_LIMIT_MIN	   65536u
#define RXQ_LIMIT_MAX	   (64u << 20)
#define RXQ_CODEL_TARGET   5000000ull	/* ns a frame may wait, standing */
#define RXQ_CODEL_INTERVAL 100000000ull /* ns for which it may wait longer: a burst */

struct rxq;

/* The frame at the head. `iov` points into the queue and is good until the next call. */
struct rxq_frame {
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;	     /* of the Ethernet frame */
	uint32_t cost_bytes; /* on the wire */
	struct iovec iov[2];
	unsigned iovcnt;
};

/* limit_bytes is clamped to RXQ_LIMIT_MIN..RXQ_LIMIT_MAX. NULL: out of memory. */
struct rxq *rxq_new(uint32_t limit_bytes);
void rxq_free(struct rxq *q); /* NULL is fine */

/* A new limit; frames that wait stay even where they are more. -ENOMEM leaves the old one. */
int rxq_set_limit(struct rxq *q, uint32_t limit_bytes);

/*
 * Copies a frame in. False: the queue is full (nothing is changed). An empty queue takes a frame
 * that is longer than the limit; with `beyond` any queue does, as for the segments of such a frame.
 */
bool rxq_push(struct rxq *q, const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov,
	      unsigned iovcnt, uint32_t cost_bytes, bool beyond, uint64_t now_ns);

/*
 * The next frame to deliver, after CoDel has dropped what it will; false: none. *dropped is raised
 * by the number of frames dropped. A frame that was peeked is not dropped any more.
 */
bool rxq_peek(struct rxq *q, uint64_t now_ns, struct rxq_frame *out, uint64_t *dropped);

/* Takes the frame at the head out. There must be one. */
void rxq_pop(struct rxq *q);

bool rxq_empty(const struct rxq *q);

#endif
