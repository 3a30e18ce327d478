/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_priv.h: the state of a ledger, for ledger*.c and tests. Pure. */
#ifndef DMVL_CREDIT_LEDGER_PRIV_H
#define DMVL_CREDIT_LEDGER_PRIV_H

#include "backend/credit/deal.h"
#include "backend/credit/ledger.h"

/*
 * The factor follows the mean of a balance over about 2^MEAN_SHIFT epochs. An LDP with frames
 * longer than an epoch's credit is charged for one when its balance is highest; the balance itself
 * would charge it less than others.
 */
#define MEAN_SHIFT 5

/* The account of an attached LDP. All files write offset; ledger.c and ledger_epoch.c the balance.
 */
struct account {
	int64_t balance;
	int64_t mean;	     /* ledger_epoch.c, from ledger.c: of the balance */
	uint64_t served;     /* ledger.c, ledger_epoch.c: bytes in the current epoch */
	int64_t gap;	     /* ledger_epoch.c: bytes above (> 0) or below (< 0) the rated credit */
	uint64_t offset;     /* of its newest record in the log */
	uint64_t committed;  /* ledger.c: `offset` as of the last COMMIT */
	uint32_t weight;     /* ledger.c, ledger_group.c: 0: the slot is free */
	uint32_t group;	     /* ledger_group.c: 0: none */
	uint32_t next;	     /* ledger_group.c: slot + 1 of the next member, 0: the last one */
	struct credit_id id; /* ledger.c */
	struct ledger_sums sums; /* ledger_epoch.c */
};

/*
 * What competes as one. Group 0 stands for all LDPs in no group: it has neither weight, members nor
 * weights.
 */
struct ledger_group {
	/* Written by ledger_group.c. */
	uint32_t weight;
	uint32_t first;	  /* slot + 1 of a member, 0: there is none */
	uint64_t weights; /* sum over the members, 0: there is none */

	uint64_t unit_q16; /* ledger.c: bound of a balance for weight 1 */

	/* Written by ledger_epoch.c. */
	int64_t balance; /* what the members lent to others, less what they borrowed */
	int64_t mean;	 /* of that */

	/* Written by ledger_epoch.c, for one epoch. */
	struct deal deal;
	uint64_t over, spare; /* sums of positive and negative gaps */
};

/* The account of an LDP that is gone. ledger_epoch.c lets the balance decay. */
struct kept {
	struct credit_id id;
	int64_t balance;
	uint64_t until_ns; /* then it is closed */
};

struct ledger {
	/* Written by all files. */
	struct account *account;
	struct ledger_group *group;
	struct kept *kept;
	int64_t pool;
	uint64_t peak;	/* the highest rated credit of an epoch; decays as balances do */
	uint64_t epoch; /* number of the current one */

	/* Written by ledger_epoch.c. */
	uint64_t ahead; /* bytes served beyond what the epochs so far could carry */

	/* Written by ledger.c and ledger_group.c. */
	uint64_t weights;    /* sum over all that compete at the top */
	uint32_t groups_end; /* no group from here on has ever had a member; at least 1 */
	bool eventful;	     /* there is something to commit besides traffic */

	/* Written by ledger.c. */
	uint32_t max_ldps;
	uint32_t slots_end; /* all slots from here on are free */
	uint32_t kept_n;
	uint64_t alpha_q16; /* repayment: how strongly a balance changes the weight */
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

/* Updates the groups' unit_q16, after weights, members or the peak changed. */
void ledger_set_unit(struct ledger *l);

/* Writes a group's weight to the log. */
void ledger_write_group(struct ledger *l, uint32_t group);

/* Takes the account's weight out of the sum that it is in, and the LDP out of its group. */
void ledger_leave_group(struct ledger *l, uint32_t slot);

/* The factor of a balance that has this mean and this bound. */
uint32_t ledger_factor_of(const struct ledger *l, int64_t mean, int64_t bound);

/* The largest balance that the account may have, either way. */
static inline int64_t ledger_bound(const struct ledger *l, const struct account *a)
{
	return (int64_t)(a->weight * l->group[a->group].unit_q16 >> 16);
}

/* The same for what a group's members lent together. */
static inline int64_t ledger_group_bound(const struct ledger *l, const struct ledger_group *g)
{
	return (int64_t)(g->weight * l->group[0].unit_q16 >> 16);
}

#endif
