/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * in-guest DOM CMD..: become a process of that domain. No fork: $! is the command's own pid.
 * guest [-i] [-t SECONDS] NAME COMMAND..: the same for a shell's command, as tests/xen/lib.sh has
 * it.
 */
#include "tool.h"
#include "../guest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
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

static _Noreturn void become(const char *guest, char **argv)
{
	struct sim_dominfo info;
	char *cwd = getcwd(NULL, 0);

	if (toolstack_lookup(guest, &info) < 0 || !info.domid)
		die("%s: no such guest", guest);
	/* The mount namespace last: it hides Dom0's /run. */
	enter(info.guest, "net", CLONE_NEWNET);
	enter(info.guest, "uts", CLONE_NEWUTS);
	enter(info.guest, "mnt", CLONE_NEWNS);
	if (cwd && chdir(cwd))
		die("%s: %s", cwd, strerror(errno));
	free(cwd);
	execvp(argv[0], argv);
	fprintf(stderr, "in-guest: %s: %s\n", argv[0], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}

void in_guest(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: in-guest DOM COMMAND [ARG]...\n");
		exit(2);
	}
	become(argv[1], argv + 2);
}

static char *join(char **words)
{
	size_t size = 1;
	char *text;
	char **w;

	for (w = words; *w; w++)
		size += strlen(*w) + 1;
	text = calloc(1, size);
	if (!text)
		die("out of memory");
	for (w = words; *w; w++)
		strcat(strcat(text, w == words ? "" : " "), *w);
	return text;
}

void guest_shell(int argc, char **argv)
{
	char *sh[] = {"sh", "-c", NULL, NULL};
	unsigned int limit_s = 120;
	bool input = false;
	int opt;

	while ((opt = getopt(argc, argv, "+it:")) != -1) {
		if (opt == 'i')
			input = true;
		else if (opt == 't')
			limit_s = (unsigned int)atoi(optarg);
		else
			exit(2);
	}
	if (argc - optind < 2) {
		fprintf(stderr, "usage: guest [-i] [-t SECONDS] NAME COMMAND...\n");
		exit(2);
	}
	if (!input && !freopen("/dev/null", "r", stdin))
		die("/dev/null: %s", strerror(errno));
	sh[2] = join(argv + optind + 1);
	alarm(limit_s); /* a shell, or what it becomes, dies of it */
	become(argv[optind], sh);
}
