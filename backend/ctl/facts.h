/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h: what dmvlctl says of a device's settings: its name, limits, and what is refused. */
#ifndef DMVL_CTL_FACTS_H
#define DMVL_CTL_FACTS_H

#include <stdio.h>

#include "backend/ctl/view.h"

/* Bytes that hold any text of this file's functions. */
#define FACT_MAX 96

/* "web1/0", or "7/0" of a guest without a name. Returns `out`. */
#define FACT_NAME_MAX (TARGET_NAME_MAX + 8)
const char *fact_name(const struct ldp_view *ldp, char out[FACT_NAME_MAX]);

/* The uplink that serves the device or, before any did, is to. Returns `out`. */
const char *fact_uplink(const struct ldp_view *ldp, char out[FACT_MAX]);

/* Is the value of the key not in force: malformed, or named by the device's error? */
bool fact_is_refused(const struct ldp_view *ldp, enum schema_key key);

/* A short value, with '!' behind one that is refused. Returns `out`. */
const char *fact_value(const struct ldp_view *ldp, enum schema_key key, char out[FACT_MAX]);

/* "5mbit..40mbit", "5mbit..", "..40mbit" or "-", each value as above. Returns `out`. */
const char *fact_limits(const struct ldp_view *ldp, enum schema_key min, enum schema_key max,
			char out[FACT_MAX]);

/*
 * Prints the device's error, and each refused value that it does not name, a line each, folded.
 * `label` begins each of them. False: there is nothing to say.
 */
bool fact_print_troubles(const struct ldp_view *ldp, const char *label, FILE *out);

#endif
