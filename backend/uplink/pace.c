/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/pace.h"

#include "backend/frame/frame.h"

#define DEPTH_MIN (2 * FRAME_WIRE_FULL)
#define EARLY_MAX (FRAME_WIRE_FULL / 4)
#define LATE_NS	  100000000u

void pace_init(struct pace *p, uint64_t now_ns)
{
	bucket_init(&p->bucket, 0, DEPTH_MIN, now_ns);
}

static int64_t depth_bytes(uint64_t rate_bps, uint64_t ns)
{
	uint64_t depth = rate_bps / 8 * (ns / 1000) / 1000000;

	return (int64_t)(depth < DEPTH_MIN ? DEPTH_MIN : depth);
}

void pace_set(struct pace *p, uint64_t rate_bps, uint64_t burst_ns, uint64_t now_ns)
{
	p->burst_bytes = depth_bytes(rate_bps, burst_ns);
	p->ns_per_byte = rate_bps ? 8e9 / (double)rate_bps : 0;
	bucket_change(&p->bucket, rate_bps, depth_bytes(rate_bps, LATE_NS), now_ns);
}

void pace_begin(struct pace *p, uint64_t now_ns)
{
	bucket_fill(&p->bucket, now_ns);
	if (!pace_wait(p))
		p->early_bytes = 0;
	if (p->idle)
		pace_full(p);
}

void pace_full(struct pace *p)
{
	if (p->bucket.tokens_bytes > p->burst_bytes)
		p->bucket.tokens_bytes = p->burst_bytes;
}

bool pace_wait(const struct pace *p)
{
	return p->bucket.rate_bps && p->bucket.tokens_bytes <= 0;
}

bool pace_takes(const struct pace *p, uint32_t wire_bytes)
{
	return !pace_wait(p) || p->early_bytes + wire_bytes <= EARLY_MAX;
}

void pace_spend(struct pace *p, uint32_t wire_bytes)
{
	if (pace_wait(p))
		p->early_bytes += wire_bytes;
	p->bucket.tokens_bytes -= wire_bytes;
}

uint64_t pace_when_ns(const struct pace *p)
{
	return pace_wait(p) ? bucket_when_ns(&p->bucket, 1) : PACE_NEVER;
}

uint64_t pace_clock_ns(const struct pace *p, uint64_t now_ns)
{
	if (!p->bucket.rate_bps)
		return now_ns;
	return p->bucket.last_ns -
	       (uint64_t)(int64_t)((double)p->bucket.tokens_bytes * p->ns_per_byte);
}
