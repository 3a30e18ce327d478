/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backlog.h: frames that go into the TX ring before anything else is read from the TAP. Pure. */
#ifndef DMVL_BACKLOG_H
#define DMVL_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Two things end up here: a frame that was read from the TAP and did not fit into the room left,
 * and the frames that a backend had not consumed when the connection ended. Never more than one
 * ring and one frame.
 */
struct backlog {
	/* Everybody reads, only backlog.c writes. */
	uint8_t *mem;
	uint32_t cap, head, tail;
};

int backlog_init(struct backlog *b); /* 0 or -ENOMEM; room for one frame of any size */
void backlog_free(struct backlog *b);

/* Appends one frame: the first `len` bytes of iov (vnet header included). 0 or -ENOMEM. */
int backlog_push(struct backlog *b, const struct iovec *iov, unsigned n, uint32_t len);

/*
 * Puts frames, as they lie in a ring, in front of all others. Returns how many; or keeps none and
 * returns -EPROTO when the bytes are not whole frames, or -ENOMEM.
 */
int backlog_prepend(struct backlog *b, const struct iovec *iov, unsigned n);

/* The oldest frame with its vnet header, valid until the next call that changes b; or NULL. */
const uint8_t *backlog_peek(const struct backlog *b, uint32_t *len);
void backlog_pop(struct backlog *b);
uint32_t backlog_bytes(const struct backlog *b); /* ring bytes that all frames will take */

#endif
