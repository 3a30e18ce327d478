/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/mapfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mapguard.h"

#define FRESH_MAX (MAPFILE_PATH_MAX + 8)

static void fresh_path(char fresh[FRESH_MAX], const char *path)
{
	snprintf(fresh, FRESH_MAX, "%s.new", path);
}

static int map(struct mapfile *f, int fd, int prot, int flags)
{
	struct stat st;
	void *mem;

	if (fstat(fd, &st) < 0)
		return -errno;
	mem = mmap(NULL, (size_t)st.st_size, prot, MAP_SHARED | flags, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	*f = (struct mapfile){mem, NULL, (size_t)st.st_size, st.st_dev, st.st_ino};
	f->guard = mapguard_new(mem, f->bytes);
	if (f->guard)
		return 0;
	mapfile_close(f);
	return -ENOMEM;
}

/* It may have holes. */
static int map_for_writing(struct mapfile *f, int fd, size_t bytes)
{
	int ret = -posix_fallocate(fd, 0, (off_t)bytes);

	return ret ? ret : map(f, fd, PROT_READ | PROT_WRITE, MAP_POPULATE);
}

/* Without the group, or the privilege to give it a file, only root reads it. */
static void let_group_read(int fd, gid_t group)
{
	if (group != MAPFILE_NOBODY && fchown(fd, (uid_t)-1, group) == 0)
		fchmod(fd, 0640);
}

int mapfile_make(struct mapfile *f, const char *path, size_t bytes, gid_t group)
{
	char fresh[FRESH_MAX];
	int fd, ret;

	*f = (struct mapfile){0};
	fresh_path(fresh, path);
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	let_group_read(fd, group);
	ret = map_for_writing(f, fd, bytes);
	close(fd);
	if (ret < 0)
		unlink(fresh);
	return ret;
}

int mapfile_publish(struct mapfile *f, const char *path)
{
	char fresh[FRESH_MAX];
	int ret;

	fresh_path(fresh, path);
	if (rename(fresh, path) == 0)
		return 0;
	ret = -errno;
	mapfile_close(f);
	unlink(fresh);
	return ret;
}

/* A descriptor of a plain file of least..most bytes, or -errno. */
static int open_plain(const char *path, int flags, size_t least, size_t most)
{
	int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), ret = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode) || (size_t)st.st_size < least || (size_t)st.st_size > most)
		ret = -EINVAL;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}

/* Maps what is there: to read, or to write in it. */
static int map_old(struct mapfile *f, const char *path, size_t least, size_t most, bool writes,
		   gid_t group)
{
	int fd = open_plain(path, writes ? O_RDWR : O_RDONLY, least, most), ret;

	*f = (struct mapfile){0};
	if (fd < 0)
		return fd;
	let_group_read(fd, group);
	ret = writes ? map_for_writing(f, fd, least) : map(f, fd, PROT_READ, 0);
	close(fd);
	return ret;
}

int mapfile_reopen(struct mapfile *f, const char *path, size_t bytes, gid_t group)
{
	return map_old(f, path, bytes, bytes, true, group);
}

int mapfile_read(struct mapfile *f, const char *path, size_t least)
{
	return map_old(f, path, least, SIZE_MAX, false, MAPFILE_NOBODY);
}

bool mapfile_was_cut(const struct mapfile *f)
{
	return mapguard_hit(f->guard);
}

bool mapfile_replaced(const struct mapfile *f, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_dev != f->dev || st.st_ino != f->ino);
}

bool mapfile_is_whole(const struct mapfile *f, const char *path)
{
	struct stat st;

	return f->mem && !mapfile_was_cut(f) && lstat(path, &st) == 0 && st.st_dev == f->dev &&
	       st.st_ino == f->ino && (size_t)st.st_size == f->bytes;
}

void mapfile_close(struct mapfile *f)
{
	mapguard_free(f->guard);
	if (f->mem)
		munmap(f->mem, f->bytes);
	*f = (struct mapfile){0};
}
