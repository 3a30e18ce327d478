/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/fake/scratch.h"

#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/must.h"

#define OPEN_MAX_DIRS 8

static char dir[SCRATCH_PATH_MAX] = "/tmp/dmvl-test-XXXXXX";
static pid_t owner; /* a child that a test forks removes nothing; 0: there is no directory yet */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	if (getpid() == owner)
		nftw(dir, remove_one, OPEN_MAX_DIRS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* nftw() may not be called here by the book. The worst is that a test that failed hangs. */
static void on_signal(int sig)
{
	clean_up();
	raise(sig); /* this time it ends the program */
}

const char *scratch_dir(void)
{
	static const int ends[] = {SIGABRT, SIGTERM, SIGINT, SIGHUP};

	if (owner)
		return dir;
	must(mkdtemp(dir));
	owner = getpid();
	must(atexit(clean_up) == 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

		must(sigaction(ends[i], &sa, NULL) == 0);
	}
	return dir;
}
