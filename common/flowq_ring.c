/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/flowq_ring.h"

#include <stdlib.h>
#include <string.h>

/*
 * Frames of all flows lie behind each other as they came. What leaves out of that order is a hole,
 * until the head passes over it. If the tail comes round to the head, records are moved together,
 * or into larger memory. After moving, a quarter of the memory is free at least: so a byte that is
 * pushed costs three that are moved at most. Mostly it costs none, for flows leave nearly in the
 * order in which they came. An empty ring begins at its first byte again, which is in the cache.
 */
#define SIZE_MIN 65536u

static uint32_t room(const struct flowq_ring *r)
{
	return r->size - (r->tail - r->head);
}

/* One line after the other: the target may lie before the source and overlap it. */
static void move_lines(struct flowq_ring *r, uint32_t from, uint32_t n, char *mem, uint32_t size,
		       uint32_t to)
{
	for (uint32_t i = 0; i < n; i += FLOWQ_LINE)
		memcpy(mem + ((to + i) & (size - 1)), r->mem + ((from + i) & (r->size - 1)),
		       FLOWQ_LINE);
}

static void move_record(struct flowq_ring *r, uint32_t from, uint32_t n, char *mem, uint32_t size,
			uint32_t to)
{
	uint32_t source = from & (r->size - 1), target = to & (size - 1);

	if (n <= r->size - source && n <= size - target)
		memmove(mem + target, r->mem + source, n);
	else
		move_lines(r, from, n, mem, size, to);
}

/* Moves all records to the head, in memory which may be the same. */
static void move_all(struct flowq_ring *r, char *mem, uint32_t size)
{
	uint32_t to = r->head;

	for (uint32_t from = r->head, n; from != r->tail; from += n) {
		const struct flowq_rec *rec = flowq_ring_rec(r, from);

		n = flowq_rec_size(rec->len);
		if (rec->gone)
			continue;
		if (mem != r->mem || to != from)
			move_record(r, from, n, mem, size, to);
		to += n;
	}
	r->tail = to;
}

static bool grow(struct flowq_ring *r, uint32_t size)
{
	char *mem = aligned_alloc(FLOWQ_LINE, size);

	if (!mem)
		return false;
	move_all(r, mem, size);
	free(r->mem);
	r->mem = mem;
	r->size = size;
	return true;
}

/* The least size of which a quarter stays free. */
static uint32_t size_for(const struct flowq_ring *r, uint32_t need, uint32_t size_max)
{
	uint32_t size = r->size ? r->size : SIZE_MIN;

	while (size < size_max && size / 4 * 3 < r->live + need)
		size <<= 1;
	return size;
}

bool flowq_ring_fits(const struct flowq_ring *r, uint32_t len, uint32_t size_max)
{
	uint32_t size = r->size > size_max ? r->size : size_max;

	return flowq_rec_size(len) <=
	       size / 4 * 3 - (r->live < size / 4 * 3 ? r->live : size / 4 * 3);
}

bool flowq_ring_reserve(struct flowq_ring *r, uint32_t len, uint32_t size_max, bool *moved)
{
	uint32_t need = flowq_rec_size(len), size;

	if (flowq_ring_has_room(r, len))
		return true;
	if (!flowq_ring_fits(r, len, size_max))
		return false;
	size = size_for(r, need, size_max);
	if (size != r->size && !grow(r, size))
		return false;
	if (need > room(r))
		move_all(r, r->mem, r->size);
	*moved = true;
	return true;
}

/* A piece that goes on at the begin of the memory. */
static void put_wrapped(struct flowq_ring *r, uint32_t index, const void *buf, uint32_t len)
{
	struct iovec to[2] = {{NULL, 0}};

	flowq_ring_iov(r, index, len, to);
	memcpy(to[0].iov_base, buf, to[0].iov_len);
	memcpy(to[1].iov_base, (const char *)buf + to[0].iov_len, to[1].iov_len);
}

static void put(struct flowq_ring *r, uint32_t index, const struct iovec *piece)
{
	uint32_t pos = index & (r->size - 1);

	if (piece->iov_len <= r->size - pos)
		memcpy(r->mem + pos, piece->iov_base, piece->iov_len);
	else
		put_wrapped(r, index, piece->iov_base, (uint32_t)piece->iov_len);
}

struct flowq_rec *flowq_ring_put(struct flowq_ring *r, uint32_t len, const struct iovec *iov,
				 unsigned iovcnt)
{
	struct flowq_rec *rec = flowq_ring_rec(r, r->tail);
	uint32_t at = r->tail + FLOWQ_LINE, size = flowq_rec_size(len);

	rec->len = len;
	rec->gone = false;
	for (const struct iovec *end = iov + iovcnt; iov < end; iov++) {
		put(r, at, iov);
		at += (uint32_t)iov->iov_len;
	}
	r->tail += size;
	r->live += size;
	return rec;
}

void flowq_ring_fini(struct flowq_ring *r)
{
	free(r->mem);
	*r = (struct flowq_ring){.mem = NULL};
}
