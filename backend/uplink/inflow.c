/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/inflow.h"

#define AVERAGE_SHIFT 2 /* a look counts a quarter */
#define EARLY_SHIFT   4 /* what was read early is no more than that part of all */

static uint64_t rate_bps(uint64_t bytes, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)bytes * 8 * 1000000000u / ns);
}

/* Each counter of `now` less that of the last look. False: one went back. */
static bool since_last(const struct inflow *f, const struct inflow_counters *now,
		       struct inflow_counters *more)
{
	const struct inflow_counters *last = &f->last;

	*more = (struct inflow_counters){
		.exits_bytes = now->exits_bytes - last->exits_bytes,
		.ldps_bytes = now->ldps_bytes - last->ldps_bytes,
		.tap_frames = now->tap_frames - last->tap_frames,
		.tap_bytes = now->tap_bytes - last->tap_bytes,
		.dropped_frames = now->dropped_frames - last->dropped_frames,
	};
	return now->exits_bytes >= last->exits_bytes && now->ldps_bytes >= last->ldps_bytes &&
	       now->tap_frames >= last->tap_frames && now->tap_bytes >= last->tap_bytes &&
	       now->dropped_frames >= last->dropped_frames;
}

/*
 * The counters are not read at one moment, so that a look can count some frames as the LDPs' that
 * the exits count in the next one. Without early_bytes each such look would find them the host's.
 */
static uint64_t host_bytes(struct inflow *f, const struct inflow_counters *more)
{
	uint64_t ldps, most_early = more->ldps_bytes >> EARLY_SHIFT;

	if (more->tap_frames > 0)
		f->mean_bytes = more->tap_bytes / more->tap_frames;
	ldps = more->ldps_bytes + more->dropped_frames * f->mean_bytes + f->early_bytes;
	if (more->exits_bytes >= ldps) {
		f->early_bytes = 0;
		return more->exits_bytes - ldps;
	}
	ldps -= more->exits_bytes;
	f->early_bytes = ldps < most_early ? ldps : most_early;
	return 0;
}

uint64_t inflow_look(struct inflow *f, const struct inflow_counters *now, uint64_t now_ns)
{
	uint64_t ns = now_ns - f->at_ns, bps;
	struct inflow_counters more;

	if (f->begun && ns > 0 && since_last(f, now, &more)) {
		bps = rate_bps(host_bytes(f, &more), ns);
		f->host_bps += (bps >> AVERAGE_SHIFT) - (f->host_bps >> AVERAGE_SHIFT);
	}
	f->begun = true;
	f->last = *now;
	f->at_ns = now_ns;
	return f->host_bps;
}
