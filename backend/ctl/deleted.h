/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deleted.h: who holds the lock of an uplink after the file was deleted. */
#ifndef DMVL_CTL_DELETED_H
#define DMVL_CTL_DELETED_H

#include <limits.h>

/*
 * The process that holds a lock on the deleted file `path`, or, if that is NULL, on a deleted
 * UPLINK.lock, whose directory is written into `dir`. 0: there is none. It takes root to see it.
 */
unsigned deleted_lock_holder(const char *path, const char *uplink, char dir[PATH_MAX]);

#endif
