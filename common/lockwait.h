/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lockwait.h: waits for a lock, but not for ever. */
#ifndef DMVL_LOCKWAIT_H
#define DMVL_LOCKWAIT_H

/*
 * Takes the lock (flock) of an open file or directory, and waits for it for `wait_ms` at most.
 * Closing fd gives it up, as the end of the process does. 0; -EWOULDBLOCK: another program has kept
 * it for all that time; or another -errno.
 */
int lock_wait(int fd, unsigned wait_ms);

#endif
