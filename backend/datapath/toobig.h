/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toobig.h: frames that are too big for where they go, and the answer to their sender. */
#ifndef DMVL_TOOBIG_H
#define DMVL_TOOBIG_H

#include <stdbool.h>
#include <stdint.h>

struct dpath;
struct ldp;

/* A new LDP: it may be answered. */
void toobig_init(struct ldp *l, uint64_t now_ns);

/* Is the head of `l`, or each of its segments, larger than the uplink carries? */
bool toobig_for_uplink(const struct dpath *dp, const struct ldp *l);

/*
 * Counts the head of `l` as dropped for the MTU of the uplink (`to` NULL) or of `to`, and answers
 * its sender, where that is allowed and not too often.
 */
void toobig_drop(struct dpath *dp, struct ldp *l, const struct ldp *to);

#endif
