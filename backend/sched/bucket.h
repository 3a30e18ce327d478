/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bucket.h: a token bucket, exact to the byte. Pure. */
#ifndef DMVL_SCHED_BUCKET_H
#define DMVL_SCHED_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Tokens are bytes. They may be negative (a debt), because the size of a frame is known only after
 * it was served. `rem` keeps the remainder of the division by 8e9 (bits * ns in a byte), so that
 * rate * time stays exact however often the bucket is filled. The caller passes the time; a time
 * before the last one adds nothing.
 *
 * Only bucket.c writes the fields, but for tokens_bytes: the caller subtracts what it spends.
 */
struct bucket {
	uint64_t rate_bps;    /* 0: earns nothing */
	int64_t tokens_bytes; /* at most depth_bytes */
	int64_t depth_bytes;
	uint64_t rem; /* bits * ns, less than a byte: 0..8e9-1 */
	uint64_t last_ns;
};

/* Starts a full bucket. depth_bytes is 1..2^40. */
void bucket_init(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns);

/* Sets rate and depth from now_ns on. Tokens earned until then stay, up to the new depth. */
void bucket_change(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns);

/* Adds the tokens earned since the last call. */
void bucket_fill(struct bucket *b, uint64_t now_ns);

/*
 * The first nanosecond at which there are at least want_bytes (<= depth) tokens; UINT64_MAX: never.
 * If there are more already, the time at which there were no more, at the rate of now.
 * Call bucket_fill() first.
 */
uint64_t bucket_when_ns(const struct bucket *b, int64_t want_bytes);

#endif
