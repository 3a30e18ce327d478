/* SPDX-License-Identifier: GPL-2.0-or-later */
/* window.h: how many bytes of an LDP may wait in its TX ring. Pure. */
#ifndef DMVL_WINDOW_H
#define DMVL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire.h"

/*
 * A guest must have enough bytes in flight to keep the link busy until it notices free space in the
 * ring. More bytes only make its own frames wait. So the window is the LDP's rate times WINDOW_MS.
 * Where frames of light flows pass the others in the ring, more bytes do not make them wait: the
 * window is WINDOW_LONG_MS, and a guest that stands still for that long keeps its share.
 * That rate is the larger of the rate in force and the rate at which the LDP was served lately:
 * the draw gives an LDP what others leave unused, and the rate in force alone would deny it that.
 */
#define WINDOW_MS      10u
#define WINDOW_LONG_MS 100u

/* Starts zero-initialised. Times are nanoseconds of any clock that never goes back. */
struct window {
	uint64_t served_bps;	      /* by window_look(); fades by an eighth in 10 ms */
	uint64_t look_bytes, look_ns; /* since served_bps was set last */
	struct wire_credit told; /* by the caller: the last message to the guest, and its time; */
	uint64_t told_ns;	 /* 0: none yet */
};

/*
 * The LDP was served served_bytes in the elapsed_ns (about an epoch) since the last look. A rate is
 * made of 64 full frames or WINDOW_LONG_MS: that of a single frame would be noise, of which the
 * guest would be told in each epoch.
 */
void window_look(struct window *w, uint64_t served_bytes, uint64_t elapsed_ns);

/*
 * The bytes that the LDP may have in flight: what it is served in window_ms, at least two full
 * frames of mtu_bytes, at most ring_bytes. rate_bps is the rate in force; 0: no limit is known, and
 * ring_bytes is the result.
 */
uint64_t window_bytes(const struct window *w, uint64_t rate_bps, unsigned window_ms,
		      uint32_t mtu_bytes, uint32_t ring_bytes);

enum window_when {
	WINDOW_NOT,   /* there is nothing to tell */
	WINDOW_LATER, /* there is, a second after the last message */
	WINDOW_NOW,
};

/*
 * When to tell the guest *now. At once: the first message, or a rate or credit that differs by more
 * than an eighth. A second after the last message: any other difference in rate or log offset. Each
 * message wakes the guest, and one guest that joins 200 others changes all their rates a little.
 */
enum window_when window_when(const struct window *w, const struct wire_credit *now,
			     uint64_t now_ns);

#endif
