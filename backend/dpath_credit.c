/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/dpath_priv.h"

#define CREDIT_TIME_MS 100u
#define CREDIT_MIN     65536u

/*
 * What an LDP may keep in its TX ring: 100 ms at its share of the capacity, so that a frame does
 * not wait there longer than it must, and at least enough to bridge a pause of the guest. Without a
 * capacity the ring is the limit.
 */
static struct wire_credit credit_of(const struct dpath *dp, const struct ldp *l, uint64_t weights)
{
	uint64_t ring = vchan_ring_bytes(l->vchan);
	uint64_t rate = dpath_capacity_bps(dp) / weights * l->conf.tx.weight;
	struct wire_credit c = {.credit_bytes = ring, .rate_bps = rate};

	if (l->conf.tx.max_bps && (rate == 0 || l->conf.tx.max_bps < rate))
		c.rate_bps = l->conf.tx.max_bps;
	if (c.rate_bps)
		c.credit_bytes = c.rate_bps / 8 * CREDIT_TIME_MS / 1000;
	if (c.credit_bytes < CREDIT_MIN)
		c.credit_bytes = CREDIT_MIN;
	if (c.credit_bytes > ring)
		c.credit_bytes = ring;
	return c;
}

void dpath_update_credits(struct dpath *dp)
{
	uint64_t weights = 0;

	for (uint32_t slot = 0; slot < dp->slots_end; slot++)
		weights += dp->ldp[slot] ? dp->ldp[slot]->conf.tx.weight : 0;
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];
		struct wire_credit c;

		if (!l || l->failed || l->frozen)
			continue;
		c = credit_of(dp, l, weights);
		if (c.credit_bytes == l->credit_bytes)
			continue;
		/* No room: the guest has plenty to read; the event for it brings us back here. */
		l->credit_due = !ldp_send_credit(l, &c);
		if (!l->credit_due)
			l->credit_bytes = c.credit_bytes;
		dpath_mark_dirty(dp, l);
	}
}
