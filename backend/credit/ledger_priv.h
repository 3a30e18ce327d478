/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_priv.h: the state of a ledger, for ledger.c, ledger_epoch.c and tests. Pure. */
#ifndef DMVL_CREDIT_LEDGER_PRIV_H
#define DMVL_CREDIT_LEDGER_PRIV_H

#include "backend/credit/ledger.h"

/* The account of an attached LDP. Both files write balance, served and offset. */
struct account {
	int64_t balance;
	uint64_t served;     /* bytes in the current epoch */
	int64_t gap;	     /* ledger_epoch.c: bytes above (> 0) or below (< 0) the rated credit */
	uint64_t offset;     /* of its newest record in the log */
	uint64_t committed;  /* ledger.c: `offset` as of the last COMMIT */
	uint32_t weight;     /* ledger.c: 0: the slot is free */
	struct credit_id id; /* ledger.c */
};

/* The account of an LDP that is gone. ledger_epoch.c lets the balance decay. */
struct kept {
	struct credit_id id;
	int64_t balance;
	uint64_t until_ns; /* then it is closed */
};

struct ledger {
	/* Written by both files. */
	struct account *account;
	struct kept *kept;
	int64_t pool;
	uint64_t peak;	/* the highest rated credit of an epoch; decays as balances do */
	uint64_t epoch; /* number of the current one */

	/* Written by ledger_epoch.c. */
	uint64_t ahead; /* bytes served beyond what the epochs so far could carry */

	/* Written by ledger.c. */
	uint32_t max_ldps;
	uint32_t slots_end; /* all slots from here on are free */
	uint32_t kept_n;
	uint64_t weights;   /* sum over the attached LDPs */
	uint64_t unit_q16;  /* bound of a balance for weight 1 */
	uint64_t alpha_q16; /* repayment: how strongly a balance changes the weight */
	bool eventful;	    /* there is something to commit besides traffic */
	uint64_t now_ns, wall_ns;
	bool logging;
	struct ldplog_writer log;
	uint64_t checkpoint_at; /* offset of the last checkpoint */
	uint64_t log_end;	/* offset behind the last COMMIT */
};

/* Appends a record with time and epoch filled in. Returns its offset, 0 without a log. */
uint64_t ledger_write(struct ledger *l, struct record *r);

/*
 * Sets an account's balance to `to`; the difference goes to the pool or comes from it. Returns the
 * offset of the record.
 */
uint64_t ledger_settle(struct ledger *l, uint32_t ldp, int64_t *balance, int64_t to);

/* Closes the kept accounts whose time is over. */
void ledger_expire(struct ledger *l);

/* Writes a checkpoint if the last one is half a ring back. */
void ledger_checkpoint_if_due(struct ledger *l);

/* Writes the COMMIT of an epoch in which `rated` bytes of credit were rated. */
void ledger_commit(struct ledger *l, uint64_t rated);

/* Updates unit_q16, after the weights or the peak changed. */
void ledger_set_unit(struct ledger *l);

/* The largest balance that the account may have, either way. */
static inline int64_t ledger_bound(const struct ledger *l, const struct account *a)
{
	return (int64_t)(a->weight * l->unit_q16 >> 16);
}

#endif
