/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flood_limit.h: how much of broadcast and unknown multicast one sender may send. Pure. */
#ifndef DMVL_FLOOD_LIMIT_H
#define DMVL_FLOOD_LIMIT_H

#include "backend/sched/bucket.h"

/* Frames and bytes as they are on the wire: a GSO frame counts as its segments. */
struct flood_limit {
	struct bucket frames; /* a token is a frame */
	struct bucket bytes;
	bool no_frames;
};

/* Full buckets of 100 ms: `rate` frames per second, 0: none passes; max_bps 0: any bytes. */
void flood_limit_set(struct flood_limit *f, uint32_t rate, uint64_t max_bps, uint64_t now_ns);

/* Takes a frame's tokens. False, with nothing taken: the sender has none left. */
bool flood_limit_take(struct flood_limit *f, uint32_t frames, uint32_t bytes, uint64_t now_ns);

/* Gives them back: the frame was not sent. */
void flood_limit_return(struct flood_limit *f, uint32_t frames, uint32_t bytes);

#endif
