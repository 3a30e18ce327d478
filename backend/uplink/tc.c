/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/tc.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A file in memory that has the text, to be read from its beginning; or -errno. */
static int file_of(const char *text)
{
	size_t len = strlen(text);
	int fd = memfd_create("tc-batch", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static int spawn(int in, int err, bool all, pid_t *pid)
{
	const char *const argv[] = {"tc", all ? "-force" : "-batch", all ? "-batch" : "-",
				    all ? "-" : NULL, NULL};
	posix_spawn_file_actions_t actions;
	int ret = posix_spawn_file_actions_init(&actions);

	if (ret)
		return -ret;
	ret = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	if (ret == 0)
		ret = posix_spawnp(pid, "tc", &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

static int run(int in, int err, bool all)
{
	int status, ret;
	pid_t pid;

	ret = spawn(in, err, all, &pid);
	if (ret < 0)
		return ret;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* The first line of what tc said. */
static void first_line(int fd, char why[TC_WHY_MAX])
{
	ssize_t len = pread(fd, why, TC_WHY_MAX - 1, 0);

	why[len > 0 ? len : 0] = '\0';
	why[strcspn(why, "\n")] = '\0';
}

static int batch(const char *commands, bool all, char why[TC_WHY_MAX])
{
	int in = file_of(commands), err = file_of(""), ret = in < 0 ? in : err;

	why[0] = '\0';
	if (in >= 0 && err >= 0) {
		ret = run(in, err, all);
		first_line(err, why);
	}
	if (ret < 0 && !why[0])
		snprintf(why, TC_WHY_MAX, "tc(8) cannot be run: %s", strerror(-ret));
	if (in >= 0)
		close(in);
	if (err >= 0)
		close(err);
	return ret;
}

int tc_batch(const char *commands, char why[TC_WHY_MAX])
{
	return batch(commands, false, why);
}

int tc_try(const char *commands, char why[TC_WHY_MAX])
{
	return batch(commands, true, why);
}
