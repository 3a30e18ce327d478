/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoch.h: what LDPs are charged, what is done at the end of each epoch, and the credit logs. */
#ifndef DMVL_EPOCH_H
#define DMVL_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/msg/ldp_conf.h"
#include "common/loop.h"

struct credit_id;
struct dpath;
struct dpath_conf;
struct ldp;
struct sched;

/*
 * Opens the logs, where conf->run_dir has them. `due` is called when epoch_end() should be. False:
 * out of memory.
 */
bool epoch_init(struct dpath *dp, const struct dpath_conf *conf, loop_cb *due);
void epoch_fini(struct dpath *dp);

/*
 * Charges a frame that was sent or refused in s, as sched_served(), and counts it for the epoch if
 * s is the uplink's in either direction.
 */
void epoch_charge(struct dpath *dp, struct sched *s, struct ldp *l, uint32_t wire_bytes,
		  uint32_t charge_bytes, bool more);

/* Begins an epoch, unless one is under way: at its end accounts are settled. */
void epoch_begin(struct dpath *dp);

/* The time of the epoch that is under way, if there is one, is over: end it in this turn. */
bool epoch_is_due(const struct dpath *dp);

/* An epoch ends at dp->now_ns: accounts, repays, and fills in each LDP's accounts. */
void epoch_end(struct dpath *dp);

/* An LDP comes, gets other weights, goes. */
void epoch_account_open(struct dpath *dp, struct ldp *l);
void epoch_account_reweight(struct dpath *dp, struct ldp *l);
void epoch_account_close(struct dpath *dp, struct ldp *l);
/* Nobody inherits the account that was kept for this identity. */
void epoch_account_end(struct dpath *dp, const struct credit_id *id);

/* Notes in the log what the LDP was limited by in the second before: an enum record_limit. */
void epoch_note_limit(struct dpath *dp, const struct ldp *l, enum ldp_dir dir, uint32_t limit,
		      uint64_t bytes);

/* Its account gets these bytes, which it held on the host that its guest came from. */
void epoch_account_brought(struct dpath *dp, struct ldp *l, int64_t tx, int64_t rx);

#endif
