/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chan.h: a libxenvchan connection in memory, and the far end of it. Linking it puts its functions
 * in the place of libxenvchan's; common/vchan.c and all above it is the product's.
 *
 * The far end does as it likes with the shared page and the rings. It wakes the product only where
 * libxenvchan would have: when the product asked for it, or says chan_kick().
 */
#ifndef DMVL_TESTS_FAKE_CHAN_H
#define DMVL_TESTS_FAKE_CHAN_H

#include <libxenvchan.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/vchan.h"
#include "common/wire.h"

/* When the product is inside of libxenvchan. */
enum chan_moment {
	CHAN_CALL,	   /* a call begins or ends */
	CHAN_ASKS_WRITTEN, /* it asks to be told of what is written, and that cannot be seen yet */
	CHAN_ASKS_READ,	   /* likewise of what is read */
};

struct chan {
	struct libxenvchan x;	       /* the product's end */
	struct vchan_interface *page;  /* shared */
	struct ring_shared *in, *out;  /* of the far end's: `in` is what the product writes */
	uint8_t *in_bytes, *out_bytes; /* each exactly `size` long */
	uint32_t size;
	uint32_t in_cons, out_prod; /* the far end's private indexes */
	bool tell_write, tell_read; /* what the product wants to hear of */
	bool waits_room,
		waits_data; /* what the far end wants to hear of; cleared when it was told */
	uint8_t live;	    /* 1: the far end lives */
	unsigned told_read, told_written; /* how often the product said so */
	bool mapped;			  /* the product has its end */
	int fd;
	void (*moment)(struct chan *c, enum chan_moment moment); /* the far end acts; NULL: not */
};

/* A server that waits for the product's next vchan_connect(), rings of 2^order bytes each way. */
void chan_offer(struct chan *c, unsigned order);
/* Makes the connection and hands the product its end. */
struct vchan *chan_open(struct chan *c, unsigned order);
/* After the product's vchan_close(). */
void chan_free(struct chan *c);

/* Moves both rings on by n bytes, so that what comes next wraps where the test wants it. */
void chan_wind(struct chan *c, struct vchan *v, uint32_t n);

/* Free bytes in the product's read ring, none where its index is out of range. */
uint32_t chan_room(const struct chan *c);
/* Writes up to n bytes of p into the product's read ring, as far as there is room: how many. */
uint32_t chan_write(struct chan *c, const void *p, uint32_t n);
/* Writes a whole message (wire.h). False: there is no room, and nothing is written. */
bool chan_message(struct chan *c, enum wire_type type, const void *body, uint32_t len);
/* Likewise a frame that is flagged as one of a light flow. */
bool chan_sparse(struct chan *c, const void *body, uint32_t len);
/* The bytes that wait in the product's write ring; -1: its index is out of range. */
int64_t chan_waiting(const struct chan *c);
/* Copies n bytes at `off` behind the first one that waits. */
void chan_peek(const struct chan *c, uint32_t off, void *to, uint32_t n);
/* Takes them out. */
void chan_take(struct chan *c, uint32_t n);
/* The bytes in the product's read ring that it has not freed yet. */
uint32_t chan_unread(const struct chan *c);
/* An event, wanted or not. */
void chan_kick(struct chan *c);

#endif
