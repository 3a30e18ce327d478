/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/ctl/deleted.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the kernel says of a file that has no name any more. */
#define DELETED " (deleted)"

/* Takes `ending` off the text. False: the text does not end so. */
static bool cut(char *text, const char *ending)
{
	size_t len = strlen(text), less = strlen(ending);

	if (len < less || strcmp(text + len - less, ending) != 0)
		return false;
	text[len - less] = '\0';
	return true;
}

/* Is this a descriptor of the deleted lock? */
static bool is_lock(int fds, const char *fd, const char *path, const char *uplink,
		    char dir[PATH_MAX])
{
	char ending[NAME_MAX];
	ssize_t len = readlinkat(fds, fd, dir, PATH_MAX - 1);

	dir[len > 0 ? len : 0] = '\0';
	if (!cut(dir, DELETED) || (path && strcmp(dir, path) != 0))
		return false;
	snprintf(ending, sizeof(ending), "/%s.lock", uplink);
	return cut(dir, ending);
}

static bool holds(unsigned pid, const char *path, const char *uplink, char dir[PATH_MAX])
{
	const struct dirent *e;
	bool found = false;
	char fds[64];
	DIR *d;

	snprintf(fds, sizeof(fds), "/proc/%u/fd", pid);
	d = opendir(fds);
	while (d && !found && (e = readdir(d)))
		found = is_lock(dirfd(d), e->d_name, path, uplink, dir);
	if (d)
		closedir(d);
	return found;
}

unsigned deleted_lock_holder(const char *path, const char *uplink, char dir[PATH_MAX])
{
	unsigned pid, found = 0;
	char line[256];
	FILE *f = fopen("/proc/locks", "re");

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*u: FLOCK %*s %*s %u", &pid) == 1 &&
		    holds(pid, path, uplink, dir))
			found = pid;
	}
	if (f)
		fclose(f);
	return found;
}
