/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/uplink/tc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"

static int run(int in, int err, bool all)
{
	const char *const argv[] = {"tc", all ? "-force" : "-batch", all ? "-batch" : "-",
				    all ? "-" : NULL, NULL};
	int status, ret = child_run(argv, in, -1, err, &status);

	if (ret < 0)
		return ret;
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
	int in = child_text(commands, strlen(commands)), err = child_text("", 0),
	    ret = in < 0 ? in : err;

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
