/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sums.h: what all LDPs together had, those that went included, so that no sum goes back. */
#ifndef DMVL_SUMS_H
#define DMVL_SUMS_H

#include "backend/datapath/dpath.h"

struct ldp;

/* A round of the statistics begins. Then each LDP is added once, in the order of the slots. */
void sums_begin(struct dpath *dp);
void sums_add(struct dpath *dp, const struct ldp *l);

/* The LDP goes. `counted`: the round under way has added it already, or there is no round. */
void sums_leave(struct dpath *dp, const struct ldp *l, bool counted);

#endif
