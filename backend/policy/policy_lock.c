/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/policy/policy_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/lockwait.h"

static int open_file(const char *dir)
{
	char path[PATH_MAX];
	int fd;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/policy.lock", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	return fd < 0 ? -errno : fd;
}

int policy_lock(const char *dir, unsigned wait_ms)
{
	int fd = open_file(dir), ret;

	if (fd < 0)
		return fd;
	ret = lock_wait(fd, wait_ms);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
