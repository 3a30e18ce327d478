/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/core.h"
#include "backend/sched/rate.h"

uint64_t dpath_weights(const struct dpath *dp, enum ldp_dir dir)
{
	uint64_t sum = 0;

	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		const struct ldp *l = dp->ldp[slot];

		if (l)
			sum += dir == LDP_TX ? l->conf.tx.weight : l->conf.rx.weight;
	}
	return sum;
}

uint64_t dpath_rate(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir, uint64_t weights)
{
	if (dir == LDP_TX)
		return rate_in_force(&l->conf.tx, dpath_capacity_bps(dp), weights);
	return rate_in_force(&l->conf.rx, dp->link.rx_capacity_bps, weights);
}

/* Whether it is done with until something changes. */
static bool tell(struct dpath *dp, struct ldp *l, uint64_t weights)
{
	uint64_t rate = dpath_rate(dp, l, LDP_TX, weights);
	struct wire_credit c = {
		.credit_bytes =
			window_bytes(&l->window, rate, l->conf.mtu, vchan_ring_bytes(l->vchan)),
		.rate_bps = rate,
		.log_offset = l->account[LDP_TX].log_offset,
	};
	enum window_when when = window_when(&l->window, &c, dp->now_ns);

	if (when != WINDOW_NOW)
		return when == WINDOW_NOT;
	/* No room: the guest has plenty to read, and is told in a later epoch. */
	if (!ldp_send_credit(l, &c))
		return true;
	l->window.told = c;
	l->window.told_ns = dp->now_ns;
	dpath_mark_dirty(dp, l);
	return true;
}

bool dpath_tell_credits(struct dpath *dp)
{
	uint64_t weights = dpath_weights(dp, LDP_TX);
	bool done = true;

	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];

		if (l && !l->failed && !l->frozen)
			done &= tell(dp, l, weights);
	}
	return done;
}

void dpath_update_credits(struct dpath *dp)
{
	uint64_t elapsed_ns = dp->now_ns - dp->credits_ns;

	dp->credits_ns = dp->now_ns;
	for (uint32_t slot = 0; slot < dp->slots_end; slot++) {
		struct ldp *l = dp->ldp[slot];

		if (!l || l->failed || l->frozen)
			continue;
		window_look(&l->window, l->count.tx_bytes - l->window_bytes, elapsed_ns);
		l->window_bytes = l->count.tx_bytes;
	}
	dpath_tell_credits(dp);
	dpath_announce(dp);
}
