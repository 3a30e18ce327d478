/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/rx_limit.h"

#include <string.h>

#include "backend/datapath/core.h"
#include "backend/datapath/flood.h"
#include "backend/datapath/queues.h"

/*
 * Theory of operation
 *
 * A queue holds what its LDP is delivered in 40 ms while frames wait for it. The lottery is work
 * conserving, so that is what the others leave of the receive capacity. If there is none, it is
 * what they leave of what really comes from the uplink, and at least of a gigabit per second. An
 * LDP is never left less than its share among those that were delivered something within the last
 * second. An LDP that was idle counts as one of them for itself. So 31 LDPs that receive nothing,
 * or little, take no room from the one that receives a burst.
 */
#define RX_NOMINAL_BPS 1000000000ull
#define LOOK_NS	       10000000ull
#define LOOKS_IDLE     100u /* without a frame: then an LDP is idle */
#define CAME_FADE      64u
#define SERVED_FADE    8u

/* The rate, or the maximum (0: none) if that is less. */
static uint64_t less(uint64_t rate, uint64_t max_bps)
{
	return max_bps && max_bps < rate ? max_bps : rate;
}

/* What all LDPs together may be delivered. */
static uint64_t total_rate(const struct dpath *dp)
{
	if (dp->rx.rate_bps)
		return dp->rx.rate_bps;
	return dp->rx.came_bps > RX_NOMINAL_BPS ? dp->rx.came_bps : RX_NOMINAL_BPS;
}

/* The LDP's part of that among those in *w, or its maximum if that is less. */
static uint64_t rate_of(const struct dpath *dp, const struct ldp *l, const struct weights *w)
{
	return less(tenants_part(dp, w, l, LDP_RX, total_rate(dp)), l->conf.rx.max_bps);
}

/* At which rate it is served while frames wait for it, if those in *w share by weight. */
static uint64_t serves(const struct dpath *dp, const struct ldp *l, const struct weights *w)
{
	uint64_t total = total_rate(dp), others = dp->rx.served_bps - l->rx_served_bps;
	uint64_t left = total > others ? total - others : 0, share = rate_of(dp, l, w);

	left = less(less(left, l->conf.rx.max_bps), tenants_max(dp, l, LDP_RX));
	return share > left ? share : left;
}

static void set_queue(struct dpath *dp, struct ldp *l, const struct weights *w)
{
	queues_set_rate(l, serves(dp, l, w));
}

static void set_queues(struct dpath *dp)
{
	struct weights *busy = &dp->tenants.busy;
	struct ldp *l;

	memset(busy, 0, sizeof(*busy));
	dp->rx.served_bps = 0;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		dp->rx.served_bps += l->rx_served_bps;
		if (l->rx_idle < LOOKS_IDLE)
			tenants_add(dp, busy, l, LDP_RX);
	}
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		bool idle = l->rx_idle >= LOOKS_IDLE;

		if (idle)
			tenants_add(dp, busy, l, LDP_RX);
		set_queue(dp, l, busy);
		if (idle)
			tenants_subtract(dp, busy, l, LDP_RX);
	}
}

void rx_set_limits(struct dpath *dp)
{
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		flood_set_share(dp, l, rate_of(dp, l, &dp->tenants.weights[LDP_RX]));
	set_queues(dp);
}

/* An LDP that receives nothing, not from other LDPs either, needs no memory for it. */
static void rest(struct ldp *l)
{
	if (l->count.rx_frames != l->rx_rest.frames)
		l->rx_rest.looks = 0;
	else if (++l->rx_rest.looks == LOOKS_IDLE)
		queues_trim(l);
	l->rx_rest.frames = l->count.rx_frames;
}

static void look_at(struct ldp *l, uint64_t us)
{
	uint64_t bytes = l->rx_delivered_bytes - l->rx_looked_bytes;

	l->rx_looked_bytes = l->rx_delivered_bytes;
	rest(l);
	l->rx_served_bps -= l->rx_served_bps / SERVED_FADE;
	l->rx_served_bps += bytes * 8000000 / us / SERVED_FADE;
	if (bytes > 0 || !flowq_empty(l->rxq))
		l->rx_idle = 0;
	else if (l->rx_idle < LOOKS_IDLE)
		l->rx_idle++;
}

void rx_limit_look(struct dpath *dp)
{
	uint64_t ns = dp->now_ns - dp->rx.looked_ns, bps;
	struct ldp *l;

	if (ns < LOOK_NS)
		return;
	bps = (dp->rx.received_bytes - dp->rx.looked_bytes) * 8000000 / (ns / 1000);
	dp->rx.looked_ns = dp->now_ns;
	dp->rx.looked_bytes = dp->rx.received_bytes;
	dp->rx.came_bps -= dp->rx.came_bps / CAME_FADE;
	if (bps > dp->rx.came_bps)
		dp->rx.came_bps = bps;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));)
		look_at(l, ns / 1000);
	set_queues(dp);
}

void rx_limit_begin(struct ldp *l)
{
	l->rx_idle = LOOKS_IDLE;
}
