/* SPDX-License-Identifier: GPL-2.0-or-later */
/* minima.h: do all devices' minima together fit the uplink? */
#ifndef DMVL_MINIMA_H
#define DMVL_MINIMA_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/msg/ldp_conf.h"
#include "backend/policy/minima_words.h"
#include "xenstore-schema/refusal.h"

struct control;
struct device;
struct group_settings;
struct ldp_group;
struct ldp_settings;

/*
 * New settings of a device, which wants to be in the group `in` (NULL: in none that exists). Puts
 * back to d->settings each minimum that was raised and does not fit the capacity, configured or by
 * the speed of the hardware, or the minimum of its group; and a new group that the minima do not
 * fit. The first of them is named in err (refusal_add()).
 */
void minima_admit(const struct control *c, const struct device *d, const struct ldp_group *in,
		  struct ldp_settings *s, char err[REFUSAL_MAX]);

/* The same for a group: a minimum also has to be enough for those of the devices in it. */
void minima_admit_group(const struct control *c, const struct ldp_group *g,
			struct group_settings *s, char err[REFUSAL_MAX]);

/* A device that might be attached, to the group `in` (NULL: to none that exists). */
struct minima_newcomer {
	const struct ldp_group *in;
	uint64_t tx_min, rx_min;
};

/* Would minima_admit() admit its minima? Otherwise the sentence for it in err. */
bool minima_would_admit(const struct control *c, const struct minima_newcomer *n,
			char err[REFUSAL_MAX]);

#define MINIMA_NO_LIMIT UINT64_MAX

/* How the uplink would stand in one direction. */
struct minima_left {
	uint64_t capacity_bps;	 /* of which minima may take MINIMA_PERCENT; 0: none is known */
	bool measured;		 /* it is, or is not known: no minimum is refused for it */
	uint64_t sum_bps;	 /* what minima take of it */
	uint64_t left_bps;	 /* for further minima, or MINIMA_NO_LIMIT */
	uint64_t group_left_bps; /* in the newcomer's group, or MINIMA_NO_LIMIT */
	bool scaled; /* the link carries too little for all of them now, so they are scaled down */
};

/* With the newcomer, whether admitted or not. */
struct minima_left minima_left(const struct control *c, const struct minima_newcomer *n,
			       enum ldp_dir dir);

/*
 * Do the minima fit what the uplink carries now? Marks devices to be looked at, and returns true,
 * when the answer changed.
 */
bool minima_judge(struct control *c);

/*
 * One sentence (SCHEMA_ERR_MAX bytes) if a minimum of the device, or of the group, is scaled down,
 * else "".
 */
void minima_error(const struct control *c, const struct device *d, char *err);
void minima_group_error(const struct control *c, const struct ldp_group *g, char *err);

#endif
