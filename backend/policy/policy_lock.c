/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRY_MS 20

static int open_file(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/policy.lock", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

/* Not asleep in flock(): whoever has it may never let go. */
int policy_lock(const char *dir, unsigned wait_ms)
{
	int fd = open_file(dir), ret;

	if (fd < 0)
		return fd;
	for (unsigned waited_ms = 0;; waited_ms += TRY_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		ret = -errno;
		if ((ret != -EWOULDBLOCK && ret != -EINTR) || waited_ms >= wait_ms)
			break;
		poll(NULL, 0, TRY_MS);
	}
	close(fd);
	return ret;
}
