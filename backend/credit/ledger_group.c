/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/ledger_group.h"

#include "backend/credit/ledger_priv.h"

/*
 * Theory of operation
 *
 * Weights compete on two levels. At the top are the LDPs in no group, by their own weights, and the
 * groups that have members; l->weights is their sum. In each group are its members, in a list, and
 * group->weights is the sum of theirs. Group 0 stands for "no group" and has neither.
 *
 * What a group's members lent to others stays with the group's number when they leave: otherwise a
 * guest could connect again to be rid of what it owes. Another group that gets the number has it
 * for the second or two until it is forgotten.
 *
 * The log tells a group's weight before the group gets its first member, and again when the weight
 * changes while it has members. A group without members is in no formula, and not in the log.
 */

static void join(struct ledger *l, uint32_t slot, uint32_t group)
{
	struct account *a = &l->account[slot];
	struct ledger_group *g = &l->group[group];

	if (!group) {
		l->weights += a->weight;
		return;
	}
	if (!g->weights) {
		l->weights += g->weight;
		ledger_write_group(l, group);
	}
	a->group = group;
	a->next = g->first;
	g->first = slot + 1;
	g->weights += a->weight;
	if (group >= l->groups_end)
		l->groups_end = group + 1;
}

void ledger_set_group(struct ledger *l, uint32_t slot, uint32_t group)
{
	struct account *a = &l->account[slot];
	struct record r = {.type = RECORD_GROUP, .bytes = group};

	assert(group <= LEDGER_GROUP_MAX);
	if (slot >= l->max_ldps || !a->weight || a->group == group)
		return;
	ledger_leave_group(l, slot);
	join(l, slot, group);
	ledger_set_unit(l);
	r.ldp = a->id.ldp;
	r.balance_after = a->balance;
	a->offset = ledger_write(l, &r);
	l->eventful = true;
}

void ledger_set_group_weight(struct ledger *l, uint32_t group, uint32_t weight)
{
	struct ledger_group *g = &l->group[group];

	assert(group > 0 && group <= LEDGER_GROUP_MAX && weight > 0 && weight <= RECORD_F_WEIGHT);
	if (g->weight == weight)
		return;
	if (g->weights)
		l->weights = l->weights - g->weight + weight;
	g->weight = weight;
	if (!g->weights)
		return;
	ledger_set_unit(l);
	ledger_write_group(l, group);
	l->eventful = true;
}

uint32_t ledger_group_factor(const struct ledger *l, uint32_t group)
{
	const struct ledger_group *g = &l->group[group];

	return ledger_factor_of(l, g->mean, ledger_group_bound(l, g));
}
