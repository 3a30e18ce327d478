/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctl_policy.h: the policy that the dmvl-back of an uplink reads. */
#ifndef DMVL_CTL_POLICY_H
#define DMVL_CTL_POLICY_H

#include "backend/ctl/ctl.h"
#include "backend/policy/policy_parse.h"
#include "backend/policy/setting.h"

/*
 * The policy's file, as the uplink's dmvl-back said; the usual one, if none has run yet. False: its
 * files are in another domain.
 */
bool ctl_policy_path(struct ctl *ctl, const char *uplink, char *path, size_t size);

/* Why a command does not go on when ctl_policy_load() has found mistakes. */
#define CTL_POLICY_UNKNOWN "what was set cannot be told from what the policy says: mend it first"

/*
 * Reads the policy. With mistakes in it, prints them as warnings and returns NULL: dmvl-back does
 * not go by it either. NULL too if there is no policy. policy_free() it.
 */
struct policy *ctl_policy_load(struct ctl *ctl, const char *uplink);

/* The capacities that the uplink was configured with. */
struct policy_capacity ctl_policy_capacity(struct ctl *ctl, const char *uplink);

/* Adds what the settings do not have. A percentage that cannot be worked out is left out, with a
 * warning. */
void ctl_policy_add(struct ctl *ctl, const struct policy_match *match, struct settings *settings);

#endif
