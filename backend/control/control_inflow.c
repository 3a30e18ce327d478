/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/control/control_inflow.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/control/control_share.h"
#include "backend/control/control_state.h"
#include "backend/msg/msg.h"
#include "backend/uplink/netdev.h"
#include "common/log.h"
#include "common/units.h"

/*
 * Theory of operation
 *
 * The exits' counters tell what came in, the frame loop what of that was for LDPs; the rest is the
 * host's. While an rx-capacity is set, both are read five times a second.
 *
 * LDPs are paced to what the host leaves, so that their weights and minima hold among them. But
 * what comes in cannot be refused. If the LDPs always gave way, TCP connections of the host would
 * take all. So the host counts for its part by weight at most, as in the other direction.
 */
#define LOOK_NS	      (200 * 1000000ull)
#define IGNORED_SHIFT 7 /* less than a 128th is as nothing: broadcasts of the network */
#define STEP_SHIFT    5 /* the frame loop hears of a change of a 32nd */

static bool counts(const struct control *c)
{
	return c->conf.kind == UPLINK_TAP && c->link.conf.rx_capacity_bps &&
	       c->probe.exits.count > 0;
}

uint64_t control_inflow_step(struct control *c)
{
	struct control_inflow *in = &c->inflow;

	if (!counts(c)) {
		in->flow = (struct inflow){0};
		return UINT64_MAX;
	}
	if (c->now_ns >= in->next_ns) {
		msg_post(c->out, msg_new(MSG_RX_COUNT, LDP_SLOT_NONE));
		in->next_ns = c->now_ns + LOOK_NS;
	}
	return in->next_ns;
}

/* Adds the counter `entry` of an interface. False: it does not tell. */
static bool add_counter(const char *ifname, const char *entry, uint64_t *sum)
{
	char text[32];
	uint64_t one;

	if (!netdev_text(NETDEV_SYSFS, ifname, entry, text, sizeof(text)) ||
	    sscanf(text, "%" SCNu64, &one) != 1)
		return false;
	*sum += one;
	return true;
}

static bool read_counters(const struct control *c, struct inflow_counters *n)
{
	const struct exits *e = &c->probe.exits;
	const char *tap = c->conf.uplink->ifname;

	for (unsigned i = 0; i < e->count; i++) {
		if (!add_counter(e->name[i], "statistics/rx_bytes", &n->exits_bytes))
			return false;
	}
	return add_counter(tap, "statistics/tx_packets", &n->tap_frames) &&
	       add_counter(tap, "statistics/tx_bytes", &n->tap_bytes) &&
	       add_counter(tap, "statistics/tx_dropped", &n->dropped_frames);
}

uint64_t control_inflow_left_bps(const struct control *c)
{
	uint64_t all_bps = c->link.conf.rx_capacity_bps, host_bps = c->inflow.flow.host_bps;

	if (host_bps <= all_bps >> IGNORED_SHIFT)
		return all_bps;
	return host_bps < all_bps ? all_bps - host_bps : 1;
}

static void tell(struct control *c, uint64_t rate_bps)
{
	struct control_inflow *in = &c->inflow;
	uint64_t was_bps = in->rate_bps ? in->rate_bps : c->link.conf.rx_capacity_bps;
	uint64_t change = rate_bps > was_bps ? rate_bps - was_bps : was_bps - rate_bps;
	char text[32];
	struct msg *m;

	/* The whole capacity is told exactly. */
	if (change <= was_bps >> STEP_SHIFT &&
	    (rate_bps == was_bps || rate_bps != c->link.conf.rx_capacity_bps))
		return;
	in->rate_bps = rate_bps;
	m = msg_new(MSG_RX_RATE, LDP_SLOT_NONE);
	m->rate_bps = rate_bps;
	msg_post(c->out, m);
	log_debug("uplink %s: the host leaves %s to receive", c->conf.name,
		  units_format_rate(text, sizeof(text), rate_bps));
}

void control_inflow_counted(struct control *c, uint64_t ldps_bytes)
{
	struct inflow *f = &c->inflow.flow;
	struct inflow_counters n = {.ldps_bytes = ldps_bytes};
	uint64_t least_bps, left_bps;

	if (!counts(c))
		return;
	if (read_counters(c, &n))
		inflow_look(f, &n, loop_now_ns());
	else
		*f = (struct inflow){0};
	left_bps = control_inflow_left_bps(c);
	least_bps = control_share_ldps_rx_bps(c);
	tell(c, left_bps > least_bps ? left_bps : least_bps);
}

void control_inflow_reset(struct control *c)
{
	c->inflow.rate_bps = 0;
}
