/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldplog.h: the ring of records that one writes and any may follow, in memory that is passed in.
 * Pure. */
#ifndef DMVL_CREDIT_LDPLOG_H
#define DMVL_CREDIT_LDPLOG_H

#include "backend/credit/record.h"

/*
 * A log is a header of LDPLOG_HEADER_BYTES and, behind it, a ring of 2^n bytes. Offsets are of
 *bytes written since the log was made: they only grow, and the record at offset o lies at o modulo
 *the ring's size. One process writes. Readers map the same memory, take no lock and are not known
 *to the writer, who waits for nobody: a reader that is overtaken notices, and goes on further
 *ahead.
 *
 *	writer	the record's body with its crc, then a release store of the tail
 *	reader	acquires the tail, copies the record once, and then looks at the tail again: from
 *		tail - size on its place may have been written anew. seq and crc tell the rest.
 */
#define LDPLOG_HEADER_BYTES 4096u
#define LDPLOG_RING_MIN	    4096u
#define LDPLOG_RING_BYTES   (4u << 20)
#define LDPLOG_VERSION	    1u

/* Which log it is. All texts end with a NUL and are NUL behind it. */
struct ldplog_id {
	char boot[40];	   /* the host's boot id: domids mean nothing after another boot */
	char name[40];	   /* of the dmvl-back instance */
	uint32_t dir;	   /* 0: what guests transmit, 1: what they receive */
	uint32_t epoch_us; /* length of an epoch */
};

struct ldplog_header {
	char magic[8]; /* "DMVLLOG" */
	uint32_t version;
	uint32_t header_bytes;
	uint64_t ring_bytes;
	struct ldplog_id id;
	uint32_t crc;				    /* CRC-32C of all before */
	uint64_t tail __attribute__((aligned(64))); /* where the next record will be */
};
static_assert(sizeof(struct ldplog_header) <= LDPLOG_HEADER_BYTES, "log format");
static_assert(offsetof(struct ldplog_header, crc) == 24 + 88 &&
		      offsetof(struct ldplog_header, tail) == 128,
	      "log format");

/* Makes an empty log of `bytes` bytes: header and ring. mem is aligned to 64. */
void ldplog_format(void *mem, size_t bytes, const struct ldplog_id *id);

/*
 * Whether mem holds a log. 0; -EINVAL: it is none, or none of this version, size or soundness. With
 * an id, -ESTALE if it is of another boot, name, direction or epoch; NULL takes any.
 */
int ldplog_check(const void *mem, size_t bytes, const struct ldplog_id *id);

struct ldplog_writer {
	struct ldplog_header *header;
	uint8_t *ring;
	uint64_t ring_bytes;
	uint64_t tail;
};

/* Goes on at the tail of a log that was formatted or checked; mem is borrowed. */
void ldplog_writer_init(struct ldplog_writer *w, void *mem);

/* Seals and publishes a copy of *r. Returns its offset. */
uint64_t ldplog_append(struct ldplog_writer *w, const struct record *r);

struct ldplog_reader {
	const struct ldplog_header *header;
	const uint8_t *ring;
	uint64_t ring_bytes;
	uint64_t at;	  /* offset of the next record */
	uint64_t missed;  /* records that were overwritten before they were read */
	uint64_t damaged; /* records that are none */
};

/* Begins with the oldest record of a log that was checked; mem is borrowed. */
void ldplog_reader_init(struct ldplog_reader *r, const void *mem);

/*
 * The next record into *out. 1; 0: there is none yet; -EBADMSG: there was none in its place
 * (counted in `damaged`), or the tail is impossible, and then again and again without being
 * counted. Records that were overwritten are skipped and counted in `missed`.
 */
int ldplog_read(struct ldplog_reader *r, struct record *out);

#endif
