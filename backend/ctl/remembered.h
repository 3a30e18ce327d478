/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remembered.h: what dmvl-back remembers of guests on disk, as the operator's tool sees it. */
#ifndef DMVL_CTL_REMEMBERED_H
#define DMVL_CTL_REMEMBERED_H

#include "backend/ctl/ctl.h"
#include "backend/kept/kept_file.h"

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
 * Forgets a device. The guest's dmvl-back must not be running: it does that itself. 0, or -errno
 * with one sentence in err (KEPT_FILE_ERR_MAX bytes).
 */
int remembered_forget(const char *dir, const char *uuid, unsigned id, char *err);

#endif
