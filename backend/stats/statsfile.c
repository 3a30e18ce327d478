/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/statsfile.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>

static int make_path(char path[MAPFILE_PATH_MAX + 1], const char *run_dir, const char *name,
		     const char *ending)
{
	int len = snprintf(path, MAPFILE_PATH_MAX + 1, "%s/%s.%s", run_dir, name, ending);

	return len > MAPFILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

int statsfile_path(char path[MAPFILE_PATH_MAX + 1], const char *run_dir, const char *name)
{
	return make_path(path, run_dir, name, "stats");
}

int statsfile_windows_path(char path[MAPFILE_PATH_MAX + 1], const char *run_dir, const char *name)
{
	return make_path(path, run_dir, name, "windows");
}

gid_t statsfile_group(void)
{
	const struct group *group = getgrnam(STATSFILE_GROUP);

	return group ? group->gr_gid : MAPFILE_NOBODY;
}

int statsfile_map(struct mapfile *f, const char *path)
{
	return mapfile_read(f, path, sizeof(struct stats_header));
}
