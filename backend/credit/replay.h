/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.h: from the records of a credit log to the accounts as of its last COMMIT. Pure. */
#ifndef DMVL_CREDIT_REPLAY_H
#define DMVL_CREDIT_REPLAY_H

#include "backend/credit/batch.h"
#include "backend/credit/ldplog.h"

struct replay_account {
	struct credit_id id;
	int64_t balance;
	uint32_t weight;
	bool live; /* false: it ended */
	bool kept; /* it has no LDP */
	uint32_t next;
};

#define REPLAY_BUCKETS 1024

struct replay {
	struct replay_account *account;
	uint32_t n, room;
	uint32_t bucket[REPLAY_BUCKETS]; /* account + 1 */
	struct batch batch;
	bool synced; /* the accounts are those of the last COMMIT, with all before it */
	uint64_t expect;
	int64_t pool, peak;
	uint64_t epoch;
};

/* Nothing known until a checkpoint was seen. The caller ends it with replay_free(). */
void replay_init(struct replay *rp);
void replay_free(struct replay *rp);

/*
 * Takes the next record. 0; -EBADMSG: it contradicts what was before; -ENOMEM, -E2BIG. After an
 * error, and after replay_gap(), nothing is known until the next checkpoint.
 */
int replay_add(struct replay *rp, const struct record *r);

/* Records are missing here. */
void replay_gap(struct replay *rp);

/*
 * Adds all that a log has. 0: rp->synced says whether the accounts are known; -ENOMEM. What is
 * damaged is skipped.
 */
int replay_log(struct replay *rp, struct ldplog_reader *r);

#endif
