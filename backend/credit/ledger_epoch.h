/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger_epoch.h: what the end of an accounting epoch does to all balances. Pure. */
#ifndef DMVL_CREDIT_LEDGER_EPOCH_H
#define DMVL_CREDIT_LEDGER_EPOCH_H

#include "backend/credit/ledger.h"

/*
 * Ends an epoch: balances decay, who sent less than its share lends to who sent more, balances are
 * cut to their bounds, and the log gets its COMMIT. `epochs` (>= 1) have passed since the last call
 * that returned true. capacity_bytes is what the uplink could carry in that time; 0: unknown, or
 * what it did carry, because frames waited all the time.
 * False: no LDP sent anything and nothing is written; add these epochs to the next call.
 */
bool ledger_epoch(struct ledger *l, uint64_t epochs, uint64_t capacity_bytes);

#endif
