/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prospect.h: what each LDP would get of a link if it sent all it could. Pure. */
#ifndef DMVL_PROSPECT_H
#define DMVL_PROSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/sched_rule.h"

/*
 * The scheduler fills like water: everybody has the same rate for each unit of weight, but no less
 * than its minimum, and no more than its maximum or than it wants. Groups are filled first, and
 * each of them fills its members in the same way. So an LDP that sends all it could gets its
 * weight's part of what those leave who want less.
 */
#define PROSPECT_ALL UINT64_MAX

/* One LDP in one direction. */
struct prospect_claim {
	const struct sched_rule *rule;
	uint32_t group;		/* 0: none */
	uint64_t wants_bps;	/* as of now; PROSPECT_ALL: all it can get */
	uint64_t elsewhere_bps; /* counts in its maximum and its group's, but not on the link */
};

/* Why it gets no more. Programs read these numbers in the statistics. */
enum prospect_by {
	PROSPECT_UNKNOWN,   /* no capacity is known, and there is no maximum */
	PROSPECT_LINK,	    /* it gets all that the others leave */
	PROSPECT_WEIGHT,    /* others want more than their parts too: its weight decides */
	PROSPECT_MIN,	    /* its minimum, which is more than its part */
	PROSPECT_MAX,	    /* its maximum */
	PROSPECT_GROUP_MIN, /* its group's minimum, likewise */
	PROSPECT_GROUP_MAX, /* its group's maximum */
};

struct prospect {
	uint64_t bps;
	enum prospect_by by;
};

/* Working memory for at most max_claims LDPs and the groups 1..max_groups. NULL: out of memory. */
struct prospects *prospects_new(uint32_t max_claims, uint32_t max_groups);
void prospects_free(struct prospects *p);

/* What decides about all of them. */
struct prospect_link {
	uint64_t capacity_bps;		       /* 0: not known */
	const struct sched_rule *const *group; /* by number; NULL: there is none of that number */
};

/* Works out out[i] for each of the n claims, as if it alone wanted all it can get. */
void prospects_fill(struct prospects *p, const struct prospect_link *link,
		    const struct prospect_claim *claims, uint32_t n, struct prospect *out);

#endif
