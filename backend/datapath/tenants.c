/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/datapath/tenants.h"

#include <string.h>

#include "backend/credit/ledger_group.h"
#include "backend/datapath/core.h"
#include "backend/sched/rate.h"

/*
 * Theory of operation
 *
 * All four lotteries know all groups, so that a group's ceilings hold for what its LDPs exchange
 * with other guests too. As for an LDP, there is no minimum inside the host: no capacity is known
 * there.
 */
static struct sched_rule local_rule(const struct sched_rule *rule)
{
	struct sched_rule local = *rule;

	local.min_bps = 0;
	return local;
}

static void set_rules(struct dpath *dp, uint32_t group, const struct group_conf *conf)
{
	struct sched_rule local = local_rule(&conf->tx), rx_local = local_rule(&conf->rx);

	sched_set_group(dp->tx_sched, group, &conf->tx, dp->now_ns);
	sched_set_group(dp->rx_sched, group, &conf->rx, dp->now_ns);
	sched_set_group(dp->local_sched, group, &local, dp->now_ns);
	sched_set_group(dp->rx_local_sched, group, &rx_local, dp->now_ns);
	ledger_set_group_weight(dp->epoch.ledger[LDP_TX], group, conf->tx.weight);
	ledger_set_group_weight(dp->epoch.ledger[LDP_RX], group, conf->rx.weight);
}

static void remove_group(struct dpath *dp, uint32_t group)
{
	sched_remove_group(dp->tx_sched, group, dp->now_ns);
	sched_remove_group(dp->rx_sched, group, dp->now_ns);
	sched_remove_group(dp->local_sched, group, dp->now_ns);
	sched_remove_group(dp->rx_local_sched, group, dp->now_ns);
}

void tenants_set(struct dpath *dp, uint32_t group, bool on, const struct group_conf *conf)
{
	dp->tenants.on[group] = on;
	dp->tenants.conf[group] = *conf;
	if (on)
		set_rules(dp, group, conf);
	else
		remove_group(dp, group);
}

void tenants_join(struct dpath *dp, const struct ldp *l)
{
	uint32_t group = l->conf.group;

	sched_join(dp->tx_sched, l->slot, group, dp->now_ns);
	sched_join(dp->rx_sched, l->slot, group, dp->now_ns);
	sched_join(dp->local_sched, l->slot, group, dp->now_ns);
	sched_join(dp->rx_local_sched, l->slot, group, dp->now_ns);
	for (int dir = 0; dir < LDP_DIRS; dir++)
		ledger_set_group(dp->epoch.ledger[dir], l->slot, group);
}

void tenants_repay(struct dpath *dp, enum ldp_dir dir)
{
	struct sched *s = dir == LDP_TX ? dp->tx_sched : dp->rx_sched;

	for (uint32_t group = 1; group <= SCHED_GROUPS; group++) {
		if (dp->tenants.on[group])
			sched_set_group_factor(s, group,
					       ledger_group_factor(dp->epoch.ledger[dir], group));
	}
}

/* --- parts of a rate -------------------------------------------------------------------------- */

static const struct sched_rule *rule_of(const struct ldp *l, enum ldp_dir dir)
{
	return dir == LDP_TX ? &l->conf.tx : &l->conf.rx;
}

const struct sched_rule *tenants_rule(const struct dpath *dp, uint32_t group, enum ldp_dir dir)
{
	const struct group_conf *conf = &dp->tenants.conf[group];

	return dir == LDP_TX ? &conf->tx : &conf->rx;
}

uint32_t tenants_group(const struct dpath *dp, const struct ldp *l)
{
	return dp->tenants.on[l->conf.group] ? l->conf.group : LDP_GROUP_NONE;
}

void tenants_add(const struct dpath *dp, struct weights *w, const struct ldp *l, enum ldp_dir dir)
{
	uint32_t group = tenants_group(dp, l), weight = rule_of(l, dir)->weight;

	if (group == LDP_GROUP_NONE) {
		w->all += weight;
		return;
	}
	if (w->in[group] == 0)
		w->all += tenants_rule(dp, group, dir)->weight;
	w->in[group] += weight;
}

void tenants_subtract(const struct dpath *dp, struct weights *w, const struct ldp *l,
		      enum ldp_dir dir)
{
	uint32_t group = tenants_group(dp, l), weight = rule_of(l, dir)->weight;

	if (group == LDP_GROUP_NONE) {
		w->all -= weight;
		return;
	}
	w->in[group] -= weight;
	if (w->in[group] == 0)
		w->all -= tenants_rule(dp, group, dir)->weight;
}

void tenants_count(struct dpath *dp)
{
	struct weights *w = dp->tenants.weights;
	const struct ldp *l;

	memset(w, 0, sizeof(dp->tenants.weights));
	for (uint32_t slot = 0; (l = core_next_ldp(dp, &slot));) {
		tenants_add(dp, &w[LDP_TX], l, LDP_TX);
		tenants_add(dp, &w[LDP_RX], l, LDP_RX);
	}
}

uint64_t tenants_part(const struct dpath *dp, const struct weights *w, const struct ldp *l,
		      enum ldp_dir dir, uint64_t rate_bps)
{
	uint32_t group = tenants_group(dp, l), weight = rule_of(l, dir)->weight;
	uint64_t all = w->all;

	if (group != LDP_GROUP_NONE) {
		rate_bps = rate_in_force(tenants_rule(dp, group, dir), rate_bps, all);
		all = w->in[group];
	}
	return rate_bps * weight / all;
}

uint64_t tenants_max(const struct dpath *dp, const struct ldp *l, enum ldp_dir dir)
{
	uint32_t group = tenants_group(dp, l);

	return group == LDP_GROUP_NONE ? 0 : tenants_rule(dp, group, dir)->max_bps;
}
