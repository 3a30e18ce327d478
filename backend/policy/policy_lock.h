/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_lock.h: one program at a time changes the policy's files. */
#ifndef DMVL_POLICY_LOCK_H
#define DMVL_POLICY_LOCK_H

#include <stdint.h>

#define POLICY_LOCK_DIR "/run/dmvl"

/*
 * Waits for the lock, `wait_ms` at most. All policies of the host have this one lock, in a file of
 * its own: a policy is several files, any of which may be replaced or be a symbolic link to
 * another policy's. Whoever reads policies needs no lock.
 *
 * Returns a file descriptor, and closing it gives up the lock, as the end of the process does;
 * -EWOULDBLOCK: another process has kept the lock for all that time; or another -errno.
 */
int policy_lock(const char *dir, unsigned wait_ms);

#endif
