/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record of a credit log in words, and as JSON. */
#ifndef DMVL_CTL_LOGTEXT_H
#define DMVL_CTL_LOGTEXT_H

#include <json-c/json_object.h>

#include "backend/credit/record.h"
#include "backend/ctl/ctl.h"

/* Names of domains, asked for once each. Zero-initialised; logtext_free() it. */
struct logtext {
	struct ctl *ctl;
	struct logtext_name *name;
	size_t n;
	uint64_t listed; /* ATTACH records of a checkpoint still to come: they are no news */
};

void logtext_free(struct logtext *t);

#define LOGTEXT_MAX 800

/*
 * The record in words, in out of LOGTEXT_MAX bytes: "12:00:01.230 web1/0 lent 15,000 bytes to
 * batch/0". False if it is nothing for people: the other half of a transfer, what goes to the pool
 * or comes from it, a COMMIT. Every record of a log must go through here, in order.
 */
bool logtext_words(struct logtext *t, const struct record *r, unsigned dir, char *out);

/* All of it; the caller owns it. `uplink` is borrowed; dir is 0 for tx. */
struct json_object *logtext_json(struct logtext *t, const struct record *r, const char *uplink,
				 unsigned dir);

#endif
