/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/stats.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define COPY_TRIES 1000 /* the writer is done with a record within a microsecond */

static unsigned values_of(const struct stats_def *defs, unsigned n, enum stats_scope scope)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++)
		if (defs[i].scope == scope)
			sum += defs[i].count;
	return sum;
}

static size_t record_bytes(const struct stats_def *defs, unsigned n)
{
	unsigned up = values_of(defs, n, STATS_UPLINK), ldp = values_of(defs, n, STATS_LDP);

	return sizeof(struct stats_record) + sizeof(uint64_t) * (up > ldp ? up : ldp);
}

static size_t fields_end(uint64_t fields)
{
	return sizeof(struct stats_header) + fields * sizeof(struct stats_field);
}

/* Numbers of 64 bits are there. */
static size_t records_at(unsigned fields)
{
	return (fields_end(fields) + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1);
}

size_t stats_bytes(const struct stats_def *defs, unsigned n, unsigned records)
{
	return records_at(n) + records * record_bytes(defs, n);
}

static struct stats_field *fields_of(void *mem)
{
	return (struct stats_field *)((char *)mem + sizeof(struct stats_header));
}

void stats_format(void *mem, const struct stats_def *defs, unsigned n, unsigned records,
		  unsigned period_ms, struct stats_header *layout)
{
	struct stats_field *f = fields_of(mem);
	unsigned next[STATS_SCOPES] = {0};

	*layout = (struct stats_header){
		.version = STATS_VERSION,
		.fields = n,
		.records_at = (uint32_t)records_at(n),
		.record_bytes = (uint32_t)record_bytes(defs, n),
		.records = records,
		.period_ms = period_ms,
	};
	for (unsigned i = 0; i < n; i++) {
		memcpy(f[i].name, defs[i].name, strnlen(defs[i].name, STATS_NAME_MAX));
		memcpy(f[i].unit, defs[i].unit, strnlen(defs[i].unit, STATS_UNIT_MAX));
		f[i].scope = defs[i].scope;
		f[i].type = defs[i].type;
		f[i].first = next[defs[i].scope];
		f[i].count = defs[i].count;
		next[defs[i].scope] += defs[i].count;
	}
	memcpy(layout->magic, STATS_MAGIC, sizeof(layout->magic));
	memcpy(mem, layout, sizeof(*layout));
}

struct stats_record *stats_record(void *mem, const struct stats_header *layout, unsigned i)
{
	return (struct stats_record *)((char *)mem + layout->records_at +
				       (size_t)i * layout->record_bytes);
}

void stats_begin(struct stats_record *r)
{
	r->seq++;
	atomic_thread_fence(memory_order_release);
}

void stats_end(struct stats_record *r)
{
	atomic_thread_fence(memory_order_release);
	r->seq++;
}

int stats_check(const void *mem, size_t bytes, struct stats_header *out)
{
	size_t left;

	if (bytes < sizeof(*out))
		return -EINVAL;
	memcpy(out, mem, sizeof(*out));
	if (memcmp(out->magic, STATS_MAGIC, sizeof(out->magic)) != 0)
		return -EINVAL;
	if (out->version != STATS_VERSION)
		return -ENOTSUP;
	if (out->records_at > bytes || out->records_at % sizeof(uint64_t) ||
	    fields_end(out->fields) > out->records_at)
		return -EINVAL;
	left = bytes - out->records_at;
	if (out->record_bytes < sizeof(struct stats_record) ||
	    out->record_bytes % sizeof(uint64_t) || out->records < 1 ||
	    out->records > left / out->record_bytes)
		return -EINVAL;
	return 0;
}

bool stats_field(const void *mem, const struct stats_header *h, unsigned i, struct stats_field *out)
{
	uint64_t values = (h->record_bytes - sizeof(struct stats_record)) / sizeof(uint64_t);

	memcpy(out, (const char *)mem + sizeof(*h) + (size_t)i * sizeof(*out), sizeof(*out));
	out->name[STATS_NAME_MAX] = '\0';
	out->unit[STATS_UNIT_MAX] = '\0';
	return out->scope < STATS_SCOPES && out->count >= 1 &&
	       (uint64_t)out->first + out->count <= values;
}

bool stats_find(const void *mem, const struct stats_header *h, enum stats_scope scope,
		const char *name, struct stats_field *out)
{
	for (unsigned i = 0; i < h->fields; i++)
		if (stats_field(mem, h, i, out) && out->scope == scope &&
		    strcmp(out->name, name) == 0)
			return true;
	return false;
}

static const volatile struct stats_record *shared_record(const void *mem,
							 const struct stats_header *h, unsigned i)
{
	return (const volatile struct stats_record *)((const char *)mem + h->records_at +
						      (size_t)i * h->record_bytes);
}

bool stats_is_of(const void *mem, const struct stats_header *h, unsigned i, uint32_t domid,
		 uint32_t id)
{
	const volatile struct stats_record *r = shared_record(mem, h, i);

	return r->used && r->domid == domid && r->id == id;
}

bool stats_is_used(const void *mem, const struct stats_header *h, unsigned i)
{
	return shared_record(mem, h, i)->used;
}

enum stats_use stats_look(const void *mem, const struct stats_header *h, unsigned i,
			  struct stats_record *out)
{
	const volatile struct stats_record *r = shared_record(mem, h, i);

	for (int try = 0; try < COPY_TRIES; try++) {
		uint32_t seq = r->seq;

		atomic_thread_fence(memory_order_acquire);
		memcpy(out, (const void *)r, h->record_bytes);
		atomic_thread_fence(memory_order_acquire);
		if (seq % 2 == 0 && r->seq == seq)
			return out->used ? STATS_USED : STATS_UNUSED;
	}
	return STATS_TORN;
}

bool stats_copy(const void *mem, const struct stats_header *h, unsigned i, struct stats_record *out)
{
	return stats_look(mem, h, i, out) == STATS_USED;
}

uint64_t stats_quantile(const uint64_t *bucket, unsigned count, unsigned permille)
{
	uint64_t all = 0, below = 0;

	for (unsigned i = 0; i < count; i++)
		all += bucket[i];
	for (unsigned i = 0; all && i < count; i++) {
		below += bucket[i];
		if (below * 1000 >= all * permille)
			return (uint64_t)1 << (i < 63 ? i : 63);
	}
	return 0;
}
