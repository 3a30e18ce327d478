/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/bucket.h"

#define BYTE_UNITS 8000000000u /* one byte in bits * ns */

typedef unsigned __int128 u128;

void bucket_init(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns)
{
	*b = (struct bucket){.rate_bps = rate_bps,
			     .tokens_bytes = depth_bytes,
			     .depth_bytes = depth_bytes,
			     .last_ns = now_ns};
}

void bucket_change(struct bucket *b, uint64_t rate_bps, int64_t depth_bytes, uint64_t now_ns)
{
	bucket_fill(b, now_ns);
	b->rate_bps = rate_bps;
	b->depth_bytes = depth_bytes;
	if (b->tokens_bytes >= depth_bytes) {
		b->tokens_bytes = depth_bytes;
		b->rem = 0;
	}
}

void bucket_fill(struct bucket *b, uint64_t now_ns)
{
	u128 units, bytes;

	if (now_ns <= b->last_ns)
		return;
	units = (u128)(now_ns - b->last_ns) * b->rate_bps + b->rem;
	b->last_ns = now_ns;
	if (units >> 64) {
		bytes = units / BYTE_UNITS;
		b->rem = (uint64_t)(units % BYTE_UNITS);
	} else { /* the usual case needs no 128-bit division */
		bytes = (uint64_t)units / BYTE_UNITS;
		b->rem = (uint64_t)units % BYTE_UNITS;
	}
	if (bytes >= (u128)(b->depth_bytes - b->tokens_bytes)) {
		b->tokens_bytes = b->depth_bytes;
		b->rem = 0;
	} else {
		b->tokens_bytes += (int64_t)bytes;
	}
}

uint64_t bucket_when_ns(const struct bucket *b, int64_t want_bytes)
{
	int64_t lacking = want_bytes - b->tokens_bytes;
	u128 ns;

	if (!b->rate_bps)
		return lacking > 0 ? UINT64_MAX : b->last_ns;
	if (lacking <= 0) {
		ns = ((u128)-lacking * BYTE_UNITS + b->rem) / b->rate_bps;
		return ns < b->last_ns ? b->last_ns - (uint64_t)ns : 0;
	}
	ns = ((u128)lacking * BYTE_UNITS - b->rem + b->rate_bps - 1) / b->rate_bps + b->last_ns;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}
