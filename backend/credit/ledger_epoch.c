/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/ledger_epoch.h"

#include "backend/credit/ledger_priv.h"

#define AHEAD_EPOCHS 16 /* more than a paced uplink may catch up (pace.h: 100 ms) */

/*
 * The end of an epoch. All follows from the measured bytes s_i of each LDP:
 *
 *	rated	r_i = R * w_i / sum(w); R is the larger of sum(s) and what the uplink could carry
 *	over	s_i - r_i, if positive: the LDP sent on the credit of others and borrows all of it
 *	spare	r_i - s_i, if positive: the LDP lends a part of it, in proportion; the sum of these
 *		parts is what was borrowed
 *
 * A group of LDPs is rated as one, by its weight, and its members divide what it is rated at. Its
 * members' spare credit goes to its own borrowers first. So either nothing or all of it is lent
 * inside, and what crosses the group's bounds is the difference of the two sums: it does not depend
 * on how many LDPs a group has.
 *
 * An epoch of a slow uplink has few frames, sometimes one more or one less than the uplink could
 * carry. What was sent ahead in one epoch is subtracted from what the next epochs could carry.
 * Otherwise a busy uplink would be rated above its capacity, and an LDP that sends a whole frame
 * only now and then would lend less than it borrows.
 *
 * If frames waited all the time, R is sum(s), and all spare credit was borrowed. So it is if the
 * capacity is not known. No byte is lost to
 * rounding: see deal.h.
 */

static void decay(struct ledger *l, uint64_t epochs)
{
	uint64_t q32 = record_decay_q32(epochs);
	struct record r = {.type = RECORD_DECAY, .ldp = RECORD_NO_LDP, .bytes = epochs};
	bool any = false;

	l->peak = (uint64_t)record_scaled((int64_t)l->peak, q32);
	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];
		int64_t left = record_scaled(a->balance, q32);

		any |= a->balance != 0;
		l->pool += a->balance - left;
		a->balance = left;
	}
	for (uint32_t i = 0; i < l->kept_n; i++) {
		int64_t left = record_scaled(l->kept[i].balance, q32);

		any |= l->kept[i].balance != 0;
		l->pool += l->kept[i].balance - left;
		l->kept[i].balance = left;
	}
	for (uint32_t i = 1; i < l->groups_end; i++)
		l->group[i].balance = record_scaled(l->group[i].balance, q32);
	if (!any)
		return;
	r.peer = (uint64_t)l->pool;
	r.balance_after = -l->pool;
	ledger_write(l, &r);
}

static uint64_t sum_served(const struct ledger *l)
{
	uint64_t sum = 0;

	for (uint32_t slot = 0; slot < l->slots_end; slot++)
		sum += l->account[slot].served;
	return sum;
}

/* Deals out the rated credit to the groups; what is left is group 0's, for the LDPs in no group. */
static void rate_groups(struct ledger *l, uint64_t rated)
{
	struct deal top = deal_begin(rated, l->weights);

	for (uint32_t i = 1; i < l->groups_end; i++) {
		struct ledger_group *g = &l->group[i];

		g->over = g->spare = 0;
		if (g->weights)
			g->deal = deal_begin(deal_next(&top, g->weight), g->weights);
	}
	l->group[0].deal = top;
	l->group[0].over = l->group[0].spare = 0;
}

/* Sets each gap: > 0: what the LDP borrows; < 0: what it could lend. */
static void rate(struct ledger *l, uint64_t rated)
{
	rate_groups(l, rated);
	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];
		struct ledger_group *g = &l->group[a->group];

		a->gap = (int64_t)(a->served - deal_next(&g->deal, a->weight));
		a->sums.charged += a->served;
		a->served = 0;
		g->over += a->gap > 0 ? (uint64_t)a->gap : 0;
		g->spare += a->gap < 0 ? (uint64_t)-a->gap : 0;
	}
}

/*
 * Begins to deal out what is borrowed: `deal` of each group for what its members borrow from each
 * other; the result for what crosses the bounds of groups.
 */
static struct deal lend_groups(struct ledger *l)
{
	uint64_t over = 0, spare = 0;

	for (uint32_t i = 0; i < l->groups_end; i++) {
		struct ledger_group *g = &l->group[i];
		uint64_t inside = g->over < g->spare ? g->over : g->spare;

		if (i == 0)
			inside = 0;
		if (g->spare)
			g->deal = deal_begin(inside, g->spare);
		g->balance -= (int64_t)(g->over - inside);
		over += g->over - inside;
		spare += g->spare - inside;
	}
	return deal_begin(over, spare ? spare : 1);
}

/* Lowers what each LDP could lend to what it lends: first in its group, then to all others. */
static void lend(struct ledger *l)
{
	struct deal rest = lend_groups(l);

	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];
		struct ledger_group *g = &l->group[a->group];
		uint64_t spare, inside, outside;

		if (a->gap >= 0)
			continue;
		spare = (uint64_t)-a->gap;
		inside = deal_next(&g->deal, spare);
		outside = deal_next(&rest, spare - inside);
		g->balance += (int64_t)outside;
		a->gap = -(int64_t)(inside + outside);
	}
}

/* One of the two records of a transfer. */
static void enter(struct ledger *l, struct account *a, const struct account *peer, int64_t bytes,
		  enum record_type type, uint32_t flags)
{
	struct record r = {.type = (uint16_t)type,
			   .ldp = a->id.ldp,
			   .bytes = (uint64_t)(bytes < 0 ? -bytes : bytes),
			   .peer = peer->id.ldp,
			   .flags = flags};

	a->balance += bytes;
	r.balance_after = a->balance;
	a->offset = ledger_write(l, &r);
}

static void transfer(struct ledger *l, struct account *giver, struct account *taker, int64_t bytes,
		     uint32_t group)
{
	int64_t repaid = taker->balance < bytes ? taker->balance : bytes;
	uint32_t inside = group << RECORD_GROUP_SHIFT;

	if (repaid > 0) {
		enter(l, giver, taker, repaid, RECORD_REPAY, inside);
		enter(l, taker, giver, -repaid, RECORD_REPAY, inside | RECORD_F_TAKEN);
		bytes -= repaid;
	}
	if (bytes > 0) {
		enter(l, giver, taker, bytes, RECORD_LOAN, inside);
		enter(l, taker, giver, -bytes, RECORD_BORROW, inside);
	}
}

/* The members of a group, or for group 0 all slots. NULL: there are no more. */
static struct account *first(struct ledger *l, uint32_t group)
{
	return group ? &l->account[l->group[group].first - 1] : l->account;
}

static struct account *after(struct ledger *l, struct account *a, uint32_t group)
{
	if (group)
		return a->next ? &l->account[a->next - 1] : NULL;
	return a + 1 < l->account + l->slots_end ? a + 1 : NULL;
}

/* Pairs lenders and borrowers; each transfer settles at least one of the two. */
static void match(struct ledger *l, uint32_t group)
{
	struct account *giver = first(l, group), *taker = giver;

	for (;;) {
		int64_t bytes;

		while (giver && giver->gap >= 0)
			giver = after(l, giver, group);
		while (taker && taker->gap <= 0)
			taker = after(l, taker, group);
		if (!giver || !taker)
			break;
		bytes = -giver->gap < taker->gap ? -giver->gap : taker->gap;
		giver->sums.lent += (uint64_t)bytes;
		taker->sums.borrowed += (uint64_t)bytes;
		transfer(l, giver, taker, bytes, group);
		giver->gap += bytes;
		taker->gap -= bytes;
	}
	assert(group || (!giver && !taker));
}

/* Inside each group first; then what is left, between all. */
static void match_all(struct ledger *l)
{
	for (uint32_t i = 1; i < l->groups_end; i++) {
		if (l->group[i].weights && l->group[i].over && l->group[i].spare)
			match(l, i);
	}
	match(l, 0);
}

static void bound(struct ledger *l)
{
	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];
		int64_t most = ledger_bound(l, a);

		if (a->balance > most)
			a->offset = ledger_settle(l, a->id.ldp, &a->balance, most);
		else if (a->balance < -most)
			a->offset = ledger_settle(l, a->id.ldp, &a->balance, -most);
	}
	for (uint32_t i = 1; i < l->groups_end; i++) {
		struct ledger_group *g = &l->group[i];
		int64_t most = ledger_group_bound(l, g);

		if (g->balance > most)
			g->balance = most;
		else if (g->balance < -most)
			g->balance = -most;
	}
	l->group[0].balance = 0;
}

/* In the epochs before the last of `epochs` nothing happened but decay. */
static void mean(struct ledger *l, uint64_t epochs)
{
	uint64_t q32 = record_decay_q32(epochs - 1);
	const int64_t part = 1 << MEAN_SHIFT;

	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];

		a->mean = record_scaled(a->mean, q32);
		a->mean += (a->balance - a->mean) / part;
	}
	for (uint32_t i = 1; i < l->groups_end; i++) {
		struct ledger_group *g = &l->group[i];

		g->mean = record_scaled(g->mean, q32);
		g->mean += (g->balance - g->mean) / part;
	}
}

/* What the epoch could carry, less what earlier epochs sent ahead of it. */
static uint64_t still_carried(struct ledger *l, uint64_t served, uint64_t capacity_bytes)
{
	uint64_t ahead = l->ahead, sum = ahead + served;

	l->ahead = sum > capacity_bytes ? sum - capacity_bytes : 0;
	if (l->ahead > capacity_bytes * AHEAD_EPOCHS)
		l->ahead = capacity_bytes * AHEAD_EPOCHS;
	return capacity_bytes > ahead ? capacity_bytes - ahead : 0;
}

bool ledger_epoch(struct ledger *l, uint64_t epochs, uint64_t capacity_bytes)
{
	uint64_t served = sum_served(l), rated = served;
	uint64_t room = still_carried(l, served, capacity_bytes);

	if (!served && !l->eventful)
		return false;
	l->epoch += epochs - 1;
	decay(l, epochs);
	if (served) {
		rated = room > served ? room : served;
		if (rated > l->peak)
			l->peak = rated;
		rate(l, rated);
		lend(l);
		match_all(l);
	}
	ledger_set_unit(l);
	bound(l);
	mean(l, epochs);
	ledger_expire(l);
	ledger_checkpoint_if_due(l);
	ledger_commit(l, rated);
	l->epoch++;
	assert(ledger_sum(l) == 0);
	return true;
}
