/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capring.h: frames on their way from the frame loop to one reader, in memory that both map. Pure.
 */
#ifndef DMVL_CAPRING_H
#define DMVL_CAPRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * A page of header and a byte ring of records: each a struct capring_record, the bytes that were
 * copied of the frame, and padding to 8 bytes. One thread writes and never waits: a frame for which
 * the reader has left no room is lost, and counted. The writer keeps its own index and takes no
 * other word from the memory than the reader's index, which cannot lead it out of the ring.
 */
#define CAPRING_MAGIC	   "dmvlcapt"
#define CAPRING_VERSION	   1u
#define CAPRING_BYTES	   (8u << 20) /* of the records; a power of two */
#define CAPRING_MAX	   4u	      /* rings at a time, for one uplink */
#define CAPRING_FRAME_MAX  131072u    /* bytes of a frame that may be copied: more than any has */
#define CAPRING_REASONS	   64u
#define CAPRING_REASON_MAX 23u /* bytes */

enum capring_dir {
	CAPRING_TX, /* the guest sent it */
	CAPRING_RX, /* the guest received it, or should have */
};

struct capring_record {
	uint64_t ns;	   /* CLOCK_MONOTONIC: when it was sent on, delivered or dropped */
	uint32_t len;	   /* of the frame */
	uint32_t captured; /* bytes that follow */
	uint32_t lost;	   /* frames that were lost since the record before */
	uint16_t dir;	   /* enum capring_dir */
	uint16_t reason;   /* why it was dropped: a number of capring_reason(); 0: it was not */
};

struct capring_shared;

/* The writer's. Only capring.c writes it. */
struct capring {
	struct capring_shared *shared; /* NULL: closed */
	uint64_t head;
	uint64_t lost_all;
	uint32_t lost; /* since the last record */
	uint32_t snap; /* bytes of a frame that are copied at most */
};

/* The reader's. Only capring.c writes it. */
struct capring_reader {
	struct capring_shared *shared;
	uint64_t tail;
};

/* Bytes of the memory, which begins at a page. */
size_t capring_bytes(void);

/* Makes a ring of zeroed memory. `snap` is at most CAPRING_FRAME_MAX; 0: as much as that. */
void capring_open(struct capring *r, void *mem, uint32_t snap);

/* What reason number 1..CAPRING_REASONS - 1 means. */
void capring_name(struct capring *r, unsigned reason, const char *name);

/* All is there but the frames: the reader may begin. */
void capring_ready(struct capring *r);

/* Appends the frame, of which `captured` and `lost` are set here. False: it is lost. */
bool capring_put(struct capring *r, const struct capring_record *record, const struct iovec *iov,
		 unsigned iovcnt);

/*
 * Reads a ring from the first record on. 0, -EAGAIN: it is not ready yet, -EINVAL: it is none,
 * -ENOTSUP: of another version.
 */
int capring_attach(struct capring_reader *r, void *mem, size_t bytes);

/*
 * Takes the next record, and the frame's bytes into `frame` of CAPRING_FRAME_MAX. 1, 0: there is
 * none now, -EINVAL: the ring is damaged.
 */
int capring_get(struct capring_reader *r, struct capring_record *out, uint8_t *frame);

/* How many frames were lost so far. */
uint64_t capring_lost(const struct capring_reader *r);

/* The name of a reason, at most CAPRING_REASON_MAX bytes; `out` is returned. */
const char *capring_reason(const struct capring_reader *r, unsigned reason,
			   char out[CAPRING_REASON_MAX + 1]);

#endif
