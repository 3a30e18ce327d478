/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chan.h: a libxenvchan connection in memory, and the far end of it. Linking it puts its functions
 * in the place of libxenvchan's; common/vchan.c and all above it is the product's.
 *
 * The far end does as it likes with the shared page and the rings. It wakes the product only where
 * libxenvchan would have: when the product asked for it, or says chan_kick().
 */
#ifndef DMVL_TESTS_FUZZ_CHAN_H
#define DMVL_TESTS_FUZZ_CHAN_H

#include <libxenvchan.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/vchan.h"

struct chan {
	struct libxenvchan x;	       /* the product's end */
	struct vchan_interface *page;  /* shared */
	struct ring_shared *in, *out;  /* of the far end's: `in` is what the product writes */
	uint8_t *in_bytes, *out_bytes; /* each exactly `size` long */
	uint32_t size;
	uint32_t in_cons, out_prod;  /* the far end's private indexes */
	bool tell_write, tell_read;  /* what the product wants to hear of */
	bool waits_room, waits_data; /* what the far end wants to hear of */
	uint8_t live;		     /* 1: the far end lives */
	int fd;
	/*
	 * What the far end does in the moment before the product's wish to hear of what is written,
	 * or read, can be seen: of that it will not be told. NULL: nothing.
	 */
	void (*race)(struct chan *c, bool written);
};

/* Makes the connection, rings of 2^order bytes each way, and hands the product its end. */
struct vchan *chan_open(struct chan *c, unsigned order);
/* After the product's vchan_close(). */
void chan_free(struct chan *c);

/* Free bytes in the product's read ring, none where its index is out of range. */
uint32_t chan_room(const struct chan *c);
/* Writes up to n bytes of p into the product's read ring, as far as there is room: how many. */
uint32_t chan_write(struct chan *c, const void *p, uint32_t n);
/* The bytes that wait in the product's write ring; -1: its index is out of range. */
int64_t chan_waiting(const struct chan *c);
/* Copies n bytes at `off` behind the first one that waits. */
void chan_peek(const struct chan *c, uint32_t off, void *to, uint32_t n);
/* Takes them out. */
void chan_take(struct chan *c, uint32_t n);
/* An event, wanted or not. */
void chan_kick(struct chan *c);

#endif
