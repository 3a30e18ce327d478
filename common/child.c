/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/child.h"

#include <errno.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int child_text(const char *text, size_t len)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static int spawn(const char *const argv[], const int fd[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int ret = posix_spawn_file_actions_init(&actions);

	if (ret)
		return -ret;
	for (int i = 0; i < 3 && ret == 0; i++)
		if (fd[i] >= 0)
			ret = posix_spawn_file_actions_adddup2(&actions, fd[i], i);
	if (ret == 0)
		ret = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

int child_run(const char *const argv[], int in, int out, int err, int *status)
{
	const int fd[3] = {in, out, err};
	pid_t pid;
	int ret = spawn(argv, fd, &pid);

	while (ret == 0 && waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			ret = -errno;
	return ret;
}
