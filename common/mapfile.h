/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapfile.h: a file that is mapped into memory: one process writes it, any may read. */
#ifndef DMVL_MAPFILE_H
#define DMVL_MAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MAPFILE_PATH_MAX 255	     /* bytes */
#define MAPFILE_NOBODY	 ((gid_t)-1) /* no group may read it */

/*
 * All disk space is allocated before a file is mapped for writing: otherwise a full disk would be
 * noticed long after the start. What others do to the file, such as cutting it, does not end the
 * process that has it mapped: see common/mapguard.h. Only mapfile.c writes the struct.
 */
struct mapfile {
	void *mem; /* NULL: closed */
	struct mapguard *guard;
	size_t bytes;
	dev_t dev;
	ino_t ino;
};

/*
 * A file of `bytes` zeros, mapped for writing, that nobody finds until mapfile_publish() puts it in
 * the place of whatever is at `path`. The group may read it. 0, or -errno with *f closed.
 */
int mapfile_make(struct mapfile *f, const char *path, size_t bytes, gid_t group);
int mapfile_publish(struct mapfile *f, const char *path);

/*
 * Maps a file of exactly `bytes` for writing. The group may read it from now on. 0, -EINVAL: it has
 * another size, or -errno.
 */
int mapfile_reopen(struct mapfile *f, const char *path, size_t bytes, gid_t group);

/* Maps a file of at least `least` bytes for reading. 0, -EINVAL: it is shorter, or -errno. */
int mapfile_read(struct mapfile *f, const char *path, size_t least);

/*
 * Is what is written to the mapping in the file at `path`? False when that file was cut, removed or
 * replaced; the mapping can still be used, but only this process sees it.
 */
bool mapfile_is_whole(const struct mapfile *f, const char *path);

/* Was the file cut while it was mapped? Then there are only zeros to read. */
bool mapfile_was_cut(const struct mapfile *f);

/* Is there another file at `path` now? */
bool mapfile_replaced(const struct mapfile *f, const char *path);

/* No effect on a closed one. The file stays where it is. */
void mapfile_close(struct mapfile *f);

#endif
