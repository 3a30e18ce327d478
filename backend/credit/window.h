/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h: how much of an LDP's traffic may wait in its TX ring. Pure. */
#ifndef DMVL_WINDOW_H
#define DMVL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"

/*
 * A guest needs in flight what the link takes until it has seen that there is room again, and every
 * byte more only makes its own frames wait. So the window is the LDP's rate times a short time:
 * the rate in force or, if more, the one it was served at lately: the draw lends what others leave,
 * and a window after the rate in force alone would take that away from the borrower.
 */
#define WINDOW_MS 10u

/* Begins as all zeros. Times are in nanoseconds of a clock that never goes back. */
struct window {
	uint64_t served_bps; /* falls by an eighth with each look */
	struct wire_credit told;
	uint64_t told_ns; /* 0: nothing was told yet */
};

/* It was served so many bytes in the time since the last look, about an epoch. */
void window_look(struct window *w, uint64_t served_bytes, uint64_t elapsed_ns);

/*
 * What it may have in flight in a ring of `ring_bytes`, at the rate in force `rate_bps` (0: no
 * limit is known, and the ring is the only one) and with an MTU of `mtu_bytes`: two full frames at
 * least.
 */
uint64_t window_bytes(const struct window *w, uint64_t rate_bps, uint32_t mtu_bytes,
		      uint32_t ring_bytes);

enum window_when {
	WINDOW_NOT,   /* as it was told, or nearly */
	WINDOW_LATER, /* a little differs, and it was told something less than a second ago */
	WINDOW_NOW,
};

/*
 * Worth telling at once: a rate or a credit that differs by more than an eighth; a second after the
 * last, any other rate or log offset. Each guest that is told wakes up for it, and one guest that
 * comes to two hundred changes the rates of all a little.
 */
enum window_when window_when(const struct window *w, const struct wire_credit *now,
			     uint64_t now_ns);

#endif
