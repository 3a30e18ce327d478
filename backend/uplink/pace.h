/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h: limits one direction of the uplink to its capacity. Pure. */
#ifndef DMVL_PACE_H
#define DMVL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/bucket.h"

#define PACE_NEVER UINT64_MAX

/*
 * Times are nanoseconds of any clock that never goes back. While frames wait, a turn that comes
 * late sends what it missed, up to 100 ms. If that is more than the link takes, it had no room for
 * it, and what is beyond the burst is forgotten: otherwise its queue would be full until the
 * last of it is made up for. After a turn without frames, too, a burst is sent at once at most. The
 * caller passes the wire bytes of each frame that it sends to pace_spend(), and sets `idle` at the
 * end of its turn; pace.c writes the other fields.
 */
struct pace {
	struct bucket bucket; /* rate 0: no pacing */
	int64_t burst_bytes;
	double ns_per_byte;
	uint32_t early_bytes; /* sent while the link was busy, since it was free last */
	bool idle;	      /* no LDP had a frame when the last turn ended */
};

/* Starts without pacing; pace_set() sets a rate. */
void pace_init(struct pace *p, uint64_t now_ns);

/* Paces to rate_bps from now on, 0: no pacing; a burst is what that carries in burst_ns. */
void pace_set(struct pace *p, uint64_t rate_bps, uint64_t burst_ns, uint64_t now_ns);

/* Begins a turn: adds the tokens that the time since the last turn has earned. */
void pace_begin(struct pace *p, uint64_t now_ns);

/* The link takes no more at present. */
void pace_full(struct pace *p);

/* Must the next frame wait? */
bool pace_wait(const struct pace *p);

/*
 * May a frame of that many bytes on the wire, which would be the next one anyway, go now? Small
 * ones need not wait until the link is free, as long as all of them are a quarter of a full frame
 * at most: so what comes next waits hardly longer.
 */
bool pace_takes(const struct pace *p, uint32_t wire_bytes);

/* That many bytes on the wire were sent. */
void pace_spend(struct pace *p, uint32_t wire_bytes);

/* Until when the next frame must wait, as of pace_begin(); PACE_NEVER: it need not wait. */
uint64_t pace_when_ns(const struct pace *p);

/*
 * The link's time: when the next frame begins on the link. A turn that comes late sends what the
 * link could have carried before, so this is up to 100 ms before now_ns. Without pacing: now_ns.
 */
uint64_t pace_clock_ns(const struct pace *p, uint64_t now_ns);

#endif
