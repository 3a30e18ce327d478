/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bucket.h: a token bucket that is exact to the byte and keeps the remainder of its divisions.
 * Pure. */
#ifndef DMVL_SCHED_BUCKET_H
#define DMVL_SCHED_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Tokens are bytes and may be negative (debt): a frame's size is known only once it is served. The
 * remainder is in bits times nanoseconds, 8e9 of which are one byte, so that rate * time is exact
 * however often the bucket is looked at. Time is the caller's and must not go back.
 */
struct bucket {
	uint64_t rate_bps; /* 0 = no bucket */
	int64_t tokens_bytes;
	int64_t depth_bytes;
	uint64_t rem; /* bits * ns below one byte: 0..8e9-1 */
	uint64_t last_ns;
};

/* A full bucket as of now_ns. depth_bytes is 1..2^40. */
void bucket_init(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns);

/* New rate and depth from now on; what was earned before at the old rate stays, up to the depth. */
void bucket_change(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns);

/* Adds what the time since the last call has earned. */
void bucket_fill(struct bucket *b, uint64_t now_ns);

/* When the tokens will be at least `want_bytes` (<= depth), first nanosecond; fill it before. */
uint64_t bucket_when_ns(const struct bucket *b, int64_t want_bytes);

#endif
