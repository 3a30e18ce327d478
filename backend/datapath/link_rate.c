/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdlib.h>

#include "backend/datapath/core.h"
#include "backend/frame/frame_cost.h"

/*
 * What the uplink carries, as its back-pressure tells, and what follows from it: minima and the cap
 * on frames, the LDPs' credits, the send buffer. With a configured capacity frames are paced to
 * that, and a measured one counts only where the link is clearly slower; without, back-pressure is
 * the pace. Everything follows by steps of a 32nd, at most twenty times a second, unless the change
 * is large: a credit is a message to each guest.
 */
#define STEP_SHIFT    5
#define LEAP_SHIFT    2
#define STEP_NS	      (50 * NS_PER_MS)
#define ANNOUNCE_NS   NS_PER_SEC
#define ANNOUNCE_PART 100 /* a change of 1 % is worth a word */

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

uint64_t dpath_capacity_bps(const struct dpath *dp)
{
	return dp->capacity_bps;
}

static void size_sndbuf(struct dpath *dp)
{
	uint64_t paced_bps = dp->link.tx_capacity_bps;
	uint32_t bytes =
		paced_bps ? capacity_paced_sndbuf(&dp->capacity, uplink_sndbuf_bytes(paced_bps))
			  : capacity_sndbuf(&dp->capacity);

	if (bytes == dp->capacity.sndbuf_bytes)
		return;
	uplink_set_sndbuf(dp->up, bytes);
	capacity_resized(&dp->capacity, bytes);
}

static void put_in_force(struct dpath *dp, uint64_t bps)
{
	dp->capacity_bps = bps;
	dp->capacity_ns = dp->now_ns;
	dp->tx_frame_cost = frame_cost_bytes(dp->link.frame_cost_bytes, bps);
	sched_set_link(dp->tx, bps);
	dpath_update_credits(dp);
}

void dpath_capacity_configure(struct dpath *dp)
{
	capacity_set_max(&dp->capacity, dp->link.sndbuf_max_bytes);
	size_sndbuf(dp);
	sched_set_capacity(dp->tx, dp->link.tx_capacity_bps);
	put_in_force(dp, capacity_in_force_bps(dp->link.tx_capacity_bps, dp->capacity.estimate_bps,
					       dp->link.signal));
}

static void announce(struct dpath *dp)
{
	struct msg *m = calloc(1, sizeof(*m));

	if (!m)
		return; /* the next one will do */
	m->type = MSG_ESTIMATE;
	m->slot = LDP_SLOT_NONE;
	m->estimate_bps = dp->capacity.estimate_bps;
	dp->announced_bps = m->estimate_bps;
	dp->announced_ns = dp->now_ns;
	mbox_put(dp->out, &m->link);
}

static void on_estimate_due(void *arg)
{
	struct dpath *dp = arg;

	dp->now_ns = loop_now_ns();
	announce(dp);
}

struct loop_timer *dpath_capacity_timer(struct dpath *dp)
{
	return loop_timer_new(dp->loop, on_estimate_due, dp);
}

/* The control thread hears of every change of 1 %, and at most once a second. */
static void announce_if_changed(struct dpath *dp)
{
	uint64_t bps = dp->capacity.estimate_bps, since_ns = dp->now_ns - dp->announced_ns;

	if (apart(bps, dp->announced_bps) * ANNOUNCE_PART <= dp->announced_bps)
		return;
	if (dp->announced_ns == 0 || since_ns >= ANNOUNCE_NS)
		announce(dp);
	else
		loop_timer_set(dp->estimate_due, ANNOUNCE_NS - since_ns);
}

void dpath_capacity_turn(struct dpath *dp)
{
	uint64_t want, change;

	if (!dp->tx_blocked && (dp->tx_pace.idle || pace_wait(&dp->tx_pace)))
		capacity_idle(&dp->capacity);
	capacity_turn(&dp->capacity, dp->now_ns);
	size_sndbuf(dp);
	announce_if_changed(dp);
	want = capacity_in_force_bps(dp->link.tx_capacity_bps, dp->capacity.estimate_bps,
				     dp->link.signal);
	change = apart(want, dp->capacity_bps);
	if (change <= dp->capacity_bps >> STEP_SHIFT)
		return;
	if (change <= dp->capacity_bps >> LEAP_SHIFT && dp->now_ns - dp->capacity_ns < STEP_NS)
		return;
	put_in_force(dp, want);
}

void dpath_capacity_report(const struct dpath *dp)
{
	log_notice("uplink %s: capacity=%" PRIu64 " estimate=%" PRIu64 " sndbuf=%u", dp->up->ifname,
		   dp->capacity_bps, dp->capacity.estimate_bps, dp->capacity.sndbuf_bytes);
}
