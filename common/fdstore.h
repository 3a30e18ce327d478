/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fdstore.h: the service manager keeps a TAP while its program is started again. */
#ifndef DMVL_FDSTORE_H
#define DMVL_FDSTORE_H

/*
 * Without a service manager, or without FileDescriptorStoreMax= in the unit, nothing is kept, and
 * nothing is lost. See sd_notify(3), FDSTORE.
 */

/*
 * The descriptor that an earlier process gave by this name, the caller's from now on; -1: none, or
 * its interface is gone. Closes all others, and has the manager close them. The first call alone
 * finds any.
 */
int fdstore_take(const char *name);

/* Gives the manager a copy of fd, in place of what it has by this name. */
void fdstore_give(const char *name, int fd);

#endif
