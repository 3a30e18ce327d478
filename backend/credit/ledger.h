/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger.h: who has lent how much of one direction of the uplink to whom. Pure. */
#ifndef DMVL_CREDIT_LEDGER_H
#define DMVL_CREDIT_LEDGER_H

#include "backend/credit/replay.h"

/*
 * A pure module: no I/O, no clock; the log is memory that the caller has. Integers only. LDPs are
 * named by a slot, 0..max_ldps-1, and keep their account by their identity: when one goes, its
 * account is kept for LEDGER_KEEP_NS, and whoever comes with the same identity finds it again.
 * docs: credits.md. At every moment the sum of all balances and the pool is 0.
 */
#define LEDGER_KEEP_NS	    60000000000ull
#define LEDGER_KEPT_MAX	    1024u /* LDPs that went lately; more are closed at once */
#define LEDGER_BOUND_EPOCHS 4u	  /* of rated credit: the most that a balance is */
#define LEDGER_FACTOR_ONE   65536u

struct ledger;

/* repayment_ppm is 0..1000000. NULL: out of memory. ledger_free(NULL) is fine. */
struct ledger *ledger_new(uint32_t max_ldps, uint32_t repayment_ppm);
void ledger_free(struct ledger *l);

/* The time of what comes next: any monotonic clock, and CLOCK_REALTIME for the records. */
void ledger_set_time(struct ledger *l, uint64_t now_ns, uint64_t wall_ns);

/* Before anything else: takes the accounts that a log had; nobody uses them yet. */
void ledger_adopt(struct ledger *l, const struct replay *rp);

/* Writes all from now on to a log as well, beginning with a checkpoint. Copies *w. */
void ledger_log_to(struct ledger *l, const struct ldplog_writer *w);

/* An LDP comes. The slot must be free. Its weight is 1..65535. */
void ledger_attach(struct ledger *l, uint32_t slot, const struct credit_id *id, uint32_t weight);

/* It goes; a free slot is ignored. */
void ledger_detach(struct ledger *l, uint32_t slot);

void ledger_set_weight(struct ledger *l, uint32_t slot, uint32_t weight);

/* Bytes charged to it, in the epoch under way. A free slot is ignored. */
void ledger_serve(struct ledger *l, uint32_t slot, uint32_t bytes);

/* Positive: lent. 0 for a free slot. */
int64_t ledger_balance(const struct ledger *l, uint32_t slot);

/* Offset of its newest committed record, 0: none, or there is no log. */
uint64_t ledger_offset(const struct ledger *l, uint32_t slot);

/* The weight's factor by the balance, LEDGER_FACTOR_ONE / 2 .. LEDGER_FACTOR_ONE * 2. */
uint32_t ledger_factor(const struct ledger *l, uint32_t slot);

/* Where the last committed epoch ends in the log; 0: there is no log. */
uint64_t ledger_log_end(const struct ledger *l);

/* The sum of all balances and the pool, counted anew: 0. */
int64_t ledger_sum(const struct ledger *l);

#endif
