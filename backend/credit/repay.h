/* SPDX-License-Identifier: GPL-2.0-or-later */
/* repay.h: ends epochs under a virtual clock, and gives a scheduler the factors of repayment. Pure.
 */
#ifndef DMVL_CREDIT_REPAY_H
#define DMVL_CREDIT_REPAY_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/credit/ledger.h"
#include "backend/sched/sched.h"

#define REPAY_EPOCH_NS 10000000ull

/* What the daemon's frame loop ties together. Both are the caller's; ids are slots of both. */
struct repay {
	struct sched *sched;
	struct ledger *ledger;
	uint32_t ldps, groups; /* ids below ldps, groups 1..groups */
	uint64_t capacity_bps;
	uint64_t end_ns; /* of the epoch; the first one: REPAY_EPOCH_NS */
	bool idled;	 /* in this epoch the link could have carried more */
};

/* A frame was sent: counts it, and ends the epochs that are over. */
void repay_served(struct repay *r, uint32_t id, uint32_t charge_bytes, uint64_t now_ns);

#endif
