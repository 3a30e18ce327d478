/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h: bytes and records in order, and a stand-in for a TAP. */
#ifndef DMVL_TESTS_FUZZ_STREAM_H
#define DMVL_TESTS_FUZZ_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow; a private copy. All zeros is an empty one. */
struct stream {
	uint8_t *bytes;
	size_t len, room;
};

void stream_add(struct stream *s, const void *p, size_t n);
/* Leaves it empty. */
void stream_free(struct stream *s);

/* Records of bytes in the order in which they must arrive. */
struct queue {
	struct stream all; /* each a length, then the bytes */
	size_t next;	   /* offset of the first that did not arrive yet */
};

void queue_put(struct queue *q, const void *p, uint32_t n);
/* Did this arrive in its turn? Then it is taken out. */
bool queue_take(struct queue *q, const void *p, uint32_t n);
/* The one that must arrive next, *n bytes; NULL: none. Until the next queue_put(). */
const uint8_t *queue_head(const struct queue *q, uint32_t *n);
void queue_drop(struct queue *q);
bool queue_empty(const struct queue *q);
void queue_free(struct queue *q);

/*
 * A pair of packet sockets in the place of a TAP: writes keep their boundaries, and there is
 * EAGAIN. fd[0] is the product's.
 */
void stream_tap(int fd[2]);

#endif
