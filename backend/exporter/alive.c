/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/alive.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "backend/exporter/source.h"

/* Where each lock was found last: a clean-up of /run may delete its file while it is held. */
static struct seen {
	char path[PATH_MAX];
	struct stat st;
} seen[SOURCES_MAX];

/* "1: FLOCK  ADVISORY  WRITE 4242 00:1a:77 0 EOF" */
static bool is_lock_of(const char *line, const struct stat *st)
{
	unsigned int device[2];
	uint64_t inode;

	return sscanf(line, "%*d: FLOCK %*s %*s %*d %x:%x:%" SCNu64, &device[0], &device[1],
		      &inode) == 3 &&
	       device[0] == major(st->st_dev) && device[1] == minor(st->st_dev) &&
	       inode == st->st_ino;
}

/* What the file is, or was before it was deleted. False: nobody knows. */
static bool find_lock(const char *path, struct stat *st)
{
	unsigned i = 0;

	while (i < SOURCES_MAX && seen[i].path[0] && strcmp(seen[i].path, path) != 0)
		i++;
	if (lstat(path, st) == 0) {
		if (i < SOURCES_MAX) {
			snprintf(seen[i].path, sizeof(seen[i].path), "%s", path);
			seen[i].st = *st;
		}
		return true;
	}
	if (i == SOURCES_MAX || !seen[i].path[0])
		return false;
	*st = seen[i].st;
	return true;
}

bool alive_daemon(const char *run_dir, const char *uplink)
{
	char path[PATH_MAX], line[256];
	FILE *locks = fopen("/proc/locks", "re");
	struct stat st;
	bool alive = false;

	if (!locks)
		return true;
	snprintf(path, sizeof(path), "%s/%s.lock", run_dir, uplink);
	if (find_lock(path, &st))
		while (!alive && fgets(line, sizeof(line), locks))
			alive = is_lock_of(line, &st);
	fclose(locks);
	return alive;
}
