/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.h: records of the credit log, held back until a COMMIT makes them valid. Pure. */
#ifndef DMVL_CREDIT_BATCH_H
#define DMVL_CREDIT_BATCH_H

#include "backend/credit/record.h"

#define BATCH_MAX (1u << 20) /* records; more than any log holds */

/* Starts zero-initialised. Only batch.c writes it; readers use record[0..n-1] of a whole batch. */
struct batch {
	struct record *record;
	uint32_t n, room;
	bool whole;
};

/*
 * Adds a record; if the batch was whole, the record starts a new one. 1: the batch is whole now: it
 * ends with a COMMIT, or is a single RESTART. 0: more records must follow. -ENOMEM, or -E2BIG when
 * there are BATCH_MAX records without a COMMIT; the batch is then empty.
 */
int batch_add(struct batch *b, const struct record *r);

/* Empties the batch, after records were lost: what is left of it could never become whole. */
void batch_drop(struct batch *b);
void batch_free(struct batch *b);

#endif
