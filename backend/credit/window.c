/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/window.h"

#include "backend/sched/rate.h"

#define NS_PER_SEC     1000000000ull
#define FRAMES_MIN     2u
#define L2_MAX	       22u /* an Ethernet header and two tags */
#define SERVED_FADE    8u  /* this part of it in 10 ms */
#define FADE_US	       (SERVED_FADE * 10000u)
#define LOOK_BYTES_MIN (64 * 1514u)

void window_look(struct window *w, uint64_t served_bytes, uint64_t elapsed_ns)
{
	uint64_t us, bps;

	w->look_bytes += served_bytes;
	w->look_ns += elapsed_ns;
	us = w->look_ns / 1000;
	if (us == 0 || (w->look_bytes < LOOK_BYTES_MIN && us < WINDOW_LONG_MS * 1000))
		return;
	bps = w->look_bytes * 8 * 1000000 / us;
	w->served_bps -= w->served_bps * (us < FADE_US ? us : FADE_US) / FADE_US;
	if (bps > w->served_bps)
		w->served_bps = bps;
	w->look_bytes = 0;
	w->look_ns = 0;
}

uint64_t window_bytes(const struct window *w, uint64_t rate_bps, unsigned window_ms,
		      uint32_t mtu_bytes, uint32_t ring_bytes)
{
	uint64_t least = FRAMES_MIN * wire_size(WIRE_VNET_LEN + L2_MAX + mtu_bytes);
	uint64_t bytes;

	if (rate_bps == 0)
		return ring_bytes;
	bytes = rate_bytes(rate_bps > w->served_bps ? rate_bps : w->served_bps, window_ms);
	if (bytes < least)
		bytes = least;
	return bytes < ring_bytes ? bytes : ring_bytes;
}

static bool by_an_eighth(uint64_t was, uint64_t is)
{
	return (is > was ? is - was : was - is) > was / 8;
}

enum window_when window_when(const struct window *w, const struct wire_credit *now, uint64_t now_ns)
{
	const struct wire_credit *told = &w->told;

	if (w->told_ns == 0 || by_an_eighth(told->rate_bps, now->rate_bps) ||
	    by_an_eighth(told->credit_bytes, now->credit_bytes))
		return WINDOW_NOW;
	if (now->rate_bps == told->rate_bps && now->log_offset == told->log_offset)
		return WINDOW_NOT;
	return now_ns - w->told_ns >= NS_PER_SEC ? WINDOW_NOW : WINDOW_LATER;
}
