/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_print.h: a policy as text that means the same. Pure. */
#ifndef DMVL_POLICY_PRINT_H
#define DMVL_POLICY_PRINT_H

#include "backend/policy/policy.h"

/*
 * The whole policy, percentages worked out; those that cannot be are left out. NULL: no memory.
 * Free it.
 */
char *policy_print(const struct policy *p, const struct policy_capacity *capacity);

/* A value as the text of a policy has it: a long list goes on in further lines. NULL: no memory. */
char *policy_wrap(const char *key, const char *value);

#endif
