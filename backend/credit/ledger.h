/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger.h: the balances of lent and borrowed credit, in one direction of the uplink. Pure. */
#ifndef DMVL_CREDIT_LEDGER_H
#define DMVL_CREDIT_LEDGER_H

#include "backend/credit/replay.h"

/*
 * Balances are integers, in bytes; the sum of all balances and the pool is always 0. The log, if
 * there is one, is in memory that the caller owns. An LDP has a slot, 0..max_ldps-1, while it is
 * attached, and an account under its identity. When it is detached, the account is kept for
 * LEDGER_KEEP_NS: an LDP that is attached with the same identity in that time gets it back, and one
 * of the same UUID and device id inherits its balance as `heir` of its identity says.
 * docs/credits.md has the rules, ledger_group.h has groups. Who writes which field: ledger_priv.h.
 */
#define LEDGER_KEEP_NS	    60000000000ull
#define LEDGER_KEPT_MAX	    1024u /* kept accounts; the account of any further LDP is closed */
#define LEDGER_BOUND_EPOCHS 128u  /* a balance is at most the rated credit of this many epochs */
#define LEDGER_FULL_EPOCHS  20u	  /* of as much, it has its full effect */
#define LEDGER_FACTOR_ONE   65536u

struct ledger;

/*
 * repayment_ppm (0..1000000) is how strongly a balance changes the weight in force, in millionths.
 * NULL: out of memory. ledger_free(NULL) does nothing.
 */
struct ledger *ledger_new(uint32_t max_ldps, uint32_t repayment_ppm);
void ledger_free(struct ledger *l);

/*
 * Sets the time for the calls that follow: now_ns of any monotonic clock, wall_ns of
 * CLOCK_REALTIME, which records carry.
 */
void ledger_set_time(struct ledger *l, uint64_t now_ns, uint64_t wall_ns);

/* Takes over the accounts of a log, as kept accounts. Call this before any LDP is attached. */
void ledger_adopt(struct ledger *l, const struct replay *rp);

/*
 * From now on writes all changes to a log, a checkpoint first. Copies *w. NULL: there is no log any
 * more.
 */
void ledger_log_to(struct ledger *l, const struct ldplog_writer *w);

/* Attaches an LDP of weight 1..65535, in no group. The slot must be free. */
void ledger_attach(struct ledger *l, uint32_t slot, const struct credit_id *id, uint32_t weight);

/* Detaches it. A free slot is ignored. */
void ledger_detach(struct ledger *l, uint32_t slot);

/* Closes the account that is kept for this identity, if any: nobody inherits its balance. */
void ledger_close(struct ledger *l, const struct credit_id *id);

/* The account of a slot that is attached gets these bytes (negative: owes them) from the pool. */
void ledger_grant(struct ledger *l, uint32_t slot, int64_t bytes);

void ledger_set_weight(struct ledger *l, uint32_t slot, uint32_t weight);

/* Counts bytes that were charged to the LDP in the current epoch. A free slot is ignored. */
void ledger_serve(struct ledger *l, uint32_t slot, uint32_t bytes);

/*
 * Notes in the log what the LDP was limited by (enum record_limit) in the second before, in which
 * it was charged these bytes. A free slot is ignored.
 */
void ledger_note_limit(struct ledger *l, uint32_t slot, uint32_t limit, uint64_t bytes);

/* The balance in bytes: positive: lent, negative: borrowed. 0 for a free slot. */
int64_t ledger_balance(const struct ledger *l, uint32_t slot);

/* What has come together since the LDP was attached, in bytes. */
struct ledger_sums {
	uint64_t charged;
	uint64_t lent;	   /* of its credit that others used, and what it paid back */
	uint64_t borrowed; /* of others' credit that it used, and what was paid back to it */
};

/* Zeros for a free slot. What was charged in the current epoch counts. */
struct ledger_sums ledger_sums(const struct ledger *l, uint32_t slot);

/* Offset in the log of the LDP's newest committed record; 0: none, or no log. */
uint64_t ledger_offset(const struct ledger *l, uint32_t slot);

/*
 * By what factor the balance, as it was in the mean lately, changes the LDP's weight:
 * LEDGER_FACTOR_ONE / 2 (it borrowed much) .. LEDGER_FACTOR_ONE * 2 (it lent much).
 */
uint32_t ledger_factor(const struct ledger *l, uint32_t slot);

/* Offset in the log behind the last committed epoch; 0: there is no log. */
uint64_t ledger_log_end(const struct ledger *l);

/* Adds up all balances and the pool: the result is 0. */
int64_t ledger_sum(const struct ledger *l);

#endif
