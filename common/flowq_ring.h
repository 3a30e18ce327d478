/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flowq_ring.h: the memory of a flow queue: frames in the order in which they came. Pure. */
#ifndef DMVL_FLOWQ_RING_H
#define DMVL_FLOWQ_RING_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * A record begins at an index, which counts all bytes ever; its place in memory is that modulo the
 * size. Records are multiples of a line and never wrap within one: so a record's head and the first
 * line of its frame are each in one piece.
 */
#define FLOWQ_LINE 64u
#define FLOWQ_NIL  1u /* an index that no record has */

struct flowq_rec {
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;
	uint32_t cost_bytes;
	uint32_t flags;
	uint64_t queued_ns;
	uint32_t next; /* index of the next record of the flow, FLOWQ_NIL: none */
	uint16_t flow;
	uint8_t l3, l3_off; /* of struct flow_key */
	bool gone;	    /* what is left is a hole */
	char pad[23];
};

_Static_assert(sizeof(struct flowq_rec) == FLOWQ_LINE, "a record's head is one line");

/* All zero: no memory yet. Only flowq_ring.c writes it. */
struct flowq_ring {
	char *mem;
	uint32_t size; /* power of two */
	uint32_t head, tail;
	uint32_t live; /* bytes of records that are not gone */
};

static inline uint32_t flowq_rec_size(uint32_t len)
{
	return FLOWQ_LINE + ((len + FLOWQ_LINE - 1) & ~(FLOWQ_LINE - 1));
}

static inline struct flowq_rec *flowq_ring_rec(const struct flowq_ring *r, uint32_t index)
{
	return (struct flowq_rec *)(r->mem + (index & (r->size - 1)));
}

/* The index of the record behind that at index. */
static inline uint32_t flowq_ring_next(const struct flowq_ring *r, uint32_t index)
{
	return index + flowq_rec_size(flowq_ring_rec(r, index)->len);
}

/* The first line of the record's frame. */
static inline uint8_t *flowq_ring_frame(const struct flowq_ring *r, uint32_t index)
{
	return (uint8_t *)r->mem + ((index + FLOWQ_LINE) & (r->size - 1));
}

/* len bytes at index in one or two pieces; returns how many. */
static inline unsigned flowq_ring_iov(const struct flowq_ring *r, uint32_t index, uint32_t len,
				      struct iovec iov[2])
{
	uint32_t pos = index & (r->size - 1);

	if (len <= r->size - pos) {
		iov[0] = (struct iovec){r->mem + pos, len};
		return 1;
	}
	iov[0] = (struct iovec){r->mem + pos, r->size - pos};
	iov[1] = (struct iovec){r->mem, len - (r->size - pos)};
	return 2;
}

/* There is room for a record of a frame of len bytes: nothing must be reserved. */
static inline bool flowq_ring_has_room(const struct flowq_ring *r, uint32_t len)
{
	uint32_t need = flowq_rec_size(len);

	return need <= r->size - (r->tail - r->head) && r->live + need <= r->size / 4 * 3;
}

/*
 * Makes room behind the tail for a record of a frame of len bytes, in memory of at most size_max (a
 * power of two). If records that are not gone had to move, *moved is set: they have other indexes
 * then, in the same order. False, with nothing changed: there is no room, or no memory.
 */
bool flowq_ring_reserve(struct flowq_ring *r, uint32_t len, uint32_t size_max, bool *moved);

/* Could flowq_ring_reserve() do it? Three quarters of the memory may be full: moving costs little.
 */
bool flowq_ring_fits(const struct flowq_ring *r, uint32_t len, uint32_t size_max);

/*
 * Copies a frame of len bytes behind the tail, where it was reserved. Returns its record, whose
 * index was the tail; only len and gone are set.
 */
struct flowq_rec *flowq_ring_put(struct flowq_ring *r, uint32_t len, const struct iovec *iov,
				 unsigned iovcnt);

/* Makes a hole of the record. */
static inline void flowq_ring_remove(struct flowq_ring *r, struct flowq_rec *rec)
{
	rec->gone = true;
	r->live -= flowq_rec_size(rec->len);
	if (r->live == 0) {
		r->head = r->tail = 0;
		return;
	}
	while (flowq_ring_rec(r, r->head)->gone)
		r->head = flowq_ring_next(r, r->head);
}

/* Gives the memory back. */
void flowq_ring_fini(struct flowq_ring *r);

#endif
