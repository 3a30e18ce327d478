/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/exporter/alive.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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

bool alive_daemon(const char *run_dir, const char *uplink)
{
	char path[PATH_MAX], line[256];
	FILE *locks = fopen("/proc/locks", "re");
	struct stat st;
	bool alive = false;

	if (!locks)
		return true;
	snprintf(path, sizeof(path), "%s/%s.lock", run_dir, uplink);
	if (lstat(path, &st) == 0)
		while (!alive && fgets(line, sizeof(line), locks))
			alive = is_lock_of(line, &st);
	fclose(locks);
	return alive;
}
