/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/rates.h"

void rates_sample(struct rates *r, uint64_t bytes, uint64_t now_ns)
{
	r->last = (r->last + 1) % (RATES_SAMPLES + 1);
	r->bytes[r->last] = bytes;
	r->ns[r->last] = now_ns;
	if (r->count <= RATES_SAMPLES)
		r->count++;
}

void rates_restart(struct rates *r, uint64_t now_ns)
{
	uint64_t bytes = r->bytes[r->last];

	if (r->count == 0)
		return;
	r->count = 0;
	rates_sample(r, bytes, now_ns - RATES_PERIOD_MS * UINT64_C(1000000));
}

uint64_t rates_bps(const struct rates *r, unsigned periods)
{
	uint32_t back = r->count > 0 ? r->count - 1 : 0, old;
	uint64_t ns;

	if (back > periods)
		back = periods;
	old = (r->last + RATES_SAMPLES + 1 - back) % (RATES_SAMPLES + 1);
	ns = r->ns[r->last] - r->ns[old];
	if (ns == 0)
		return 0;
	return (uint64_t)((unsigned __int128)(r->bytes[r->last] - r->bytes[old]) * 8000000000u /
			  ns);
}
