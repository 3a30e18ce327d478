/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_key.h: which keys a section of a policy may have, and their values. Pure. */
#ifndef DMVL_POLICY_KEY_H
#define DMVL_POLICY_KEY_H

#include "backend/policy/policy.h"

/* Bytes that hold any sentence of these functions. */
#define POLICY_ERR_MAX (SCHEMA_ERR_MAX + 64)

/* The word that is no key of xenstore: does dmvl-back attach the device by itself? */
#define POLICY_ATTACH_WORD "attach"

/*
 * The key called `name` in a section of this kind. 0, or -EINVAL with one sentence in err: where
 * the key belongs instead, or which one was probably meant.
 */
int policy_key_find(enum policy_kind kind, const char *name, enum schema_key *out,
		    char err[POLICY_ERR_MAX]);

/*
 * Checks a value as it was written and fills value and part_ppm of *item, whose key is set. 0,
 * -EINVAL with one sentence in err, or -ENOMEM. After 0, free item->value.
 */
int policy_key_value(struct policy_item *item, const char *text, char err[POLICY_ERR_MAX]);

/* "yes" or "no". 0, or -EINVAL with one sentence in err. */
int policy_key_attach(const char *text, enum policy_attach *out, char err[POLICY_ERR_MAX]);

#endif
