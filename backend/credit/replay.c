/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/credit/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * Records wait in a batch until their COMMIT, then are applied one by one. Each balance in a record
 * is recomputed and compared, and at the COMMIT the sum must be zero: so a log that was tampered
 * with, or that a faulty writer wrote, is not accepted. Accounts that ended stay in the table, not
 * live, until the next checkpoint rebuilds the table.
 */
#define AMOUNT_MAX ((int64_t)1 << 56) /* no sum of these overflows */

void replay_init(struct replay *rp)
{
	*rp = (struct replay){0};
}

void replay_free(struct replay *rp)
{
	batch_free(&rp->batch);
	free(rp->account);
	*rp = (struct replay){0};
}

/* Records are missing here: nothing is known until the next checkpoint. */
static void replay_gap(struct replay *rp)
{
	rp->synced = false;
	batch_drop(&rp->batch);
}

static uint32_t *bucket_of(struct replay *rp, uint32_t ldp)
{
	return &rp->bucket[(ldp ^ ldp >> 16) % REPLAY_BUCKETS];
}

static struct replay_account *find(struct replay *rp, uint32_t ldp)
{
	for (uint32_t i = *bucket_of(rp, ldp); i; i = rp->account[i - 1].next) {
		if (rp->account[i - 1].id.ldp == ldp)
			return &rp->account[i - 1];
	}
	return NULL;
}

static int add_account(struct replay *rp, uint32_t ldp, struct replay_account **out)
{
	uint32_t room = rp->room ? 2 * rp->room : 64, *bucket = bucket_of(rp, ldp);
	struct replay_account *more;

	if (rp->n == rp->room) {
		more = realloc(rp->account, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		rp->account = more;
		rp->room = room;
	}
	*out = &rp->account[rp->n++];
	**out = (struct replay_account){.id.ldp = ldp, .next = *bucket};
	*bucket = rp->n;
	return 0;
}

static bool is_amount(int64_t v)
{
	return v >= -AMOUNT_MAX && v <= AMOUNT_MAX;
}

/* A checkpoint gives the balance; otherwise it must be the known one, or 0 for a new account. */
static int attach(struct replay *rp, const struct record *r)
{
	struct replay_account *a = find(rp, r->ldp);
	int ret = 0;

	if (!is_amount(r->balance_after) || record_group(r) > RECORD_GROUP_MAX)
		return -EBADMSG;
	if (!rp->expect && r->balance_after != (a ? a->balance : 0))
		return -EBADMSG;
	if (!a)
		ret = add_account(rp, r->ldp, &a);
	if (ret < 0)
		return ret;
	memcpy(a->id.uuid, &r->bytes, 8);
	memcpy(a->id.uuid + 8, &r->peer, 8);
	a->balance = r->balance_after;
	a->weight = r->flags & RECORD_F_WEIGHT;
	a->group = record_group(r);
	a->kept = r->flags & RECORD_F_KEPT;
	a->live = true;
	if (rp->expect)
		rp->expect--;
	return 0;
}

static void decay(struct replay *rp, uint64_t epochs)
{
	uint64_t q32 = record_decay_q32(epochs);

	for (uint32_t i = 0; i < rp->n; i++) {
		int64_t was = rp->account[i].balance;

		rp->account[i].balance = record_scaled(was, q32);
		rp->pool += was - rp->account[i].balance;
	}
}

static int checkpoint(struct replay *rp, const struct record *r)
{
	if (!is_amount((int64_t)r->peer) || r->balance_after < 0)
		return -EBADMSG;
	rp->n = 0;
	memset(rp->bucket, 0, sizeof(rp->bucket));
	rp->pool = (int64_t)r->peer;
	rp->peak = r->balance_after;
	rp->epoch = r->epoch;
	rp->expect = r->bytes;
	return 0;
}

static int commit(struct replay *rp, const struct record *r)
{
	int64_t sum = rp->pool, decayed;

	for (uint32_t i = 0; i < rp->n; i++)
		sum += rp->account[i].balance;
	if (sum != 0 || rp->expect || rp->pool != (int64_t)r->peer || r->epoch < rp->epoch ||
	    r->bytes > (uint64_t)AMOUNT_MAX)
		return -EBADMSG;
	decayed = record_decayed(rp->peak, r->epoch - rp->epoch);
	rp->peak = (int64_t)r->bytes > decayed ? (int64_t)r->bytes : decayed;
	rp->epoch = r->epoch;
	return 0;
}

/* Applies a record that adds `bytes` to an account (sign 1) or takes them from it (-1). */
static int move(struct replay_account *a, const struct record *r, int sign)
{
	if (r->bytes > (uint64_t)AMOUNT_MAX || !is_amount(r->balance_after))
		return -EBADMSG;
	a->balance += sign * (int64_t)r->bytes;
	return a->balance == r->balance_after ? 0 : -EBADMSG;
}

/* Applies a record of an account that must exist. */
static int apply_to(struct replay *rp, struct replay_account *a, const struct record *r)
{
	int ret = 0;

	if (!a || !a->live)
		return -EBADMSG;
	switch (r->type) {
	case RECORD_LIMIT:
		return 0;
	case RECORD_GENERATION:
		a->id.generation = r->bytes;
		break;
	case RECORD_DETACH:
		a->group = 0;
		a->kept = r->flags & RECORD_F_KEPT;
		a->live = a->kept;
		ret = a->live || a->balance == 0 ? 0 : -EBADMSG;
		break;
	case RECORD_WEIGHT:
		a->weight = (uint32_t)r->bytes & RECORD_F_WEIGHT;
		break;
	case RECORD_GROUP:
		a->group = (uint32_t)r->bytes;
		return r->bytes <= RECORD_GROUP_MAX ? 0 : -EBADMSG;
	case RECORD_LOAN:
		return move(a, r, 1);
	case RECORD_BORROW:
		return move(a, r, -1);
	case RECORD_REPAY:
		return move(a, r, r->flags & RECORD_F_TAKEN ? -1 : 1);
	case RECORD_POOL:
		ret = move(a, r, -1);
		rp->pool += ret ? 0 : (int64_t)r->bytes;
		break;
	case RECORD_GRANT:
		ret = move(a, r, 1);
		rp->pool -= ret ? 0 : (int64_t)r->bytes;
		break;
	default:
		return -EBADMSG;
	}
	return is_amount(rp->pool) ? ret : -EBADMSG;
}

/* No balance depends on it. */
static int group_weight(const struct record *r)
{
	return r->peer > 0 && r->peer <= RECORD_GROUP_MAX && r->bytes > 0 &&
			       r->bytes <= RECORD_F_WEIGHT
		       ? 0
		       : -EBADMSG;
}

static int apply(struct replay *rp, const struct record *r)
{
	if (r->type == RECORD_WEIGHT && r->ldp == RECORD_NO_LDP)
		return group_weight(r);
	switch (r->type) {
	case RECORD_ATTACH:
		return attach(rp, r);
	case RECORD_DECAY:
		decay(rp, r->bytes);
		return rp->pool == (int64_t)r->peer ? 0 : -EBADMSG;
	case RECORD_CHECKPOINT:
		return checkpoint(rp, r);
	case RECORD_COMMIT:
		return commit(rp, r);
	case RECORD_RESTART:
		return 0;
	default:
		return apply_to(rp, find(rp, r->ldp), r);
	}
}

static int apply_batch(struct replay *rp)
{
	uint32_t i = 0;
	int ret;

	/* Nothing is known before a checkpoint. */
	while (!rp->synced && i < rp->batch.n && rp->batch.record[i].type != RECORD_CHECKPOINT)
		i++;
	if (i == rp->batch.n)
		return 0;
	rp->synced = false;
	for (; i < rp->batch.n; i++) {
		ret = apply(rp, &rp->batch.record[i]);
		if (ret < 0)
			return ret;
	}
	rp->synced = true;
	return 0;
}

int replay_add(struct replay *rp, const struct record *r)
{
	int ret = batch_add(&rp->batch, r);

	if (ret > 0)
		ret = apply_batch(rp);
	else if (ret < 0)
		rp->synced = false;
	return ret;
}

int replay_log(struct replay *rp, struct ldplog_reader *r)
{
	uint64_t missed = r->missed;
	struct record rec;
	int ret;

	for (;;) {
		uint64_t at = r->at;

		ret = ldplog_read(r, &rec);
		if (ret == 0)
			return 0;
		if (r->missed != missed || ret < 0)
			replay_gap(rp);
		missed = r->missed;
		if (ret < 0 && r->at == at) /* the tail is impossible */
			return 0;
		if (ret > 0 && replay_add(rp, &rec) == -ENOMEM)
			return -ENOMEM;
	}
}
