/* SPDX-License-Identifier: GPL-2.0-or-later */
/* admission.h: whether an uplink would admit a device, and what it would get: as text. Pure. */
#ifndef DMVL_POLICY_ADMISSION_H
#define DMVL_POLICY_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/sched/prospect.h"
#include "xenstore-schema/schema.h"

#define ADMISSION_NO_LIMIT UINT64_MAX
#define ADMISSION_DIRS	   2 /* what the guest sends, what it receives */

/* One direction, in bits per second. */
struct admission_dir {
	uint64_t capacity_bps;	 /* of which minima may take a part; 0: none is known */
	uint64_t minima_bps;	 /* what they take of it */
	uint64_t left_bps;	 /* for further minima, or ADMISSION_NO_LIMIT */
	uint64_t group_left_bps; /* in the device's group, or ADMISSION_NO_LIMIT */
	bool measured;		 /* no minimum is refused for that capacity: it moves */
	bool scaled;		 /* the link carries too little for the minima now */
	struct prospect would;	 /* what the device would get if all sent all they could */
};

/* A device that is not admitted counts without its minima. */
struct admission {
	bool admitted;
	struct admission_dir dir[ADMISSION_DIRS];
	char error[SCHEMA_ERR_MAX]; /* why not; "": it is admitted */
};

/* Writes it behind `number`, which says to which question it is the answer. Returns `out`. */
const char *admission_format(const struct admission *a, const char *number,
			     char out[SCHEMA_VALUE_MAX + 1]);

/* False: it is no answer to the question of that number. */
bool admission_parse(const char *text, const char *number, struct admission *out);

#endif
