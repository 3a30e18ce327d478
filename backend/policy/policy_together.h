/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_together.h: what each section may say, and what all of them together cannot get. Pure. */
#ifndef DMVL_POLICY_TOGETHER_H
#define DMVL_POLICY_TOGETHER_H

#include "backend/policy/policy_section.h"

/*
 * Of one uplink, says what holds if all guests run that have a section of their own: their minima,
 * with those of groups, are more than the uplink admits; those in a group are more than the group's
 * own minimum; two of their devices have one MAC address. Patterns count for the settings of these
 * guests, and for no others. A capacity that is 0 tells nothing. Guests that are attached by hand
 * alone do not count. Where one guest may have two sections, by name and by UUID, nothing is said
 * of these two. Such guests need not run together, so none of it is a mistake. Returns the number
 * of sentences.
 */
unsigned policy_check_together(const struct policy *p, const char *uplink,
			       const struct policy_capacity *of, policy_say *say, void *arg);

#endif
