/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/status.h"

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

static bool differs_much(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a : b, less = a > b ? b : a;

	return more - less > more / 8;
}

static bool balance_differs(int64_t a, int64_t b)
{
	uint64_t by = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
	uint64_t more = magnitude(a) > magnitude(b) ? magnitude(a) : magnitude(b);

	return by >= FRAME_WIRE_FULL && by > more / 100;
}

/* Something that follows what the LDP does itself. */
static bool own_differs(const struct ldp_status *old, const struct ldp_status *now)
{
	return now->log_offset != old->log_offset ||
	       differs(now->credit_bytes, old->credit_bytes) || now->groups != old->groups ||
	       balance_differs(now->balance_bytes, old->balance_bytes);
}

enum status_when status_when(const struct ldp_status_shown *shown, const struct ldp_status *now,
			     uint64_t now_ns)
{
	const struct ldp_status *old = &shown->status;
	uint64_t wait_ns = STATUS_EACH_NS;

	if (shown->shown_ns == 0)
		return STATUS_NOW;
	if (!own_differs(old, now)) {
		if (!differs(now->tx_rate_bps, old->tx_rate_bps) &&
		    !differs(now->rx_rate_bps, old->rx_rate_bps))
			return STATUS_NOT;
		if (!differs_much(now->tx_rate_bps, old->tx_rate_bps) &&
		    !differs_much(now->rx_rate_bps, old->rx_rate_bps))
			wait_ns = STATUS_RATES_NS;
	}
	return now_ns - shown->shown_ns >= wait_ns ? STATUS_NOW : STATUS_LATER;
}
