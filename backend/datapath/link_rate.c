/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/link_rate.h"

#include <inttypes.h>

#include "backend/datapath/core.h"
#include "backend/frame/frame_cost.h"
#include "backend/msg/msg.h"

/*
 * Back-pressure tells what the uplink carries. Minima, the cap on frames, the LDPs' credits and the
 * send buffer follow from that. With a configured capacity, frames are paced to it, and the
 * measured one counts only where the link is clearly slower. Without one, the speed of the hardware
 * takes its place if that is known. Otherwise back-pressure sets the pace.
 *
 * The capacity in force changes by steps of a 32nd, at most twenty times a second, unless the
 * change is large: each change is a message to every guest.
 */
#define STEP_SHIFT    5
#define LEAP_SHIFT    2
#define STEP_NS	      (50 * NS_PER_MS)
#define ESTIMATE_NS   NS_PER_SEC
#define SETTLE_NS     NS_PER_SEC
#define ESTIMATE_PART 100 /* the control thread hears of a change of 1 % */

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

bool link_rate_init(struct dpath *dp, loop_cb *due)
{
	capacity_init(&dp->link_rate.measured, 0, dp->now_ns);
	dp->link_rate.estimate = loop_timer_new(dp->loop, due, dp);
	return dp->link_rate.estimate;
}

void link_rate_fini(struct dpath *dp)
{
	loop_timer_free(dp->link_rate.estimate);
}

uint64_t link_rate_bps(const struct dpath *dp)
{
	return dp->link_rate.in_force_bps;
}

uint64_t link_rate_epoch_bps(struct dpath *dp)
{
	bool idled = dp->link_rate.idled;

	dp->link_rate.idled = false;
	return idled ? dp->link_rate.in_force_bps : 0;
}

/*
 * Something behind the hardware's port may be slower than the hardware. Only a send buffer smaller
 * than the queue there lets that be noticed; an operator who configures the capacity knows it.
 */
static uint32_t paced_sndbuf(const struct dpath *dp)
{
	const struct capacity *c = &dp->link_rate.measured;
	uint32_t bytes = uplink_sndbuf_bytes(dp->link.tx_capacity_bps, dp->burst_ns);
	uint32_t max = c->sndbuf_max_bytes;

	if (dp->link.source == CAPACITY_SPEED && max && bytes > max)
		bytes = max;
	return capacity_paced_sndbuf(c, bytes);
}

static void size_sndbuf(struct dpath *dp)
{
	struct capacity *c = &dp->link_rate.measured;
	uint32_t bytes = dp->link.tx_capacity_bps ? paced_sndbuf(dp) : capacity_sndbuf(c);

	if (bytes == c->sndbuf_bytes)
		return;
	uplink_set_sndbuf(dp->up, bytes);
	capacity_resized(c, bytes);
}

static uint64_t wanted_bps(const struct dpath *dp)
{
	return capacity_in_force_bps(dp->link.tx_capacity_bps, dp->link_rate.measured.estimate_bps,
				     dp->link.signal);
}

static void put_in_force(struct dpath *dp, uint64_t bps)
{
	dp->link_rate.in_force_bps = bps;
	dp->link_rate.in_force_ns = dp->now_ns;
	dp->link_rate.frame_cost_bytes = frame_cost_bytes(dp->link.frame_cost_bytes, bps);
	sched_set_capacity(dp->tx_sched, bps);
}

/* A card at another speed is another link: what was measured says nothing of it. */
static void follow_speed(struct dpath *dp)
{
	struct dpath_link_rate *lr = &dp->link_rate;

	if (dp->link.speed_bps == 0 || dp->link.speed_bps == lr->speed_bps)
		return;
	if (lr->speed_bps)
		capacity_init(&lr->measured, 0, dp->now_ns);
	lr->speed_bps = dp->link.speed_bps;
}

/*
 * What was measured says nothing of a link whose configured capacity changes: dmvl-back's own
 * classes at the exits limited it to the old one, and do so until they follow.
 */
static void follow_configured(struct dpath *dp)
{
	struct dpath_link_rate *lr = &dp->link_rate;
	uint64_t bps = dp->link.tx_capacity_bps;

	if (dp->link.source != CAPACITY_CONFIGURED || bps == lr->configured_bps)
		return;
	if (lr->configured_bps) {
		capacity_init(&lr->measured, 0, dp->now_ns);
		lr->settled_ns = dp->now_ns + SETTLE_NS;
	}
	lr->configured_bps = bps;
}

void link_rate_configure(struct dpath *dp)
{
	follow_speed(dp);
	follow_configured(dp);
	capacity_set_max(&dp->link_rate.measured, dp->link.sndbuf_max_bytes);
	size_sndbuf(dp);
	put_in_force(dp, wanted_bps(dp));
}

void link_rate_sent(struct dpath *dp, uint32_t wire_bytes, bool charged)
{
	capacity_sent(&dp->link_rate.measured, wire_bytes, charged);
}

/* Reads the clock: the turn may have been long, and the measurement ends now. */
void link_rate_blocked(struct dpath *dp)
{
	uint64_t now_ns = dp->clock();

	if (now_ns < dp->link_rate.settled_ns)
		capacity_skip(&dp->link_rate.measured);
	capacity_blocked(&dp->link_rate.measured, now_ns);
}

void link_rate_down(struct dpath *dp)
{
	capacity_idle(&dp->link_rate.measured);
}

void link_rate_estimate(struct dpath *dp)
{
	struct msg *m = msg_new(MSG_ESTIMATE, LDP_SLOT_NONE);

	m->estimate_bps = dp->link_rate.measured.estimate_bps;
	dp->link_rate.estimated_bps = m->estimate_bps;
	dp->link_rate.estimated_ns = dp->now_ns;
	msg_post(dp->out, m);
}

/* The control thread hears of every change of 1 %, at most once a second. */
static void estimate_if_changed(struct dpath *dp)
{
	const struct dpath_link_rate *lr = &dp->link_rate;
	uint64_t since_ns = dp->now_ns - lr->estimated_ns;

	if (apart(lr->measured.estimate_bps, lr->estimated_bps) * ESTIMATE_PART <=
	    lr->estimated_bps)
		return;
	if (lr->estimated_ns == 0 || since_ns >= ESTIMATE_NS)
		link_rate_estimate(dp);
	else
		loop_timer_set(lr->estimate, ESTIMATE_NS - since_ns);
}

static bool worth_a_step(const struct dpath *dp, uint64_t want_bps)
{
	uint64_t is_bps = dp->link_rate.in_force_bps, change = apart(want_bps, is_bps);

	if (change <= is_bps >> STEP_SHIFT)
		return false;
	return change > is_bps >> LEAP_SHIFT || dp->now_ns - dp->link_rate.in_force_ns >= STEP_NS;
}

bool link_rate_turn(struct dpath *dp)
{
	struct capacity *c = &dp->link_rate.measured;
	uint64_t want_bps;

	if (!dp->tx.blocked && (dp->tx.pace.idle || pace_wait(&dp->tx.pace)))
		capacity_idle(c);
	if (!dp->tx.blocked && dp->tx.pace.idle)
		dp->link_rate.idled = true;
	capacity_turn(c, dp->now_ns);
	size_sndbuf(dp);
	estimate_if_changed(dp);
	want_bps = wanted_bps(dp);
	if (!worth_a_step(dp, want_bps))
		return false;
	put_in_force(dp, want_bps);
	return true;
}

void link_rate_report(const struct dpath *dp)
{
	log_notice("uplink %s: capacity=%" PRIu64 " estimate=%" PRIu64
		   " sndbuf=%u rx malformed=%" PRIu64 " flood=%" PRIu64,
		   dp->up->ifname, dp->link_rate.in_force_bps, dp->link_rate.measured.estimate_bps,
		   dp->link_rate.measured.sndbuf_bytes, dp->rx.malformed, dp->flood.dropped);
}
