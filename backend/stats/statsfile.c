/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/stats/statsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mapguard.h"

int statsfile_path(char path[STATSFILE_PATH_MAX + 1], const char *run_dir, const char *name)
{
	int len = snprintf(path, STATSFILE_PATH_MAX + 1, "%s/%s.stats", run_dir, name);

	return len > STATSFILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int map(struct statsfile *f, int fd, size_t bytes, int prot)
{
	struct stat st;
	void *mem;

	if (fstat(fd, &st) < 0)
		return -errno;
	mem = mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	*f = (struct statsfile){mem, mapguard_new(mem, bytes), bytes, st.st_dev, st.st_ino};
	if (f->guard)
		return 0;
	statsfile_close(f);
	return -ENOMEM;
}

/* Without the group, or the privilege to give it a file, only root reads it. */
static void let_group_read(int fd, gid_t group)
{
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) == 0)
		fchmod(fd, 0640);
}

static int fill(struct statsfile *f, int fd, size_t bytes, gid_t group)
{
	int ret = -posix_fallocate(fd, 0, (off_t)bytes);

	let_group_read(fd, group);
	return ret ? ret : map(f, fd, bytes, PROT_READ | PROT_WRITE);
}

gid_t statsfile_group(void)
{
	const struct group *group = getgrnam(STATSFILE_GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

int statsfile_make(struct statsfile *f, const char *path, size_t bytes, gid_t group)
{
	char fresh[STATSFILE_PATH_MAX + 8];
	int fd, ret;

	*f = (struct statsfile){0};
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = fill(f, fd, bytes, group);
	close(fd);
	if (ret == 0 && rename(fresh, path) < 0) {
		ret = -errno;
		statsfile_close(f);
	}
	if (ret < 0)
		unlink(fresh);
	return ret;
}

bool statsfile_is_whole(const struct statsfile *f, const char *path)
{
	struct stat st;

	return f->mem && !mapguard_hit(f->guard) && lstat(path, &st) == 0 && st.st_dev == f->dev &&
	       st.st_ino == f->ino && (size_t)st.st_size == f->bytes;
}

int statsfile_map(struct statsfile *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), ret;
	struct stat st;

	*f = (struct statsfile){0};
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct stats_header))
		ret = -EINVAL;
	else
		ret = map(f, fd, (size_t)st.st_size, PROT_READ);
	close(fd);
	return ret;
}

void statsfile_close(struct statsfile *f)
{
	mapguard_free(f->guard);
	if (f->mem)
		munmap(f->mem, f->bytes);
	*f = (struct statsfile){0};
}
