/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/lockwait.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/file.h>

#define TRY_MS 20

/* Not asleep in flock(): whoever has it may never let go. */
int lock_wait(int fd, unsigned wait_ms)
{
	for (unsigned waited_ms = 0;; waited_ms += TRY_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if ((errno != EWOULDBLOCK && errno != EINTR) || waited_ms >= wait_ms)
			return -errno;
		poll(NULL, 0, TRY_MS);
	}
}
