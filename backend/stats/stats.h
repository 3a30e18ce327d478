/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats.h: the memory lay-out of the statistics: what the frame loop writes, and any may read.
 * Pure. */
#ifndef DMVL_STATS_H
#define DMVL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A header, a table of fields, and records of equal size. Record 0 is the uplink's, and the others
 * are of LDPs. The table says what each number is: its name, unit and type, and where it is in a
 * record. So a reader needs no more than names, and a later daemon may add fields. All numbers are
 * of the host's byte order and 64 bits wide.
 *
 * One thread writes, without a lock. A record has a sequence number, which is odd while the record
 * is being written: who reads it copies the record, and tries again if the number was odd or has
 * changed meanwhile.
 */
#define STATS_MAGIC    "dmvlstat"
#define STATS_VERSION  1u
#define STATS_NAME_MAX 31u
#define STATS_UNIT_MAX 11u
#define STATS_BUCKETS  24u /* of a histogram of times */

enum stats_scope { STATS_UPLINK, STATS_LDP, STATS_SCOPES };

enum stats_type {
	STATS_COUNTER = 1, /* only grows, from 0 at the start of the daemon or LDP */
	STATS_GAUGE,
	STATS_SIGNED, /* a gauge that may be negative: two's complement */
	/*
	 * Counts of values: bucket 0 those below 1 unit, bucket i those from 2^(i-1) to below 2^i,
	 * the last one all others.
	 */
	STATS_HISTOGRAM,
};

/* A field as the writer declares it. */
struct stats_def {
	const char *name; /* at most STATS_NAME_MAX bytes, of a-z, 0-9 and - */
	const char *unit; /* at most STATS_UNIT_MAX bytes; "": a plain number */
	enum stats_scope scope;
	enum stats_type type;
	unsigned count; /* values: 1, or the buckets of a histogram */
};

struct stats_field {
	char name[STATS_NAME_MAX + 1];
	char unit[STATS_UNIT_MAX + 1];
	uint32_t scope, type;
	uint32_t first, count; /* value[first] .. value[first + count - 1] of a record */
};

struct stats_header {
	char magic[8]; /* STATS_MAGIC, without a NUL */
	uint32_t version;
	uint32_t fields;       /* behind this header */
	uint32_t records_at;   /* bytes from the begin of the file */
	uint32_t record_bytes; /* of one record */
	uint32_t records;      /* the uplink's among them */
	uint32_t period_ms;    /* so often it is written while frames pass */
	uint64_t written_ns;   /* when it was last written: CLOCK_MONOTONIC */
};

struct stats_record {
	uint32_t seq;
	uint32_t used; /* 1: there is an LDP */
	uint32_t domid, id;
	uint8_t uuid[16];
	uint64_t value[];
};

/* Bytes of all, with `records` records. */
size_t stats_bytes(const struct stats_def *defs, unsigned n, unsigned records);

/*
 * Writes the header and the table into zeroed memory of stats_bytes(). *layout is a copy of the
 * header, for stats_record(): what others do to the file must not lead the writer astray.
 */
void stats_format(void *mem, const struct stats_def *defs, unsigned n, unsigned records,
		  unsigned period_ms, struct stats_header *layout);

/* Record `i` < layout->records of the memory. */
struct stats_record *stats_record(void *mem, const struct stats_header *layout, unsigned i);

/* Around each change of a record. */
void stats_begin(struct stats_record *r);
void stats_end(struct stats_record *r);

/* The bucket of a histogram of STATS_BUCKETS into which the value falls. */
static inline unsigned stats_bucket(uint64_t value)
{
	unsigned bits = value ? 64u - (unsigned)__builtin_clzll(value) : 0;

	return bits < STATS_BUCKETS ? bits : STATS_BUCKETS - 1;
}

/*
 * Is this memory what this reader understands? 0, -EINVAL: it is something else or damaged,
 * -ENOTSUP: of another version. After 0 the functions below stay within `bytes` as long as nobody
 * changes the header; *out is a copy of it.
 */
int stats_check(const void *mem, size_t bytes, struct stats_header *out);

/* Field `i` < h->fields, its texts ended by NUL. False: it is damaged. */
bool stats_field(const void *mem, const struct stats_header *h, unsigned i,
		 struct stats_field *out);

/* The field of that name; false: there is none. */
bool stats_find(const void *mem, const struct stats_header *h, enum stats_scope scope,
		const char *name, struct stats_field *out);

/* Is record `i` < h->records that of this device? Only stats_copy() tells for sure. */
bool stats_is_of(const void *mem, const struct stats_header *h, unsigned i, uint32_t domid,
		 uint32_t id);

/* Is record `i` < h->records in use? Likewise. */
bool stats_is_used(const void *mem, const struct stats_header *h, unsigned i);

enum stats_use { STATS_UNUSED, STATS_USED, STATS_TORN /* it does not stop changing */ };

/* Copies record `i` < h->records into `out`, of h->record_bytes. */
enum stats_use stats_look(const void *mem, const struct stats_header *h, unsigned i,
			  struct stats_record *out);

/* The same. False: it is not in use, or does not stop changing. */
bool stats_copy(const void *mem, const struct stats_header *h, unsigned i,
		struct stats_record *out);

/* The value below which `permille` of a histogram's counts are: the upper end of a bucket; 0: none.
 */
uint64_t stats_quantile(const uint64_t *bucket, unsigned count, unsigned permille);

#endif
