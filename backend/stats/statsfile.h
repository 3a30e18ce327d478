/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statsfile.h: the file in the run directory that holds the statistics, mapped into memory. */
#ifndef DMVL_STATSFILE_H
#define DMVL_STATSFILE_H

#include <sys/types.h>

#include "backend/stats/stats.h"

#define STATSFILE_PATH_MAX 255 /* bytes */
#define STATSFILE_GROUP	   "dmvl"

/* Only statsfile.c writes it. */
struct statsfile {
	void *mem; /* NULL: closed */
	struct mapguard *guard;
	size_t bytes;
	dev_t dev;
	ino_t ino;
};

/* "DIR/NAME.stats". -ENAMETOOLONG, else 0. */
int statsfile_path(char path[STATSFILE_PATH_MAX + 1], const char *run_dir, const char *name);

/* The group whose members may read it; (gid_t)-1: there is none. It may take long to find. */
gid_t statsfile_group(void);

/*
 * Puts a file of `bytes` zeros in the place of whatever is at `path`, mapped for writing, with all
 * disk space allocated. The group may read it. 0 or -errno.
 */
int statsfile_make(struct statsfile *f, const char *path, size_t bytes, gid_t group);

/*
 * Is what is written to the mapping in the file at `path`? False when that file was cut, removed or
 * replaced; the mapping can still be used, but only this process sees it.
 */
bool statsfile_is_whole(const struct statsfile *f, const char *path);

/* Maps it for reading. 0 or -errno. */
int statsfile_map(struct statsfile *f, const char *path);

/* No effect on a closed one. The file stays where it is. */
void statsfile_close(struct statsfile *f);

#endif
