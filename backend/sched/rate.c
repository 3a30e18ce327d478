/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/sched/rate.h"

uint64_t rate_in_force(const struct sched_rule *rule, uint64_t capacity_bps, uint64_t weights)
{
	uint64_t rate = capacity_bps * rule->weight / weights;

	if (capacity_bps == 0)
		return rule->max_bps;
	if (rule->max_bps && rate > rule->max_bps)
		rate = rule->max_bps;
	return rate < rule->min_bps ? rule->min_bps : rate;
}

uint64_t rate_bytes(uint64_t rate_bps, unsigned ms)
{
	return rate_bps / 8 * ms / 1000;
}
