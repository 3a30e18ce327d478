/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arrivals.h: since when the bytes at the head of a byte stream have been waiting. Pure. */
#ifndef DMVL_ARRIVALS_H
#define DMVL_ARRIVALS_H

#include <stdint.h>

#define ARRIVALS_MARKS 16u

/* Up to where the stream went, and when that was seen first. */
struct arrival {
	uint64_t end, ns;
};

/*
 * A guest does not say when it wrote a frame. What is known is when the reader first saw its bytes.
 * Starts zero-initialised. Only arrivals.c writes it.
 */
struct arrivals {
	uint64_t taken; /* bytes ever */
	struct arrival mark[ARRIVALS_MARKS];
	uint32_t first, n;
};

/* `waiting` bytes beyond what was taken are there at now_ns. */
void arrivals_see(struct arrivals *a, uint32_t waiting, uint64_t now_ns);

/*
 * When the next `bytes` were all there; now_ns where that is not known. If the reader looks more
 * often than there are marks, some bytes count as seen somewhat later, when the next ones were.
 */
uint64_t arrivals_since(const struct arrivals *a, uint32_t bytes, uint64_t now_ns);

void arrivals_take(struct arrivals *a, uint32_t bytes);

/* Bytes that were seen and not yet taken. */
uint64_t arrivals_waiting(const struct arrivals *a);

#endif
