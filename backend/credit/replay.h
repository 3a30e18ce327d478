/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.h: rebuilds the accounts as of the last COMMIT from the records of a credit log. Pure. */
#ifndef DMVL_CREDIT_REPLAY_H
#define DMVL_CREDIT_REPLAY_H

#include "backend/credit/batch.h"
#include "backend/credit/ldplog.h"

struct replay_account {
	struct credit_id id;
	int64_t balance;
	uint32_t weight;
	uint32_t group; /* of the daemon that wrote it; 0: none */
	bool live;	/* false: the account has ended */
	bool kept;	/* no LDP uses it */
	uint32_t next;	/* in its hash bucket: index + 1, 0: the last one */
};

#define REPLAY_BUCKETS 1024

/* Only replay.c writes it. */
struct replay {
	struct replay_account *account;
	uint32_t n, room;
	uint32_t bucket[REPLAY_BUCKETS]; /* by LDP: index of its first account + 1 */
	struct batch batch;
	bool synced;	 /* the accounts are complete, and as of the last COMMIT */
	uint64_t expect; /* accounts that the checkpoint still has to list */
	int64_t pool, peak;
	uint64_t epoch;
};

/* Starts without knowledge: accounts are known after the first checkpoint. End: replay_free(). */
void replay_init(struct replay *rp);
void replay_free(struct replay *rp);

/*
 * Takes the next record. 0, -EBADMSG (it contradicts the records before), -ENOMEM or -E2BIG. After
 * an error nothing is known until the next checkpoint.
 */
int replay_add(struct replay *rp, const struct record *r);

/*
 * Takes all records of a log and skips damaged ones. 0: rp->synced says whether the accounts are
 * known. -ENOMEM.
 */
int replay_log(struct replay *rp, struct ldplog_reader *r);

#endif
