/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_write.h: values of the policy, and how they get into xenstore. */
#ifndef DMVL_POLICY_WRITE_H
#define DMVL_POLICY_WRITE_H

#include <stdbool.h>

#include "backend/policy/policy.h"

struct control;

/*
 * The item's value, a percentage worked out. False, with a line in the log if `log`: it has none.
 * `item` may be NULL.
 */
bool policy_value_of(const struct policy_item *item, const struct policy_capacity *of, bool log,
		     char out[SCHEMA_VALUE_MAX + 1]);

/*
 * Writes `now` as the key of this directory unless `was` has the same value; `what` is for the log.
 * NULL: the policy does not say; then the key has its default.
 */
void policy_write(struct control *c, const char *dir, const char *what, enum schema_key key,
		  const struct policy_item *was, const struct policy_capacity *was_of,
		  const struct policy_item *now);

#endif
