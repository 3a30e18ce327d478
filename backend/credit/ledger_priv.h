/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_priv.h: what ledger.c and ledger_epoch.c share. Pure. */
#ifndef DMVL_CREDIT_LEDGER_PRIV_H
#define DMVL_CREDIT_LEDGER_PRIV_H

#include "backend/credit/ledger.h"

struct account {
	int64_t balance;
	uint64_t served;    /* in the epoch under way */
	int64_t gap;	    /* of this epoch: over (positive) or below what was rated */
	uint64_t offset;    /* of its newest record */
	uint64_t committed; /* the same, as of the last COMMIT */
	uint32_t weight;    /* 0: the slot is free */
	struct credit_id id;
};

/* An account whose LDP is gone. */
struct kept {
	struct credit_id id;
	int64_t balance;
	uint64_t until_ns;
};

struct ledger {
	struct account *account;
	uint32_t max_ldps, slots_end;
	struct kept *kept;
	uint32_t kept_n;
	int64_t pool;
	uint64_t weights;  /* of all attached */
	uint64_t ahead;	   /* bytes served beyond what the epochs so far could carry */
	uint64_t peak;	   /* the most that was rated in an epoch, decayed as balances are */
	uint64_t unit_q16; /* bound of a balance per unit of weight */
	uint64_t alpha_q16;
	uint64_t epoch; /* the one under way */
	bool eventful;	/* there is something to commit besides traffic */
	uint64_t now_ns, wall_ns;
	bool logging;
	struct ldplog_writer log;
	uint64_t checkpoint_at, log_end;
};

/* Appends a record with the time and the epoch; its offset, or 0 without a log. */
uint64_t ledger_write(struct ledger *l, struct record *r);

/* An account's balance becomes `to`, the difference goes to the pool or comes from it. */
uint64_t ledger_settle(struct ledger *l, uint32_t ldp, int64_t *balance, int64_t to);

/* Closes the accounts that were kept long enough. */
void ledger_expire(struct ledger *l);

/* Writes all accounts if the last checkpoint is half a ring ago. */
void ledger_checkpoint_if_due(struct ledger *l);

/* Writes the COMMIT: `rated` bytes in this epoch. */
void ledger_commit(struct ledger *l, uint64_t rated);

/* After the weights or the peak changed. */
void ledger_set_unit(struct ledger *l);

static inline int64_t ledger_bound(const struct ledger *l, const struct account *a)
{
	return (int64_t)(a->weight * l->unit_q16 >> 16);
}

#endif
