/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/frame/rxq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * The ring holds records: a struct rec and the frame's bytes, padded to 8. head and tail count all
 * bytes ever; a position in the ring is that modulo the size. Records, even a struct rec, may wrap:
 * ring_put() and ring_get() copy them in and out.
 *
 * CoDel (Nichols and Jacobson, RFC 8289): when frames have waited longer than the target for a
 * whole interval, it drops one, and further ones at intervals of interval / sqrt(count), until the
 * wait is below the target. It never drops the last frame: one frame is not a standing queue.
 */
struct rec {
	struct virtio_net_hdr_v1 vnet;
	uint32_t len;
	uint32_t cost_bytes;
	uint32_t flags;
	uint64_t queued_ns;
	uint64_t pad2;
};

struct rxq {
	char *mem;
	uint32_t size;	/* power of two */
	uint32_t limit; /* <= size */
	uint32_t head, tail;
	uint32_t frames;
	bool peeked;
	uint64_t max_wait_ns;

	uint64_t first_above_ns; /* 0: not above the target */
	uint64_t drop_next_ns;
	uint32_t drop_count, last_count;
	bool dropping;
};

_Static_assert(sizeof(struct rec) % 8 == 0, "records stay aligned");

static uint32_t clamp_limit(uint32_t limit)
{
	if (limit < RXQ_LIMIT_MIN)
		return RXQ_LIMIT_MIN;
	return limit > RXQ_LIMIT_MAX ? RXQ_LIMIT_MAX : limit;
}

static uint32_t round_up_pow2(uint32_t v)
{
	uint32_t p = RXQ_LIMIT_MIN;

	while (p < v)
		p <<= 1;
	return p;
}

/* Twice the limit, because records need room beside the frames. */
static uint32_t size_for(uint32_t limit)
{
	return round_up_pow2(limit) * 2;
}

struct rxq *rxq_new(uint32_t limit_bytes)
{
	struct rxq *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->limit = clamp_limit(limit_bytes);
	q->size = size_for(q->limit);
	q->mem = malloc(q->size);
	if (!q->mem) {
		free(q);
		return NULL;
	}
	return q;
}

void rxq_free(struct rxq *q)
{
	if (!q)
		return;
	free(q->mem);
	free(q);
}

static unsigned ring_iov(const struct rxq *q, uint32_t index, uint32_t len, struct iovec iov[2])
{
	uint32_t pos = index & (q->size - 1);
	uint32_t first = len < q->size - pos ? len : q->size - pos;

	iov[0] = (struct iovec){q->mem + pos, first};
	iov[1] = (struct iovec){q->mem, len - first};
	return len == first ? 1 : 2;
}

static void ring_get(const struct rxq *q, uint32_t index, void *buf, uint32_t len)
{
	struct iovec iov[2];

	ring_iov(q, index, len, iov);
	memcpy(buf, iov[0].iov_base, iov[0].iov_len);
	memcpy((char *)buf + iov[0].iov_len, iov[1].iov_base, iov[1].iov_len);
}

static void ring_put(struct rxq *q, uint32_t index, const void *buf, size_t len)
{
	struct iovec iov[2];

	ring_iov(q, index, (uint32_t)len, iov);
	memcpy(iov[0].iov_base, buf, iov[0].iov_len);
	memcpy(iov[1].iov_base, (const char *)buf + iov[0].iov_len, iov[1].iov_len);
}

static uint32_t rec_size(uint32_t len)
{
	return (uint32_t)sizeof(struct rec) + ((len + 7) & ~7u);
}

int rxq_set_limit(struct rxq *q, uint32_t limit_bytes)
{
	uint32_t limit = clamp_limit(limit_bytes);
	uint32_t used = q->tail - q->head;
	char *mem;

	if (size_for(limit) > q->size) {
		mem = malloc(size_for(limit));
		if (!mem)
			return -ENOMEM;
		ring_get(q, q->head, mem, used);
		free(q->mem);
		q->mem = mem;
		q->size = size_for(limit);
		q->head = 0;
		q->tail = used;
	}
	q->limit = limit;
	return 0;
}

bool rxq_takes(const struct rxq *q, uint32_t len, unsigned flags)
{
	uint32_t used = q->tail - q->head;

	/* The limit is on the queue, not on the size of one frame. */
	return rec_size(len) <= q->size - used &&
	       (used == 0 || flags & RXQ_BEYOND || used + len <= q->limit);
}

bool rxq_push(struct rxq *q, const struct virtio_net_hdr_v1 *vnet, const struct iovec *iov,
	      unsigned iovcnt, uint32_t cost_bytes, unsigned flags, uint64_t now_ns)
{
	struct rec rec = {.vnet = *vnet,
			  .cost_bytes = cost_bytes,
			  .flags = flags,
			  .queued_ns = now_ns};
	uint32_t at;

	for (unsigned i = 0; i < iovcnt; i++)
		rec.len += (uint32_t)iov[i].iov_len;
	if (!rxq_takes(q, rec.len, flags))
		return false;
	ring_put(q, q->tail, &rec, sizeof(rec));
	at = q->tail + (uint32_t)sizeof(rec);
	for (unsigned i = 0; i < iovcnt; i++) {
		ring_put(q, at, iov[i].iov_base, iov[i].iov_len);
		at += (uint32_t)iov[i].iov_len;
	}
	q->tail += rec_size(rec.len);
	q->frames++;
	return true;
}

static void drop_head(struct rxq *q)
{
	struct rec rec;

	ring_get(q, q->head, &rec, sizeof(rec));
	q->head += rec_size(rec.len);
	q->frames--;
	q->peeked = false;
}

void rxq_pop(struct rxq *q)
{
	drop_head(q);
}

static uint64_t isqrt(uint64_t v)
{
	uint64_t r = 0, bit = 1ull << 62;

	for (; bit; bit >>= 2) {
		if (v >= r + bit) {
			v -= r + bit;
			r = (r >> 1) + bit;
		} else {
			r >>= 1;
		}
	}
	return r;
}

/* interval / sqrt(count), with eight bits behind the point of the root. */
static uint64_t control_law(uint64_t t, uint32_t count)
{
	return t + (RXQ_CODEL_INTERVAL << 8) / isqrt((uint64_t)count << 16);
}

/* Has the head waited above the target for an interval? */
static bool ok_to_drop(struct rxq *q, uint64_t now_ns)
{
	struct rec rec;

	ring_get(q, q->head, &rec, sizeof(rec));
	if (q->frames < 2 || now_ns - rec.queued_ns < RXQ_CODEL_TARGET) {
		q->first_above_ns = 0;
		return false;
	}
	if (q->first_above_ns == 0) {
		q->first_above_ns = now_ns + RXQ_CODEL_INTERVAL;
		return false;
	}
	return now_ns >= q->first_above_ns;
}

static void codel(struct rxq *q, uint64_t now_ns, uint64_t *dropped)
{
	bool drop = ok_to_drop(q, now_ns);

	if (q->dropping) {
		while (drop && now_ns >= q->drop_next_ns) {
			drop_head(q);
			++*dropped;
			q->drop_count++;
			q->drop_next_ns = control_law(q->drop_next_ns, q->drop_count);
			drop = ok_to_drop(q, now_ns);
		}
		q->dropping = drop;
	} else if (drop) {
		uint32_t delta = q->drop_count - q->last_count;

		drop_head(q);
		++*dropped;
		q->dropping = true;
		/* If dropping ended a short time ago, resume near the rate that ended it. */
		q->drop_count =
			delta > 1 && now_ns - q->drop_next_ns < 16 * RXQ_CODEL_INTERVAL ? delta : 1;
		q->last_count = q->drop_count;
		q->drop_next_ns = control_law(now_ns, q->drop_count);
	}
}

void rxq_set_max_wait(struct rxq *q, uint64_t max_ns)
{
	q->max_wait_ns = max_ns;
}

static void drop_stale(struct rxq *q, uint64_t now_ns, uint64_t *dropped)
{
	struct rec rec;

	for (; q->frames > 0; ++*dropped) {
		ring_get(q, q->head, &rec, sizeof(rec));
		if (now_ns - rec.queued_ns <= q->max_wait_ns)
			return;
		drop_head(q);
	}
}

bool rxq_peek(struct rxq *q, uint64_t now_ns, struct rxq_frame *out, uint64_t *dropped)
{
	struct rec rec;

	if (q->frames == 0) {
		q->first_above_ns = 0;
		return false;
	}
	if (!q->peeked && q->max_wait_ns)
		drop_stale(q, now_ns, dropped);
	else if (!q->peeked)
		codel(q, now_ns, dropped);
	if (q->frames == 0)
		return false;
	q->peeked = true;
	ring_get(q, q->head, &rec, sizeof(rec));
	*out = (struct rxq_frame){.vnet = rec.vnet,
				  .len = rec.len,
				  .cost_bytes = rec.cost_bytes,
				  .unpaced = rec.flags & RXQ_UNPACED,
				  .queued_ns = rec.queued_ns};
	out->iovcnt = ring_iov(q, q->head + (uint32_t)sizeof(rec), rec.len, out->iov);
	return true;
}

uint32_t rxq_bytes(const struct rxq *q)
{
	return q->tail - q->head - q->frames * (uint32_t)sizeof(struct rec);
}

bool rxq_empty(const struct rxq *q)
{
	return q->frames == 0;
}

bool rxq_full(const struct rxq *q)
{
	return q->tail - q->head >= q->limit;
}

bool rxq_has_room(const struct rxq *q)
{
	return q->tail - q->head <= q->limit / 4 * 3;
}
