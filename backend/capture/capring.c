/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/capture/capring.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#define HEADER_BYTES 4096u
#define CACHE_LINE   64

/* Indexes only grow; an index modulo CAPRING_BYTES is a place in the ring. */
struct capring_shared {
	char magic[8];
	_Atomic uint32_t version; /* written last: 0, the ring is not open yet */
	uint32_t bytes;
	char reason[CAPRING_REASONS][CAPRING_REASON_MAX + 1];
	alignas(CACHE_LINE) _Atomic uint64_t head; /* the writer's */
	_Atomic uint64_t lost;
	alignas(CACHE_LINE) _Atomic uint64_t tail; /* the reader's */
};

static_assert(sizeof(struct capring_shared) <= HEADER_BYTES, "the header is one page");
static_assert(sizeof(struct capring_record) % 8 == 0, "a record's header never wraps");

static uint32_t record_bytes(uint32_t captured)
{
	return (uint32_t)sizeof(struct capring_record) + ((captured + 7) & ~UINT32_C(7));
}

static uint8_t *place(struct capring_shared *s, uint64_t index)
{
	return (uint8_t *)s + HEADER_BYTES + index % CAPRING_BYTES;
}

/* Bytes from the index to the end of the ring's memory. */
static uint32_t to_end(uint64_t index)
{
	return CAPRING_BYTES - (uint32_t)(index % CAPRING_BYTES);
}

static void write_at(struct capring_shared *s, uint64_t index, const void *from, uint32_t n)
{
	uint32_t first = n < to_end(index) ? n : to_end(index);

	memcpy(place(s, index), from, first);
	memcpy(place(s, 0), (const uint8_t *)from + first, n - first);
}

static void read_at(struct capring_shared *s, uint64_t index, void *to, uint32_t n)
{
	uint32_t first = n < to_end(index) ? n : to_end(index);

	memcpy(to, place(s, index), first);
	memcpy((uint8_t *)to + first, place(s, 0), n - first);
}

size_t capring_bytes(void)
{
	return HEADER_BYTES + CAPRING_BYTES;
}

void capring_open(struct capring *r, void *mem, uint32_t snap)
{
	struct capring_shared *s = mem;

	memcpy(s->magic, CAPRING_MAGIC, sizeof(s->magic));
	s->bytes = CAPRING_BYTES;
	*r = (struct capring){.shared = s, .snap = snap ? snap : CAPRING_FRAME_MAX};
}

void capring_ready(struct capring *r)
{
	atomic_store_explicit(&r->shared->version, CAPRING_VERSION, memory_order_release);
}

void capring_name(struct capring *r, unsigned reason, const char *name)
{
	size_t len = strlen(name);

	assert(reason < CAPRING_REASONS);
	memcpy(r->shared->reason[reason], name,
	       len < CAPRING_REASON_MAX ? len : CAPRING_REASON_MAX);
}

/* A reader's index that cannot be one counts as a ring without room. */
static bool has_room(const struct capring *r, uint32_t need)
{
	uint64_t used = r->head - atomic_load_explicit(&r->shared->tail, memory_order_acquire);

	return used <= CAPRING_BYTES && need <= CAPRING_BYTES - used;
}

static bool lose(struct capring *r)
{
	r->lost++;
	atomic_store_explicit(&r->shared->lost, ++r->lost_all, memory_order_relaxed);
	return false;
}

bool capring_put(struct capring *r, const struct capring_record *record, const struct iovec *iov,
		 unsigned iovcnt)
{
	struct capring_record rec = *record;
	uint64_t at = r->head + sizeof(rec);
	uint32_t left;

	rec.captured = rec.len < r->snap ? rec.len : r->snap;
	rec.lost = r->lost;
	if (!has_room(r, record_bytes(rec.captured)))
		return lose(r);
	left = rec.captured;
	for (unsigned i = 0; i < iovcnt && left > 0; i++) {
		uint32_t n = iov[i].iov_len < left ? (uint32_t)iov[i].iov_len : left;

		write_at(r->shared, at, iov[i].iov_base, n);
		at += n;
		left -= n;
	}
	rec.captured -= left;
	write_at(r->shared, r->head, &rec, sizeof(rec));
	r->lost = 0;
	r->head += record_bytes(rec.captured);
	/* The record's bytes before the index that makes it known. */
	atomic_store_explicit(&r->shared->head, r->head, memory_order_release);
	return true;
}

int capring_attach(struct capring_reader *r, void *mem, size_t bytes)
{
	struct capring_shared *s = mem;

	uint32_t version;

	if (bytes < sizeof(*s))
		return -EINVAL;
	version = atomic_load_explicit(&s->version, memory_order_acquire);
	if (version == 0)
		return -EAGAIN;
	if (memcmp(s->magic, CAPRING_MAGIC, sizeof(s->magic)) != 0)
		return -EINVAL;
	if (version != CAPRING_VERSION)
		return -ENOTSUP;
	if (s->bytes != CAPRING_BYTES || bytes != capring_bytes())
		return -EINVAL;
	*r = (struct capring_reader){.shared = s};
	return 0;
}

int capring_get(struct capring_reader *r, struct capring_record *out, uint8_t *frame)
{
	struct capring_shared *s = r->shared;
	uint64_t used = atomic_load_explicit(&s->head, memory_order_acquire) - r->tail;

	if (used == 0)
		return 0;
	if (used < sizeof(*out) || used > CAPRING_BYTES)
		return -EINVAL;
	read_at(s, r->tail, out, sizeof(*out));
	if (out->captured > CAPRING_FRAME_MAX || out->captured > out->len ||
	    record_bytes(out->captured) > used)
		return -EINVAL;
	read_at(s, r->tail + sizeof(*out), frame, out->captured);
	r->tail += record_bytes(out->captured);
	/* The bytes were read before the writer may use their place again. */
	atomic_store_explicit(&s->tail, r->tail, memory_order_release);
	return 1;
}

uint64_t capring_lost(const struct capring_reader *r)
{
	return atomic_load_explicit(&r->shared->lost, memory_order_relaxed);
}

const char *capring_reason(const struct capring_reader *r, unsigned reason,
			   char out[CAPRING_REASON_MAX + 1])
{
	out[0] = '\0';
	if (reason < CAPRING_REASONS)
		memcpy(out, r->shared->reason[reason], CAPRING_REASON_MAX);
	out[CAPRING_REASON_MAX] = '\0';
	return out;
}
