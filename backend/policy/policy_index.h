/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_index.h: finds sections of a policy without a look at each of them. Pure.
 */
#ifndef DMVL_POLICY_INDEX_H
#define DMVL_POLICY_INDEX_H

#include <stdbool.h>

#include "backend/policy/policy.h"

struct policy_index;

/* NULL: no memory. */
struct policy_index *policy_index_new(void);
void policy_index_free(struct policy_index *x); /* no effect on NULL */

/*
 * Adds a section, which is number `n` of the policy: numbers begin at 0, and none is left out.
 * False: no memory, and it is not added.
 */
bool policy_index_add(struct policy_index *x, const struct policy_section *s, unsigned n);

/* No section. */
#define POLICY_INDEX_NONE UINT32_MAX

/* The number of the section with this head, among the sections of *p, or POLICY_INDEX_NONE. */
unsigned policy_index_head(const struct policy_index *x, const struct policy *p,
			   enum policy_kind kind, unsigned id, const char *name);

/* Is told the number of a section. */
typedef void policy_index_fn(unsigned n, void *arg);

/*
 * Tells of each pattern for device `id` that may fit the name, in any order: what is before the
 * pattern's first special character is how the name begins.
 */
void policy_index_globs(const struct policy_index *x, unsigned id, const char *name,
			policy_index_fn *fn, void *arg);

#endif
