/* SPDX-License-Identifier: GPL-2.0-or-later */
/* promise.h: what each LDP should have had, and what it had, in windows of 100 ms. */
#ifndef DMVL_PROMISE_H
#define DMVL_PROMISE_H

#include "backend/datapath/dpath.h"

/* False: out of memory. */
bool promise_init(struct dpath *dp);
void promise_fini(struct dpath *dp);

/* Rules, capacities or LDPs change now. */
void promise_changed(struct dpath *dp);

/*
 * A window ends that began ns ago; before that nothing happened since the last one. False: no
 * frame passed in it, none waited, and no agent leaves something in its ring.
 */
bool promise_window(struct dpath *dp, uint64_t ns);

#endif
