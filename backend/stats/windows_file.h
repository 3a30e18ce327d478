/* SPDX-License-Identifier: GPL-2.0-or-later */
/* windows_file.h: the lay-out of the file that says how guarantees were kept, in given memory.
 * Pure.
 */
#ifndef DMVL_WINDOWS_FILE_H
#define DMVL_WINDOWS_FILE_H

#include <stddef.h>

#include "backend/stats/windows.h"

/*
 * A header and records of equal size, one for each device that was connected, also after it is
 * gone: when all are taken, a new device gets that of the device that is gone for longest. All
 * numbers are of the host's byte order. The daemon that starts takes the file over.
 *
 * One thread writes, without a lock. The sequence number of a record is odd while it is written:
 * who reads copies the record, and tries again if the number was odd or has changed meanwhile.
 */
#define WINDOWS_FILE_MAGIC   "dmvlwind"
#define WINDOWS_FILE_VERSION 1u
#define WINDOWS_FILE_RECORDS 512u
#define WINDOWS_GUEST_MAX    63u /* bytes */
#define WINDOWS_DOMIDS	     4u
#define WINDOWS_DIRS	     2u /* what the guest sends, what it receives */

struct windows_header {
	char magic[8]; /* without a NUL */
	uint32_t version;
	uint32_t header_bytes, record_bytes, records;
	char boot[40];	     /* the host's boot id */
	uint64_t run;	     /* the number of the daemon that writes; each start has another */
	uint64_t written_ms; /* CLOCK_REALTIME of the last window */
};

struct windows_record {
	uint32_t seq;
	uint32_t used; /* 0: it is of no device */
	uint32_t domid, id;
	uint32_t before[WINDOWS_DOMIDS]; /* domids that it had before; 0: none */
	uint8_t uuid[16];
	char guest[WINDOWS_GUEST_MAX + 1]; /* its name when it connected; "": none was known */
	uint64_t generation;		   /* of the attachment */
	uint64_t run;			   /* the last daemon that wrote it */
	uint64_t attached;		   /* 1: the device is connected, while that daemon runs */
	uint64_t last_ns, last_ms; /* the end of its last window: CLOCK_MONOTONIC, CLOCK_REALTIME */
	uint64_t due_bps[WINDOWS_DIRS]; /* in that window; 0: no frames waited */
	struct windows dir[WINDOWS_DIRS];
};

size_t windows_file_bytes(void);

/* Writes the header into zeroed memory of windows_file_bytes(). */
void windows_file_format(void *mem, const char *boot);

/*
 * 0: it is such a file. -EINVAL: it is something else or damaged. -ENOTSUP: of another version.
 * -ESTALE: `boot` is not NULL, and the file is of another boot.
 */
int windows_file_check(const void *mem, size_t bytes, const char *boot);

static inline struct windows_header *windows_file_header(void *mem)
{
	return mem;
}

/* Record `i` < WINDOWS_FILE_RECORDS. */
struct windows_record *windows_file_record(void *mem, unsigned i);

/*
 * The record of the device: its own of before, one that nobody used, or that of the device that is
 * gone for longest, which is emptied. NULL: all are of devices that are connected. Sets `run` of a
 * record that is not its own.
 */
struct windows_record *windows_file_take(void *mem, const uint8_t uuid[16], uint32_t domid,
					 uint32_t id);

/* Around each change of a record. */
void windows_file_begin(struct windows_record *r);
void windows_file_end(struct windows_record *r);

/* Copies record `i`. False: it is not in use, or does not stop changing. */
bool windows_file_copy(const void *mem, unsigned i, struct windows_record *out);

#endif
