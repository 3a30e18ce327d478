/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/flood_limit.h"

#define FRAMES_MIN 16u /* what DHCP, ARP and ND of a guest that starts send at once */
#define BYTES_MIN  (FRAMES_MIN * 1518u) /* full frames */

static uint64_t at_least(uint64_t value, uint64_t min)
{
	return value > min ? value : min;
}

void flood_limit_set(struct flood_limit *f, uint32_t rate, uint64_t max_bps, uint64_t now_ns)
{
	f->no_frames = rate == 0;
	bucket_init(&f->frames, (uint64_t)rate * 8, (int64_t)at_least(rate / 10, FRAMES_MIN),
		    now_ns);
	bucket_init(&f->bytes, max_bps, (int64_t)at_least(max_bps / 80, BYTES_MIN), now_ns);
}

bool flood_limit_take(struct flood_limit *f, uint32_t frames, uint32_t bytes, uint64_t now_ns)
{
	bucket_fill(&f->frames, now_ns);
	bucket_fill(&f->bytes, now_ns);
	if (f->no_frames || f->frames.tokens_bytes <= 0 || f->bytes.tokens_bytes <= 0)
		return false;
	f->frames.tokens_bytes -= frames;
	if (f->bytes.rate_bps)
		f->bytes.tokens_bytes -= bytes;
	return true;
}

void flood_limit_return(struct flood_limit *f, uint32_t frames, uint32_t bytes)
{
	f->frames.tokens_bytes += frames;
	if (f->bytes.rate_bps)
		f->bytes.tokens_bytes += bytes;
}
