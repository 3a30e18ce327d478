/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a guest: those in its UTS namespace, which nothing else enters or leaves. */
#include "broker.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool process_of(const struct guest *g, pid_t pid)
{
	char path[40];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/uts", pid);
	return g->uts && !stat(path, &st) && st.st_ino == g->uts;
}

static unsigned int each(struct guest *g, int sig)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	unsigned int n = 0;

	while (dir && (e = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)e->d_name[0]) ? (pid_t)atoi(e->d_name) : 0;

		if (pid > 1 && pid != g->kernel && process_of(g, pid) && !kill(pid, sig))
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

void guest_signal(struct guest *g, int sig)
{
	each(g, sig);
}

void guest_kill(struct guest *g)
{
	unsigned int tries;

	/* Stopped first, so that none forks away from the second pass. */
	each(g, SIGSTOP);
	for (tries = 0; tries < 100 && each(g, SIGKILL); tries++)
		;
	if (g->kernel > 0)
		kill(g->kernel, SIGKILL);
}
