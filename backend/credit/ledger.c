/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "backend/credit/ledger_group.h"
#include "backend/credit/ledger_priv.h"

/*
 * Theory of operation
 *
 * An account is in one of two tables: by slot while an LDP uses it, among the kept accounts while
 * none does. A kept account waits for its LDP until its time is over. It is closed then, or when
 * another device gets the same domid and id (the domid was reused, or the device was attached
 * again); its balance goes to the pool. It is closed too when the same device of the same UUID is
 * attached again, to whatever domid, and inherits the balance; or at once, if its LDP is detached
 * for good (ledger_close). After a restart all accounts of the log are kept accounts.
 *
 * Every change is written to the log at once, and committed at the end of the epoch. A checkpoint,
 * which lists all accounts, is written each time that half of the ring has been filled, so that the
 * readable part of the ring always has all that a replay needs. A ring of the default size holds
 * two of the largest possible epochs and a checkpoint.
 */

struct ledger *ledger_new(uint32_t max_ldps, uint32_t repayment_ppm)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->max_ldps = max_ldps;
	l->alpha_q16 = (uint64_t)repayment_ppm * LEDGER_FACTOR_ONE / 1000000;
	l->epoch = 1;
	l->groups_end = 1;
	l->account = calloc(max_ldps, sizeof(*l->account));
	l->kept = calloc(max_ldps + LEDGER_KEPT_MAX, sizeof(*l->kept));
	l->group = calloc(LEDGER_GROUP_MAX + 1, sizeof(*l->group));
	if (!l->account || !l->kept || !l->group) {
		ledger_free(l);
		return NULL;
	}
	for (uint32_t i = 1; i <= LEDGER_GROUP_MAX; i++)
		l->group[i].weight = LEDGER_GROUP_WEIGHT;
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	free(l->account);
	free(l->kept);
	free(l->group);
	free(l);
}

void ledger_set_time(struct ledger *l, uint64_t now_ns, uint64_t wall_ns)
{
	l->now_ns = now_ns;
	l->wall_ns = wall_ns;
}

/* --- the log ---------------------------------------------------------------------------------- */

uint64_t ledger_write(struct ledger *l, struct record *r)
{
	if (!l->logging)
		return 0;
	r->epoch = l->epoch;
	r->t_ns = l->wall_ns;
	return ldplog_append(&l->log, r);
}

static uint64_t write_attach(struct ledger *l, const struct credit_id *id, int64_t balance,
			     uint32_t flags)
{
	struct record r = {.type = RECORD_ATTACH,
			   .ldp = id->ldp,
			   .balance_after = balance,
			   .flags = flags};

	memcpy(&r.bytes, id->uuid, 8);
	memcpy(&r.peer, id->uuid + 8, 8);
	ledger_write(l, &r);
	r = (struct record){.type = RECORD_GENERATION,
			    .ldp = id->ldp,
			    .bytes = id->generation,
			    .balance_after = balance};
	return ledger_write(l, &r);
}

void ledger_write_group(struct ledger *l, uint32_t group)
{
	struct record r = {.type = RECORD_WEIGHT,
			   .ldp = RECORD_NO_LDP,
			   .bytes = l->group[group].weight,
			   .peer = group};

	ledger_write(l, &r);
}

static void write_checkpoint(struct ledger *l)
{
	struct record r = {.type = RECORD_CHECKPOINT,
			   .ldp = RECORD_NO_LDP,
			   .bytes = l->kept_n,
			   .peer = (uint64_t)l->pool,
			   .balance_after = (int64_t)l->peak};

	for (uint32_t slot = 0; slot < l->slots_end; slot++)
		r.bytes += l->account[slot].weight > 0;
	l->checkpoint_at = ledger_write(l, &r);
	for (uint32_t i = 1; i < l->groups_end; i++) {
		if (l->group[i].weights)
			ledger_write_group(l, i);
	}
	for (uint32_t slot = 0; slot < l->slots_end; slot++) {
		struct account *a = &l->account[slot];

		if (a->weight)
			a->offset = write_attach(l, &a->id, a->balance,
						 a->weight | a->group << RECORD_GROUP_SHIFT);
	}
	for (uint32_t i = 0; i < l->kept_n; i++)
		write_attach(l, &l->kept[i].id, l->kept[i].balance, RECORD_F_KEPT);
}

void ledger_checkpoint_if_due(struct ledger *l)
{
	if (l->logging && l->log.tail - l->checkpoint_at >= l->log.ring_bytes / 2)
		write_checkpoint(l);
}

void ledger_commit(struct ledger *l, uint64_t rated)
{
	struct record r = {.type = RECORD_COMMIT,
			   .ldp = RECORD_NO_LDP,
			   .bytes = rated,
			   .peer = (uint64_t)l->pool,
			   .balance_after = -l->pool};

	ledger_write(l, &r);
	l->log_end = l->logging ? l->log.tail : 0;
	for (uint32_t slot = 0; slot < l->slots_end; slot++)
		l->account[slot].committed = l->account[slot].offset;
	l->eventful = false;
}

static void forget_log(struct ledger *l)
{
	l->logging = false;
	l->log_end = 0;
	for (uint32_t slot = 0; slot < l->slots_end; slot++)
		l->account[slot].offset = l->account[slot].committed = 0;
}

void ledger_log_to(struct ledger *l, const struct ldplog_writer *w)
{
	struct record r = {.type = RECORD_RESTART, .ldp = RECORD_NO_LDP};

	if (!w) {
		forget_log(l);
		return;
	}
	l->log = *w;
	l->logging = true;
	ledger_write(l, &r);
	write_checkpoint(l);
	ledger_commit(l, 0);
	l->epoch++;
}

uint64_t ledger_settle(struct ledger *l, uint32_t ldp, int64_t *balance, int64_t to)
{
	bool to_pool = *balance > to;
	struct record r = {.type = to_pool ? RECORD_POOL : RECORD_GRANT, .ldp = ldp};

	r.bytes = (uint64_t)(to_pool ? *balance - to : to - *balance);
	r.balance_after = to;
	l->pool += *balance - to;
	*balance = to;
	r.peer = (uint64_t)l->pool;
	return ledger_write(l, &r);
}

/* --- attaching and detaching ------------------------------------------------------------------ */

static void write_detach(struct ledger *l, uint32_t ldp, int64_t balance, uint32_t flags)
{
	struct record r = {.type = RECORD_DETACH,
			   .ldp = ldp,
			   .balance_after = balance,
			   .flags = flags};

	ledger_write(l, &r);
	l->eventful = true;
}

static void close_account(struct ledger *l, uint32_t ldp, int64_t *balance)
{
	if (*balance)
		ledger_settle(l, ldp, balance, 0);
	write_detach(l, ldp, 0, 0);
}

static void drop_kept(struct ledger *l, uint32_t i)
{
	close_account(l, l->kept[i].id.ldp, &l->kept[i].balance);
	l->kept[i] = l->kept[--l->kept_n];
}

void ledger_expire(struct ledger *l)
{
	for (uint32_t i = 0; i < l->kept_n;) {
		if (l->kept[i].until_ns <= l->now_ns)
			drop_kept(l, i);
		else
			i++;
	}
}

void ledger_set_unit(struct ledger *l)
{
	uint64_t top_q16 = l->weights ? (l->peak * LEDGER_BOUND_EPOCHS << 16) / l->weights : 0;

	l->group[0].unit_q16 = top_q16;
	for (uint32_t i = 1; i < l->groups_end; i++) {
		struct ledger_group *g = &l->group[i];

		if (g->weights)
			g->unit_q16 = top_q16 * g->weight / g->weights;
	}
}

static bool same(const struct credit_id *a, const struct credit_id *b)
{
	return a->ldp == b->ldp && a->generation == b->generation &&
	       memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0;
}

/* Is it the account of an earlier attachment of this device, which this one inherits? */
static bool is_left_to(const struct credit_id *left, const struct credit_id *id)
{
	static const uint8_t none[sizeof(id->uuid)];

	return (id->heir == CREDIT_HEIR_OF_GUEST ||
		(id->heir == CREDIT_HEIR_OF_DOMAIN && left->ldp == id->ldp)) &&
	       record_id(left->ldp) == record_id(id->ldp) &&
	       memcmp(left->uuid, id->uuid, sizeof(id->uuid)) == 0 &&
	       memcmp(id->uuid, none, sizeof(none)) != 0;
}

/*
 * Takes the balance that was kept for this LDP. Closes accounts that were kept for an earlier
 * attachment, whose balance goes to *inherited by way of the pool, and those of another LDP of the
 * same domid and id.
 */
static int64_t claim(struct ledger *l, const struct credit_id *id, int64_t *inherited)
{
	int64_t balance = 0;

	*inherited = 0;
	for (uint32_t i = 0; i < l->kept_n;) {
		if (same(&l->kept[i].id, id)) {
			balance += l->kept[i].balance;
			l->kept[i] = l->kept[--l->kept_n];
		} else if (is_left_to(&l->kept[i].id, id)) {
			*inherited += l->kept[i].balance;
			drop_kept(l, i);
		} else if (l->kept[i].id.ldp == id->ldp) {
			drop_kept(l, i);
		} else {
			i++;
		}
	}
	return balance;
}

void ledger_attach(struct ledger *l, uint32_t slot, const struct credit_id *id, uint32_t weight)
{
	struct account *a = &l->account[slot];
	int64_t balance, inherited;

	assert(slot < l->max_ldps && !a->weight && weight > 0 && weight <= RECORD_F_WEIGHT);
	ledger_expire(l);
	balance = claim(l, id, &inherited);
	*a = (struct account){.balance = balance, .weight = weight, .id = *id};
	if (slot >= l->slots_end)
		l->slots_end = slot + 1;
	l->weights += weight;
	ledger_set_unit(l);
	a->offset = write_attach(l, id, a->balance, weight);
	if (inherited)
		a->offset = ledger_settle(l, id->ldp, &a->balance, a->balance + inherited);
	a->mean = a->balance;
	l->eventful = true;
}

void ledger_grant(struct ledger *l, uint32_t slot, int64_t bytes)
{
	struct account *a = &l->account[slot];

	assert(slot < l->max_ldps && a->weight);
	if (!bytes)
		return;
	a->offset = ledger_settle(l, a->id.ldp, &a->balance, a->balance + bytes);
	a->mean += bytes;
	l->eventful = true;
}

void ledger_leave_group(struct ledger *l, uint32_t slot)
{
	struct account *a = &l->account[slot];
	struct ledger_group *g = &l->group[a->group];
	uint32_t *at = &g->first;

	if (!a->group) {
		l->weights -= a->weight;
		return;
	}
	while (*at != slot + 1)
		at = &l->account[*at - 1].next;
	*at = a->next;
	g->weights -= a->weight;
	a->group = a->next = 0;
	if (!g->weights)
		l->weights -= g->weight;
}

void ledger_detach(struct ledger *l, uint32_t slot)
{
	struct account *a = &l->account[slot];

	if (slot >= l->max_ldps || !a->weight)
		return;
	if (l->kept_n < LEDGER_KEPT_MAX) {
		l->kept[l->kept_n++] = (struct kept){.id = a->id,
						     .balance = a->balance,
						     .until_ns = l->now_ns + LEDGER_KEEP_NS};
		write_detach(l, a->id.ldp, a->balance, RECORD_F_KEPT);
	} else {
		close_account(l, a->id.ldp, &a->balance);
	}
	ledger_leave_group(l, slot);
	*a = (struct account){0};
	ledger_set_unit(l);
	while (l->slots_end > 0 && !l->account[l->slots_end - 1].weight)
		l->slots_end--;
}

void ledger_close(struct ledger *l, const struct credit_id *id)
{
	for (uint32_t i = 0; i < l->kept_n;) {
		if (same(&l->kept[i].id, id))
			drop_kept(l, i);
		else
			i++;
	}
}

static void reweigh(struct ledger *l, struct account *a, uint32_t weight)
{
	uint64_t *weights = a->group ? &l->group[a->group].weights : &l->weights;

	*weights = *weights - a->weight + weight;
	a->weight = weight;
}

void ledger_set_weight(struct ledger *l, uint32_t slot, uint32_t weight)
{
	struct account *a = &l->account[slot];
	struct record r = {.type = RECORD_WEIGHT, .bytes = weight};

	assert(slot < l->max_ldps && weight > 0 && weight <= RECORD_F_WEIGHT);
	if (!a->weight || a->weight == weight)
		return;
	reweigh(l, a, weight);
	ledger_set_unit(l);
	r.ldp = a->id.ldp;
	r.balance_after = a->balance;
	a->offset = ledger_write(l, &r);
	l->eventful = true;
}

void ledger_adopt(struct ledger *l, const struct replay *rp)
{
	l->pool = rp->pool;
	l->peak = (uint64_t)rp->peak;
	l->epoch = rp->epoch + 1;
	for (uint32_t i = 0; i < rp->n; i++) {
		const struct replay_account *a = &rp->account[i];

		if (!a->live)
			continue;
		if (l->kept_n == l->max_ldps + LEDGER_KEPT_MAX) { /* no writer keeps that many */
			l->pool += a->balance;
			continue;
		}
		l->kept[l->kept_n++] = (struct kept){.id = a->id,
						     .balance = a->balance,
						     .until_ns = l->now_ns + LEDGER_KEEP_NS};
	}
}

/* --- queries ---------------------------------------------------------------------------------- */

void ledger_serve(struct ledger *l, uint32_t slot, uint32_t bytes)
{
	if (slot < l->max_ldps && l->account[slot].weight)
		l->account[slot].served += bytes;
}

/* Nothing that the guest has to know of: its offset stays. */
void ledger_note_limit(struct ledger *l, uint32_t slot, uint32_t limit, uint64_t bytes)
{
	struct account *a = &l->account[slot];
	struct record r = {.type = RECORD_LIMIT, .bytes = bytes, .peer = limit};

	if (slot >= l->max_ldps || !a->weight)
		return;
	r.ldp = a->id.ldp;
	r.balance_after = a->balance;
	ledger_write(l, &r);
	l->eventful = true;
}

int64_t ledger_balance(const struct ledger *l, uint32_t slot)
{
	return slot < l->max_ldps ? l->account[slot].balance : 0;
}

struct ledger_sums ledger_sums(const struct ledger *l, uint32_t slot)
{
	struct ledger_sums sums = {0};

	if (slot < l->max_ldps && l->account[slot].weight) {
		sums = l->account[slot].sums;
		sums.charged += l->account[slot].served;
	}
	return sums;
}

uint64_t ledger_offset(const struct ledger *l, uint32_t slot)
{
	return slot < l->max_ldps ? l->account[slot].committed : 0;
}

uint32_t ledger_factor_of(const struct ledger *l, int64_t mean, int64_t bound)
{
	int64_t full = bound * LEDGER_FULL_EPOCHS / LEDGER_BOUND_EPOCHS, factor;

	if (mean == 0 || full == 0)
		return LEDGER_FACTOR_ONE;
	if (mean >= full)
		factor = (int64_t)l->alpha_q16;
	else if (mean <= -full)
		factor = -(int64_t)l->alpha_q16;
	else
		factor = mean * (int64_t)l->alpha_q16 / full;
	/* To the nearest 256th: a finer factor would change too often. */
	factor = (factor + LEDGER_FACTOR_ONE + 128) & ~(int64_t)0xff;
	return factor < LEDGER_FACTOR_ONE / 2 ? LEDGER_FACTOR_ONE / 2 : (uint32_t)factor;
}

uint32_t ledger_factor(const struct ledger *l, uint32_t slot)
{
	const struct account *a = &l->account[slot];

	if (slot >= l->max_ldps || !a->weight)
		return LEDGER_FACTOR_ONE;
	return ledger_factor_of(l, a->mean, ledger_bound(l, a));
}

uint64_t ledger_log_end(const struct ledger *l)
{
	return l->log_end;
}

int64_t ledger_sum(const struct ledger *l)
{
	int64_t sum = l->pool;

	for (uint32_t slot = 0; slot < l->slots_end; slot++)
		sum += l->account[slot].balance;
	for (uint32_t i = 0; i < l->kept_n; i++)
		sum += l->kept[i].balance;
	return sum;
}
