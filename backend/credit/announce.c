/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/announce.h"

#include "backend/frame/frame.h"

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static bool differs(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b, less = a > b ? b : a;

	return more - less > more / 100;
}

static bool balance_differs(int64_t a, int64_t b)
{
	uint64_t by = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
	uint64_t more = magnitude(a) > magnitude(b) ? magnitude(a) : magnitude(b);

	return by >= FRAME_WIRE_FULL && by > more / 100;
}

enum announce_when announce_when(const struct announced *a, const struct announcement *now,
				 uint64_t now_ns)
{
	const struct announcement *told = &a->told;

	if (a->told_ns == 0)
		return ANNOUNCE_NOW;
	if (now->log_offset == told->log_offset &&
	    !differs(now->credit_bytes, told->credit_bytes) &&
	    !differs(now->tx_rate_bps, told->tx_rate_bps) &&
	    !differs(now->rx_rate_bps, told->rx_rate_bps) &&
	    !balance_differs(now->balance_bytes, told->balance_bytes))
		return ANNOUNCE_NOT;
	return now_ns - a->told_ns >= ANNOUNCE_EACH_NS ? ANNOUNCE_NOW : ANNOUNCE_LATER;
}
