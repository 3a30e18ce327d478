/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logtext.h: a record of a credit log in words and as JSON. */
#ifndef DMVL_CTL_LOGTEXT_H
#define DMVL_CTL_LOGTEXT_H

#include <json-c/json_object.h>

#include "backend/credit/record.h"
#include "backend/ctl/ctl.h"

/*
 * The names of domains, each asked for once. Zero-initialise it, set ctl, and end with
 * logtext_free(). logtext.c writes the other fields.
 */
struct logtext {
	struct ctl *ctl;
	struct logtext_name *name;
	size_t n;
	uint64_t listed; /* ATTACH records of a checkpoint still to come, which are not news */
};

void logtext_free(struct logtext *t);

#define LOGTEXT_MAX	   800
#define LOGTEXT_LDP_MAX	   64
#define LOGTEXT_NUMBER_MAX 32

/* The domain has this name from now on; "": none. */
void logtext_learn(struct logtext *t, unsigned domid, const char *name);

/* Was its name learnt, or asked for? */
bool logtext_knows(const struct logtext *t, unsigned domid);

/* "web1/0", or "7/0"; a name that is not printable is quoted. */
const char *logtext_ldp(struct logtext *t, uint32_t ldp, char out[LOGTEXT_LDP_MAX]);

/* "15,000 bytes", "1 byte" */
const char *logtext_bytes(uint64_t bytes, char out[LOGTEXT_NUMBER_MAX]);

/* "its maximum", of an enum record_limit. */
const char *logtext_limit(uint64_t limit);

/* Adds domain, domid and id to the object. */
void logtext_add_ldp(struct logtext *t, struct json_object *o, uint32_t ldp);

/*
 * Writes the record in words to `out` (LOGTEXT_MAX bytes): "12:00:01.230 web1/0 lent 15,000 bytes
 * to batch/0". False if people need not see it: the second record of a transfer, a transfer with
 * the pool, a COMMIT. Call it for every record of a log, in order. dir is 0 for transmission.
 */
bool logtext_words(struct logtext *t, const struct record *r, unsigned dir, char *out);

/* The complete record as an object, which the caller owns. Borrows `uplink`. */
struct json_object *logtext_json(struct logtext *t, const struct record *r, const char *uplink,
				 unsigned dir);

#endif
