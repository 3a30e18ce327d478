/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/credit.h"

#include "backend/datapath/core.h"
#include "backend/datapath/link_rate.h"
#include "backend/datapath/outlook.h"
#include "backend/sched/rate.h"

static const struct sched_rule *rule_of(const struct ldp *l, enum ldp_dir dir)
{
	return dir == LDP_TX ? &l->conf.tx : &l->conf.rx;
}

uint64_t credit_rate(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir)
{
	uint64_t capacity_bps = dir == LDP_TX ? link_rate_bps(dp) : dp->rx.rate_bps;
	const struct sched_rule *rule = rule_of(l, dir);

	return rate_in_force(rule,
			     tenants_part(dp, &dp->tenants.weights[dir], l, dir, capacity_bps),
			     rule->weight);
}

/* Without rings, it is the limit of the queue, which the served rate alone sets if none is known.
 */
static uint64_t credit_bytes(const struct ldp *l, uint64_t rate_bps)
{
	uint64_t bytes;

	if (!l->tap)
		return window_bytes(&l->window, rate_bps,
				    l->conf.sparse ? WINDOW_LONG_MS : WINDOW_MS, l->conf.mtu,
				    vchan_ring_bytes(l->vchan));
	bytes = window_bytes(&l->window, rate_bps ? rate_bps : 1, WINDOW_MS, l->conf.mtu,
			     LDP_VIF_QUEUE_MAX);
	return bytes < FLOWQ_LIMIT_MIN ? FLOWQ_LIMIT_MIN : bytes;
}

/* False: the guest will be told more later. */
static bool tell(struct dpath *dp, struct ldp *l)
{
	uint64_t rate = credit_rate(dp, l, LDP_TX);
	struct wire_credit c = {
		.credit_bytes = credit_bytes(l, rate),
		.rate_bps = rate,
		.log_offset = l->account[LDP_TX].log_offset,
	};
	enum window_when when = window_when(&l->window, &c, dp->now_ns);

	if (when != WINDOW_NOW)
		return when == WINDOW_NOT;
	/* The ring is full: the guest has plenty to read, and is told in a later epoch. */
	if (!ldp_send_credit(l, &c))
		return true;
	l->window.told = c;
	l->window.told_ns = dp->now_ns;
	core_mark_dirty(dp, l);
	return true;
}

bool credit_tell(struct dpath *dp)
{
	bool done = true;
	struct ldp *l;

	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (ldp_is_active(l))
			done &= tell(dp, l);
	}
	return done;
}

void credit_measure(struct dpath *dp)
{
	uint64_t elapsed_ns = dp->now_ns - dp->credits_ns;
	struct ldp *l;

	dp->credits_ns = dp->now_ns;
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		if (!ldp_is_active(l))
			continue;
		window_look(&l->window, l->count.tx_bytes - l->window_bytes, elapsed_ns);
		l->window_bytes = l->count.tx_bytes;
		outlook_ask(l);
	}
}
