/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lender.h: our scheduler with a ledger, as the daemon has them, for some strengths of repayment.
 */
#ifndef DMVL_SIM_LENDER_H
#define DMVL_SIM_LENDER_H

#include "tests/sim/subject.h"

extern const struct subject lender_none; /* 0 */
extern const struct subject lender_quarter;
extern const struct subject lender_default; /* .5 */
extern const struct subject lender_full;    /* 1 */

#endif
