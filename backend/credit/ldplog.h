/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ldplog.h: a ring of records with one writer and any number of readers, in given memory. Pure. */
#ifndef DMVL_CREDIT_LDPLOG_H
#define DMVL_CREDIT_LDPLOG_H

#include "backend/credit/record.h"

/*
 * A log is a header of LDPLOG_HEADER_BYTES and, behind it, a ring of 2^n bytes. An offset counts
 * all bytes written since the log was created, so it only grows; the record at offset o lies at o
 * modulo the ring's size. One process writes. Readers map the same memory, take no lock, and the
 * writer neither knows of them nor waits for them: a reader that is overtaken notices and skips
 * ahead.
 *
 *	writer	stores the record with its crc, then the tail (release)
 *	reader	loads the tail (acquire), copies the record once, then loads the tail again: below
 *		tail - size the record may have been overwritten meanwhile; seq and crc detect what
 *		the tail does not
 */
#define LDPLOG_HEADER_BYTES 4096u
#define LDPLOG_RING_MIN	    4096u
#define LDPLOG_RING_BYTES   (4u << 20)
#define LDPLOG_VERSION	    1u

/* Identifies a log. The texts are padded with NULs, at least one. */
struct ldplog_id {
	char boot[40];	   /* the host's boot id, because domids are valid within one boot */
	char name[40];	   /* of the dmvl-back instance */
	uint32_t dir;	   /* 0: what guests transmit, 1: what they receive */
	uint32_t epoch_us; /* length of an epoch */
};

/* Written by ldplog_format(); the tail by ldplog_append(). */
struct ldplog_header {
	char magic[8]; /* "DMVLLOG" */
	uint32_t version;
	uint32_t header_bytes;
	uint64_t ring_bytes;
	struct ldplog_id id;
	uint32_t crc;				    /* CRC-32C of all before */
	uint64_t tail __attribute__((aligned(64))); /* offset of the next record */
};
static_assert(sizeof(struct ldplog_header) <= LDPLOG_HEADER_BYTES, "log format");
static_assert(offsetof(struct ldplog_header, crc) == 24 + 88 &&
		      offsetof(struct ldplog_header, tail) == 128,
	      "log format");

/* Creates an empty log of `bytes` bytes, header and ring. mem is aligned to 64. */
void ldplog_format(void *mem, size_t bytes, const struct ldplog_id *id);

/*
 * Does mem hold a log? 0: yes. -EINVAL: it is none, is damaged, or has another version or size.
 * -ESTALE: `id` is not NULL, and the log's boot, name, direction or epoch differs from it.
 */
int ldplog_check(const void *mem, size_t bytes, const struct ldplog_id *id);

/* Only ldplog.c writes it. */
struct ldplog_writer {
	struct ldplog_header *header;
	uint8_t *ring;
	uint64_t ring_bytes;
	uint64_t tail;
};

/* Starts at the tail of a log that was formatted or checked. Borrows mem. */
void ldplog_writer_init(struct ldplog_writer *w, void *mem);

/* Seals a copy of *r and makes it visible to readers. Returns its offset. */
uint64_t ldplog_append(struct ldplog_writer *w, const struct record *r);

/* Only ldplog.c writes it. */
struct ldplog_reader {
	const struct ldplog_header *header;
	const uint8_t *ring;
	uint64_t ring_bytes;
	uint64_t at;	  /* offset of the next record */
	uint64_t missed;  /* records that were overwritten before they were read */
	uint64_t damaged; /* places that held no valid record */
};

/* Starts at the oldest record of a log that was checked. Borrows mem. */
void ldplog_reader_init(struct ldplog_reader *r, const void *mem);

/* Goes on with what is appended from now on. */
void ldplog_reader_skip(struct ldplog_reader *r);

/*
 * Copies the next record to *out. 1: done. 0: there is none yet. -EBADMSG: there is no valid record
 * in that place, which is counted in `damaged` and skipped; or the tail is impossible, which every
 * further call reports again and does not count. Records that were overwritten before they were
 * read are skipped and counted in `missed`.
 */
int ldplog_read(struct ldplog_reader *r, struct record *out);

#endif
