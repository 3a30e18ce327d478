/* SPDX-License-Identifier: GPL-2.0-or-later */
/* txqueue.h: the length of the TAP's queue, where the frames of a guest wait that sends all it can:
 * short, because TCP fills the queue whatever its length. See docs/latency.md. */
#ifndef DMVL_TXQUEUE_H
#define DMVL_TXQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

/* Everybody reads, only txqueue.c writes. */
struct txqueue {
	int tap_fd;
	struct loop_timer *rested;
	uint64_t rate_bps; /* which the queue is to fit; 0: unknown */
	int ours;	   /* frames, as set last; 0: never */
	int theirs;	   /* frames, as somebody else was found to have set */
	bool rests;	   /* it was changed a short time ago */
};

/* Sets a length for an unknown rate. The fd is borrowed. 0 or -ENOMEM. */
int txqueue_init(struct txqueue *q, struct loop *loop, int tap_fd);
void txqueue_free(struct txqueue *q);

/* Fits the length to another rate; a length that somebody else has set stays. */
void txqueue_rate(struct txqueue *q, uint64_t rate_bps);

/*
 * Sets the length again, even if somebody else has set another one, and lets it follow the rate
 * again. 0, or -errno after a warning.
 */
int txqueue_again(struct txqueue *q);

#endif
