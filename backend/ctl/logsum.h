/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logsum.h: a second of one credit log in few lines: who lent how much to whom, and who was limited
 * by what. */
#ifndef DMVL_CTL_LOGSUM_H
#define DMVL_CTL_LOGSUM_H

#include "backend/ctl/logtext.h"

/* All transfers of one kind from one device to another. */
struct logsum_pair {
	uint32_t giver, taker;
	bool repaid;
	uint64_t bytes;
};

struct logsum_limit {
	uint32_t ldp;
	uint64_t by, bytes; /* enum record_limit; in about a second */
};

/* Starts zero-initialised. Only logsum.c writes it; end with logsum_free(). */
struct logsum {
	uint64_t second; /* since 1970; 0: nothing is in it */
	struct logsum_pair *pair;
	struct logsum_limit *limit;
	size_t pairs, limits;
};

/*
 * Counts the record if it is the first one of a transfer, or a limit; the second of a transfer is
 * known from the first. False: it is of another type.
 */
bool logsum_add(struct logsum *s, const struct record *r);

/* Is there a second in it that ended before t_ns? */
bool logsum_is_over(const struct logsum *s, uint64_t t_ns);

/* One line, "12:00:01 web1/0 lent 15,000 bytes to db1/0", or an object. */
typedef void logsum_line(void *arg, const char *text, struct json_object *object);

/*
 * Calls `line` for each line, in words or, if `json`, with an object, which is its own. `wanted`
 * says of which devices. Then nothing is in it.
 */
struct logsum_to {
	struct logtext *text;
	const char *uplink;
	unsigned dir; /* 0: transmission */
	bool json;
	bool (*wanted)(void *arg, uint32_t ldp);
	logsum_line *line;
	void *arg;
};
void logsum_print(struct logsum *s, const struct logsum_to *to);

/* Nothing is in it any more. */
void logsum_clear(struct logsum *s);

void logsum_free(struct logsum *s);

#endif
