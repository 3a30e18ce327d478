/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/windows_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define COPY_TRIES 1000 /* the writer is done with a record within a microsecond */

size_t windows_file_bytes(void)
{
	return sizeof(struct windows_header) + WINDOWS_FILE_RECORDS * sizeof(struct windows_record);
}

void windows_file_format(void *mem, const char *boot)
{
	struct windows_header *h = mem;

	*h = (struct windows_header){
		.version = WINDOWS_FILE_VERSION,
		.header_bytes = sizeof(*h),
		.record_bytes = sizeof(struct windows_record),
		.records = WINDOWS_FILE_RECORDS,
	};
	memcpy(h->magic, WINDOWS_FILE_MAGIC, sizeof(h->magic));
	memcpy(h->boot, boot, strnlen(boot, sizeof(h->boot) - 1));
}

int windows_file_check(const void *mem, size_t bytes, const char *boot)
{
	struct windows_header h;

	if (bytes < sizeof(h))
		return -EINVAL;
	memcpy(&h, mem, sizeof(h));
	if (memcmp(h.magic, WINDOWS_FILE_MAGIC, sizeof(h.magic)) != 0)
		return -EINVAL;
	if (h.version != WINDOWS_FILE_VERSION)
		return -ENOTSUP;
	if (bytes != windows_file_bytes() || h.header_bytes != sizeof(h) ||
	    h.record_bytes != sizeof(struct windows_record) || h.records != WINDOWS_FILE_RECORDS)
		return -EINVAL;
	if (boot && strncmp(h.boot, boot, sizeof(h.boot)) != 0)
		return -ESTALE;
	return 0;
}

struct windows_record *windows_file_record(void *mem, unsigned i)
{
	return (struct windows_record *)((char *)mem + sizeof(struct windows_header)) + i;
}

/* Without a UUID a domid is all that is known of a guest. */
static bool is_of(const struct windows_record *r, const uint8_t uuid[16], uint32_t domid,
		  uint32_t id)
{
	static const uint8_t none[16];

	return r->used && r->id == id && memcmp(r->uuid, uuid, 16) == 0 &&
	       (memcmp(uuid, none, 16) != 0 || r->domid == domid);
}

static bool is_connected(const struct windows_header *h, const struct windows_record *r)
{
	return r->used && r->attached && r->run == h->run;
}

/* Is record `a` rather to be given away than `b`? */
static bool is_freer(const struct windows_record *a, const struct windows_record *b)
{
	if (!a->used || !b->used)
		return b->used;
	return a->last_ms < b->last_ms;
}

static void give(struct windows_record *r, const uint8_t uuid[16], uint32_t domid, uint32_t id,
		 uint64_t run)
{
	windows_file_begin(r);
	memset((char *)r + sizeof(r->seq), 0, sizeof(*r) - sizeof(r->seq));
	memcpy(r->uuid, uuid, sizeof(r->uuid));
	r->domid = domid;
	r->id = id;
	r->run = run;
	r->used = 1;
	windows_file_end(r);
}

struct windows_record *windows_file_take(void *mem, const uint8_t uuid[16], uint32_t domid,
					 uint32_t id)
{
	const struct windows_header *h = mem;
	struct windows_record *free = NULL;

	for (unsigned i = 0; i < WINDOWS_FILE_RECORDS; i++) {
		struct windows_record *r = windows_file_record(mem, i);

		if (is_of(r, uuid, domid, id))
			return r;
		if (!is_connected(h, r) && (!free || is_freer(r, free)))
			free = r;
	}
	if (free)
		give(free, uuid, domid, id, h->run);
	return free;
}

/* Odd, also after a daemon that was killed in the middle of it. */
void windows_file_begin(struct windows_record *r)
{
	r->seq = (r->seq + 1) | 1;
	atomic_thread_fence(memory_order_release);
}

void windows_file_end(struct windows_record *r)
{
	atomic_thread_fence(memory_order_release);
	r->seq = (r->seq + 1) & ~UINT32_C(1);
}

bool windows_file_copy(const void *mem, unsigned i, struct windows_record *out)
{
	const struct windows_record *record =
		(const struct windows_record *)((const char *)mem + sizeof(struct windows_header)) +
		i;
	const volatile uint32_t *at = &record->seq;

	for (int try = 0; try < COPY_TRIES; try++) {
		uint32_t seq = *at;

		atomic_thread_fence(memory_order_acquire);
		memcpy(out, record, sizeof(*out));
		atomic_thread_fence(memory_order_acquire);
		if (seq % 2 == 0 && *at == seq) {
			out->guest[WINDOWS_GUEST_MAX] = '\0';
			return out->used;
		}
	}
	return false;
}
