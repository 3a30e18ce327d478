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
 * An epoch of a slow uplink has few frames, sometimes one more or one less than the uplink could
 * carry. What was sent ahead in one epoch is subtracted from what the next epochs could carry.
 * Otherwise a busy uplink would be rated above its capacity, and an LDP that sends a whole frame
 * only now and then would lend less than it borrows.
 *
 * If the capacity is not known, R is sum(s), and all spare credit was borrowed. No byte is lost to
 * rounding: r_i and the loans are differences of running sums that are rounded down.
 */

/* Divides `whole` by parts of `of`: each call gives one part's share; the shares sum to `whole`. */
struct deal {
	uint64_t quotient, rest, of, carry;
};

static struct deal deal_begin(uint64_t whole, uint64_t of)
{
	return (struct deal){whole / of, whole % of, of, 0};
}

static uint64_t deal_next(struct deal *d, uint64_t part)
{
	unsigned __int128 sum = (unsigned __int128)part * d->rest + d->carry;
	uint64_t more;

	if (sum >> 64) {
		more = (uint64_t)(sum / d->of);
		d->carry = (uint64_t)(sum % d->of);
	} else {
		more = (uint64_t)sum / d->of;
		d->carry = (uint64_t)sum % d->of;
	}
	return part * d->quotient + more;
}

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

/* Sets each gap: > 0: what the LDP borrows; < 0: what it lends. */
static void rate(struct ledger *l, uint64_t rated)
{
	struct deal share = deal_begin(rated, l->weights), part;
	uint64_t over = 0, spare = 0;

	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];

		a->gap = (int64_t)(a->served - deal_next(&share, a->weight));
		a->served = 0;
		over += a->gap > 0 ? (uint64_t)a->gap : 0;
		spare += a->gap < 0 ? (uint64_t)-a->gap : 0;
	}
	if (spare == over)
		return;
	part = deal_begin(over, spare);
	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];

		if (a->gap < 0)
			a->gap = -(int64_t)deal_next(&part, (uint64_t)-a->gap);
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

static void transfer(struct ledger *l, struct account *giver, struct account *taker, int64_t bytes)
{
	int64_t repaid = taker->balance < bytes ? taker->balance : bytes;

	if (repaid > 0) {
		enter(l, giver, taker, repaid, RECORD_REPAY, 0);
		enter(l, taker, giver, -repaid, RECORD_REPAY, RECORD_F_TAKEN);
		bytes -= repaid;
	}
	if (bytes > 0) {
		enter(l, giver, taker, bytes, RECORD_LOAN, 0);
		enter(l, taker, giver, -bytes, RECORD_BORROW, 0);
	}
}

/* Pairs lenders and borrowers; each transfer settles at least one of the two. */
static void match(struct ledger *l)
{
	struct account *end = l->account + l->slots_end, *giver = l->account, *taker = l->account;

	for (;;) {
		int64_t bytes;

		while (giver < end && giver->gap >= 0)
			giver++;
		while (taker < end && taker->gap <= 0)
			taker++;
		if (giver == end || taker == end)
			break;
		bytes = -giver->gap < taker->gap ? -giver->gap : taker->gap;
		transfer(l, giver, taker, bytes);
		giver->gap += bytes;
		taker->gap -= bytes;
	}
	assert(giver == end && taker == end);
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
		match(l);
	}
	ledger_set_unit(l);
	bound(l);
	ledger_expire(l);
	ledger_checkpoint_if_due(l);
	ledger_commit(l, rated);
	l->epoch++;
	assert(ledger_sum(l) == 0);
	return true;
}
