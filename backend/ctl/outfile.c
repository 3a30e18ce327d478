/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/ctl/ctl.h"
#include "common/log.h"
#include "common/quote.h"

static int fail(const char *path, int err)
{
	char shown[QUOTE_MAX];

	return ctl_fail(EXIT_FAILED, "cannot write %s: %s", quote_text(shown, path), strerror(err));
}

static int write_all(int to, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(to, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy(int to, int from)
{
	char bytes[65536];
	ssize_t n;
	int ret = 0;

	while (ret == 0 && (n = read(from, bytes, sizeof(bytes))) != 0)
		ret = n < 0 ? -errno : write_all(to, bytes, (size_t)n);
	return ret;
}

/* As open() would have made it: mkostemp() lets nobody else read it. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) < 0 ? -errno : 0;
}

/* Takes fd. A disk that is full may say so only at the end. */
static int fill(int fd, int from)
{
	int ret = copy(fd, from);

	if (ret == 0)
		ret = set_mode(fd);
	if (ret == 0 && fsync(fd) < 0)
		ret = -errno;
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	return ret;
}

static int write_beside(const char *path, char *beside, int from)
{
	int fd = mkostemp(beside, O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = fill(fd, from);
	if (ret == 0 && rename(beside, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(beside);
	return ret;
}

int outfile_write(const char *path, int from)
{
	char shown[QUOTE_MAX], *beside;
	struct stat st;
	int ret;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return ctl_fail(EXIT_FAILED, "%s is no regular file", quote_text(shown, path));
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return ctl_fail(EXIT_FAILED, "out of memory");
	ret = write_beside(path, beside, from);
	free(beside);
	return ret < 0 ? fail(path, -ret) : 0;
}
