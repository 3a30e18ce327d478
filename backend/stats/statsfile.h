/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statsfile.h: the files in the run directory that hold statistics: their names, who may read them.
 */
#ifndef DMVL_STATSFILE_H
#define DMVL_STATSFILE_H

#include "backend/stats/stats.h"
#include "common/mapfile.h"

#define STATSFILE_GROUP "dmvl"

/* "DIR/NAME.stats". -ENAMETOOLONG, else 0. */
int statsfile_path(char path[MAPFILE_PATH_MAX + 1], const char *run_dir, const char *name);

/* The same of "DIR/NAME.windows", which says how guarantees were kept. */
int statsfile_windows_path(char path[MAPFILE_PATH_MAX + 1], const char *run_dir, const char *name);

/* The group whose members may read it; MAPFILE_NOBODY: there is none. It may take long to find. */
gid_t statsfile_group(void);

/* Maps it for reading. 0 or -errno. */
int statsfile_map(struct mapfile *f, const char *path);

#endif
