/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in-guest DOM CMD..: become a process of that domain. No fork: $! is the command's own pid. */
#include "tool.h"
#include "../guest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void enter(unsigned int nr, const char *ns, int type)
{
	char path[64];
	int pid = 0, fd;
	FILE *f;

	snprintf(path, sizeof(path), SIM_GUEST_DIR "/%u/xensim/pid", nr);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &pid) != 1)
		die("%s: no such guest", path);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, type))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

void in_guest(int argc, char **argv)
{
	struct sim_dominfo info;
	char *cwd = getcwd(NULL, 0);

	if (argc < 3) {
		fprintf(stderr, "usage: in-guest DOM COMMAND [ARG]...\n");
		exit(2);
	}
	if (toolstack_lookup(argv[1], &info) < 0 || !info.domid)
		die("%s: no such guest", argv[1]);
	/* The mount namespace last: it hides Dom0's /run. */
	enter(info.guest, "net", CLONE_NEWNET);
	enter(info.guest, "uts", CLONE_NEWUTS);
	enter(info.guest, "mnt", CLONE_NEWNS);
	if (cwd && chdir(cwd))
		die("%s: %s", cwd, strerror(errno));
	free(cwd);
	execvp(argv[2], argv + 2);
	fprintf(stderr, "in-guest: %s: %s\n", argv[2], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}
