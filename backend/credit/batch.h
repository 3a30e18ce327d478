/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.h: records of the credit log held back until a COMMIT says that they count. Pure. */
#ifndef DMVL_CREDIT_BATCH_H
#define DMVL_CREDIT_BATCH_H

#include "backend/credit/record.h"

#define BATCH_MAX (1u << 20) /* more than any log holds */

/* Zero-initialised; the n records of a batch that is whole. */
struct batch {
	struct record *record;
	uint32_t n, room;
	bool whole;
};

/*
 * Adds a record, as the first one if the batch was whole. True: it is whole now, and ends with a
 * COMMIT or is a RESTART alone. -ENOMEM, or -E2BIG for a batch without end, which is dropped.
 */
int batch_add(struct batch *b, const struct record *r);

/* Records are missing: what there is can never be whole. */
void batch_drop(struct batch *b);
void batch_free(struct batch *b);

#endif
