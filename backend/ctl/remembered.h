/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remembered.h: what dmvl-back remembers of guests on disk, as the operator's tool sees it. */
#ifndef DMVL_CTL_REMEMBERED_H
#define DMVL_CTL_REMEMBERED_H

#include "backend/ctl/ctl.h"
#include "backend/kept/kept_file.h"
#include "backend/policy/policy.h"
#include "backend/policy/setting.h"

/*
 * The directory of an uplink: where its dmvl-back says, or, if none has run since boot, the default
 * one. False: it is in another domain (-B).
 */
bool remembered_dir(struct ctl *ctl, const char *uplink, char out[PATH_MAX]);

/*
 * Calls fn for each uplink that xenstore or the default directory knows, in no order, until it
 * returns another value than 0, which is the result. 0 or -errno.
 */
typedef int remembered_fn(struct ctl *ctl, const char *uplink, const char *dir, void *arg);
int remembered_each(struct ctl *ctl, remembered_fn *fn, void *arg);

/*
 * Locks the directory, see kept_dir_lock(); others need milliseconds, so ten seconds are enough.
 * 0, or an exit status with the reason on stderr. *lock is for remembered_unlock(); -1: there is no
 * directory, nor anything to lock.
 */
int remembered_lock(const char *dir, int *lock);
void remembered_unlock(int lock);

/*
 * Adds to `settings` what was set for a device before and they do not have, unless the policy,
 * whose match this is, has said something else of that key since then. If this uplink remembers
 * nothing of the device, but another one does, that holds: the device has moved. `said`
 * (REMEMBERED_MAX bytes) gets what was added. 0, or an exit status: it cannot be read. Of a damaged
 * file nothing is added, with a warning. The caller has locked the directory.
 */
#define REMEMBERED_MAX 512
int remembered_add(struct ctl *ctl, const char *uplink, const char *uuid, unsigned id,
		   const struct policy_match *match, struct settings *settings, char *said);

/*
 * Is something remembered of a guest of this name under another UUID, which no domain has? Writes
 * that UUID.
 */
bool remembered_elsewhere(struct ctl *ctl, const char *uplink, const char *name, const char *uuid,
			  char other[UUID_TEXT_LEN + 1]);

/*
 * Forgets a device, if nobody keeps the directory locked. dmvl-back does that itself, where it
 * runs. 0, or -errno with one sentence in err (KEPT_FILE_ERR_MAX bytes).
 */
int remembered_forget(const char *dir, const char *uuid, unsigned id, char *err);

/* Is a device remembered? 1, 0, or -errno with one sentence in err. */
int remembered_has(const char *dir, const char *uuid, unsigned id, char *err);

#endif
