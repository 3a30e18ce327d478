/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/ldplog.h"

#include <errno.h>
#include <string.h>

#define MAGIC "DMVLLOG"

void ldplog_format(void *mem, size_t bytes, const struct ldplog_id *id)
{
	struct ldplog_header *h = mem;

	assert(bytes >= LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN);
	memset(mem, 0, bytes);
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->version = LDPLOG_VERSION;
	h->header_bytes = LDPLOG_HEADER_BYTES;
	h->ring_bytes = bytes - LDPLOG_HEADER_BYTES;
	assert((h->ring_bytes & (h->ring_bytes - 1)) == 0);
	h->id = *id;
	h->crc = record_crc32c(h, offsetof(struct ldplog_header, crc));
}

static uint64_t load_tail(const struct ldplog_header *h)
{
	return __atomic_load_n(&h->tail, __ATOMIC_ACQUIRE);
}

int ldplog_check(const void *mem, size_t bytes, const struct ldplog_id *id)
{
	const struct ldplog_header *shared = mem;
	struct ldplog_header h;

	if (bytes < LDPLOG_HEADER_BYTES + LDPLOG_RING_MIN)
		return -EINVAL;
	memcpy(&h, shared, offsetof(struct ldplog_header, tail));
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 || h.version != LDPLOG_VERSION ||
	    h.header_bytes != LDPLOG_HEADER_BYTES || h.ring_bytes != bytes - LDPLOG_HEADER_BYTES ||
	    (h.ring_bytes & (h.ring_bytes - 1)) != 0 ||
	    h.crc != record_crc32c(&h, offsetof(struct ldplog_header, crc)) ||
	    load_tail(shared) % RECORD_BYTES != 0)
		return -EINVAL;
	return id && memcmp(&h.id, id, sizeof(*id)) != 0 ? -ESTALE : 0;
}

void ldplog_writer_init(struct ldplog_writer *w, void *mem)
{
	struct ldplog_header *h = mem;

	*w = (struct ldplog_writer){
		.header = h,
		.ring = (uint8_t *)mem + LDPLOG_HEADER_BYTES,
		.ring_bytes = h->ring_bytes,
		.tail = h->tail,
	};
}

uint64_t ldplog_append(struct ldplog_writer *w, const struct record *r)
{
	uint64_t *to = (uint64_t *)(void *)(w->ring + (w->tail & (w->ring_bytes - 1)));
	uint64_t offset = w->tail, word[RECORD_WORDS];

	record_seal(r, offset, word);
	/*
	 * Each store is a release behind that of the last tail: a reader that sees one of these
	 * words also sees that tail, and so that the place is being overwritten.
	 */
	for (size_t i = 0; i < RECORD_WORDS; i++)
		__atomic_store_n(to + i, word[i], __ATOMIC_RELEASE);
	w->tail += RECORD_BYTES;
	__atomic_store_n(&w->header->tail, w->tail, __ATOMIC_RELEASE);
	return offset;
}

void ldplog_reader_init(struct ldplog_reader *r, const void *mem)
{
	const struct ldplog_header *h = mem;
	uint64_t tail = load_tail(h);

	*r = (struct ldplog_reader){
		.header = h,
		.ring = (const uint8_t *)mem + LDPLOG_HEADER_BYTES,
		.ring_bytes = h->ring_bytes,
	};
	/* The writer may be overwriting the place of the oldest record right now. */
	if (tail >= r->ring_bytes)
		r->at = tail - r->ring_bytes + RECORD_BYTES;
}

void ldplog_reader_skip(struct ldplog_reader *r)
{
	uint64_t tail = load_tail(r->header);

	if (tail > r->at && tail % RECORD_BYTES == 0)
		r->at = tail;
}

/* The reader was overtaken: skips so far that the writer does not overtake it again at once. */
static void skip_ahead(struct ldplog_reader *r, uint64_t tail)
{
	uint64_t to = tail - r->ring_bytes / 4 * 3;

	r->missed += (to - r->at) / RECORD_BYTES;
	r->at = to;
}

int ldplog_read(struct ldplog_reader *r, struct record *out)
{
	uint64_t tail = load_tail(r->header), word[RECORD_WORDS];

	for (;;) {
		const uint64_t *from =
			(const uint64_t *)(const void *)(r->ring + (r->at & (r->ring_bytes - 1)));

		if (tail < r->at || tail % RECORD_BYTES != 0)
			return -EBADMSG;
		if (tail == r->at)
			return 0;
		if (tail - r->at >= r->ring_bytes) {
			skip_ahead(r, tail);
			continue;
		}
		for (size_t i = 0; i < RECORD_WORDS; i++)
			word[i] = __atomic_load_n(from + i, __ATOMIC_ACQUIRE);
		tail = load_tail(r->header);
		if (tail - r->at < r->ring_bytes)
			break;
	}
	memcpy(out, word, sizeof(*out));
	r->at += RECORD_BYTES;
	if (record_is_sealed(out, r->at - RECORD_BYTES))
		return 1;
	r->damaged++;
	return -EBADMSG;
}
