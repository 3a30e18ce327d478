/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_diff.h: where guests and uplinks are not as the policy says. */
#ifndef DMVL_CTL_POLICY_DIFF_H
#define DMVL_CTL_POLICY_DIFF_H

#include "backend/ctl/ctl.h"

/*
 * Is told of one difference, or of a mistake in the policy: a sentence about `what`, and the
 * command that makes it as the policy says ("": none is known).
 */
typedef void policy_diff_say(void *arg, const char *what, const char *text, const char *command);

/* Compares all uplinks, and all devices that the policy names, with it. 0, or -errno of xenstore.
 */
int policy_diff(struct ctl *ctl, policy_diff_say *say, void *arg);

#endif
